package sim_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/sim"
	"muster/sim/random"
)

// TestVisitsShowWhatWas visits moments of a run in any order and compares them with a run that nobody looked at.
func TestVisitsShowWhatWas(t *testing.T) {
	s := stories[0]
	past := newLab(t, sim.Options{Seed: 5})
	s.boot(past)
	line, err := sim.NewTimeline(past.World, 6, s.steps...)
	require.NoError(t, err)
	defer line.Close()

	draw := random.New(5).Stream("moments")
	moments := []time.Duration{0, 3 * time.Second, 5 * time.Second, s.until}
	for range 10 {
		moments = append(moments, time.Duration(draw.Int64N(int64(s.until))))
	}
	draw.Shuffle(len(moments), func(i, j int) { moments[i], moments[j] = moments[j], moments[i] })
	for _, at := range moments {
		original := newLab(t, sim.Options{Seed: 5})
		s.boot(original)
		s.tell(t, original.World, at)
		w, err := line.Visit(at)
		require.NoError(t, err)
		require.Equal(t, at, w.Now())
		require.Equal(t, original.TraceHash(), w.TraceHash(), "at %v, from one of %v", at, line.Snapshots())
		require.NoError(t, line.Run(w, at+time.Second))
		s.tell(t, original.World, at+time.Second)
		require.Equal(t, original.TraceHash(), w.TraceHash(), "a second after %v", at)
		require.NoError(t, w.Close())
		require.NoError(t, original.Close())
	}
	require.Equal(t, []time.Duration{0, 4 * time.Second, 8 * time.Second, 12 * time.Second}, line.Snapshots())
}

func TestTimelineRefuses(t *testing.T) {
	l := newLab(t, sim.Options{Seed: 1})
	l.boot("n1", load(t, "probe"), "tick")
	l.run(time.Second)
	nothing := func(*sim.World) error { return nil }
	_, err := sim.NewTimeline(l.World, 1)
	require.ErrorContains(t, err, "want 2 or more")
	_, err = sim.NewTimeline(l.World, 2, sim.Step{At: 2 * time.Second, Do: nothing}, sim.Step{At: time.Millisecond, Do: nothing})
	require.ErrorContains(t, err, "at 1ms, but the world is at 1s")

	broken := errors.New("broken")
	line, err := sim.NewTimeline(l.World, 2, sim.Step{At: 3 * time.Second, Do: func(*sim.World) error { return broken }})
	require.NoError(t, err)
	_, err = line.Visit(time.Millisecond)
	require.ErrorContains(t, err, "begins at 1s")
	w, err := line.Visit(3 * time.Second)
	require.NoError(t, err, "steps are done when their moment is over")
	defer w.Close()
	require.ErrorIs(t, line.Run(w, 4*time.Second), broken)
	_, err = line.Visit(4 * time.Second)
	require.ErrorIs(t, err, broken)
	line.Close()
	_, err = line.Visit(time.Second)
	require.ErrorContains(t, err, "closed")
}
