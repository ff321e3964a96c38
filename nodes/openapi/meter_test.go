package openapi

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestOneSlowAnswerIsNotShownForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, kind := newMeter(), answered{"GET", "/x", 200}
		shown := func() time.Duration {
			d := m.answers[kind]
			return d.longest.of(time.Since(m.began))
		}
		m.note(kind, time.Second)
		m.note(kind, 3*time.Second)
		m.note(kind, time.Second)
		time.Sleep(3*peakTurn - time.Nanosecond)
		require.Equal(t, 3*time.Second, shown())
		m.note(kind, 2*time.Second)
		time.Sleep(time.Nanosecond)
		require.Equal(t, 2*time.Second, shown())
		time.Sleep(10 * peakTurn)
		require.Zero(t, shown())
		require.Equal(t, uint64(4), m.answers[kind].count)
		require.Equal(t, 7*time.Second, m.answers[kind].sum)
	})
}
