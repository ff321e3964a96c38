package sim_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/sim"
)

// lastClock returns what the clock probe said last: its wall clock, and what its monotonic clock has counted.
func lastClock(t *testing.T, m *sim.Machine) (wall string, counted time.Duration) {
	words := m.LastWords()
	var text string
	_, err := fmt.Sscan(words[len(words)-1], &wall, &text)
	require.NoError(t, err)
	counted, err = time.ParseDuration(text)
	require.NoError(t, err)
	return wall, counted
}

func TestClocks(t *testing.T) {
	l := newLab(t, sim.Options{Seed: 1})
	m := l.boot("n1", load(t, "probe"), "clock")
	l.run(1500 * time.Millisecond)
	wall, counted := lastClock(t, m)
	require.Equal(t, "00:00:01.000000", wall)
	require.Equal(t, time.Second, counted)

	m.Clock().Offset(time.Hour)
	l.run(time.Second)
	wall, counted = lastClock(t, m)
	require.Equal(t, "01:00:02.000000", wall)
	require.Equal(t, 2*time.Second, counted, "the monotonic clock does not jump")
	require.Equal(t, time.Hour, m.Clock().Skew())

	m.Clock().Jump(-2 * time.Hour)
	l.run(time.Second)
	wall, _ = lastClock(t, m)
	require.Equal(t, "23:00:03.000000", wall, "of the day before")

	m.Clock().Reset()
	require.NoError(t, m.Clock().Drift(100_000)) // a tenth too fast, from 3.5 s on
	l.run(10 * time.Second)
	_, counted = lastClock(t, m)
	require.Equal(t, 14*time.Second, counted, "eleven ticks in ten seconds")
	require.Equal(t, time.Second, m.Clock().Skew())

	require.NoError(t, m.Clock().Drift(-1e6))
	printed := len(l.lines)
	l.run(time.Minute)
	require.Len(t, l.lines, printed, "a clock that stands still wakes nobody")
	m.Clock().Reset()
	l.run(time.Second)
	require.Len(t, l.lines, printed+1)

	require.ErrorContains(t, m.Clock().Drift(2e6), "n1")
	require.Zero(t, m.Clock().Skew())
	require.Equal(t, l.WallTime(), m.Clock().Wall())
}

func TestWallClockAlone(t *testing.T) {
	l := newLab(t, sim.Options{Seed: 1})
	m := l.boot("n1", load(t, "probe"), "clock")
	l.run(1500 * time.Millisecond)
	m.Clock().Freeze()
	l.run(2 * time.Second)
	wall, counted := lastClock(t, m)
	require.Equal(t, "00:00:01.500000", wall)
	require.Equal(t, 3*time.Second, counted, "timers go on")
	m.Clock().Unfreeze()
	l.run(time.Second)
	wall, _ = lastClock(t, m)
	require.Equal(t, "00:00:02.000000", wall)
	m.Clock().Reset()

	require.NoError(t, m.Clock().Strobe(time.Hour, time.Second)) // at 4.5 s
	l.run(time.Second)
	wall, _ = lastClock(t, m)
	require.Equal(t, "01:00:05.000000", wall)
	l.run(time.Second)
	wall, _ = lastClock(t, m)
	require.Equal(t, "00:00:06.000000", wall)
	l.run(time.Second)
	wall, counted = lastClock(t, m)
	require.Equal(t, "01:00:07.000000", wall)
	require.Equal(t, 7*time.Second, counted)
	require.ErrorContains(t, m.Clock().Strobe(time.Hour, 0), "want an interval")
	require.NoError(t, m.Clock().Strobe(0, 0))
	require.Zero(t, m.Clock().Skew())
}

func TestPause(t *testing.T) {
	l := newLab(t, sim.Options{Seed: 1})
	server := l.boot("server", load(t, "echo"), "-listen", ":7")
	client := l.boot("client", load(t, "echo"), "-dial", "server:7", "-count", "100")
	clock := l.boot("clock", load(t, "probe"), "clock")
	l.run(2500 * time.Millisecond)
	require.NoError(t, server.Pause())
	require.NoError(t, clock.Pause())
	require.ErrorContains(t, server.Pause(), "already")
	require.Equal(t, sim.Paused, server.Status())
	before := answers(l)
	words := len(clock.LastWords())
	l.run(10 * time.Second)
	require.Equal(t, before, answers(l))
	require.Len(t, clock.LastWords(), words)
	require.Zero(t, l.Counters(client, server).Unheard, "its kernel takes what comes")

	require.NoError(t, server.Resume())
	require.NoError(t, clock.Resume())
	require.ErrorContains(t, clock.Resume(), "not paused")
	l.run(10 * time.Millisecond)
	require.Equal(t, before+1, answers(l))
	wall, counted := lastClock(t, clock)
	require.Equal(t, "00:00:12.500000", wall, "its timer fired late")
	require.Equal(t, 12500*time.Millisecond, counted)
}

func TestRebootKeepsTheWallClock(t *testing.T) {
	l := newLab(t, sim.Options{Seed: 1})
	m := l.boot("n1", load(t, "probe"), "clock")
	m.Clock().Offset(time.Minute)
	l.run(5 * time.Second)
	require.NoError(t, m.Crash())
	l.run(5 * time.Second)
	require.NoError(t, m.Restart())
	l.run(1500 * time.Millisecond)
	wall, _ := lastClock(t, m)
	require.Equal(t, "00:01:11.000000", wall)
}
