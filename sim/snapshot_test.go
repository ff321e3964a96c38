package sim_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/sim"
	"muster/sim/random"
	"muster/sim/trace"
)

// story is a world and what happens to it.
type story struct {
	name  string
	boot  func(l *lab)
	until time.Duration
	steps []sim.Step
}

func to(machine string, do func(m *sim.Machine) error) func(w *sim.World) error {
	return func(w *sim.World) error { return do(w.Machine(machine)) }
}

// tell goes on with the story until a time, and what is due then.
func (s story) tell(t testing.TB, w *sim.World, until time.Duration) {
	for _, step := range s.steps {
		if step.At >= w.Now() && step.At < until {
			require.NoError(t, w.Run(step.At-w.Now()))
			require.NoError(t, step.Do(w))
		}
	}
	require.NoError(t, w.Run(until-w.Now()))
}

var stories = []story{
	{"raft under load with faults", func(l *lab) { bootRaft(l, "20ms") }, 12 * time.Second, []sim.Step{
		{3 * time.Second, func(w *sim.World) error { w.Isolate(w.Machine("n1")); return nil }},
		{5 * time.Second, to("n2", (*sim.Machine).Crash)},
		{6 * time.Second, func(w *sim.World) error { w.Heal(); return nil }},
		{7 * time.Second, to("n3", (*sim.Machine).Pause)},
		{7500 * time.Millisecond, to("n2", func(m *sim.Machine) error { return m.Restart() })},
		{9 * time.Second, to("n3", (*sim.Machine).Resume)},
		{9500 * time.Millisecond, to("n1", func(m *sim.Machine) error { return m.Clock().Drift(300) })},
		{10 * time.Second, to("n1", (*sim.Machine).Kill)},
	}},
	{"net/http", func(l *lab) {
		l.boot("server", load(l.t, "probe"), "serve")
		for i := range 3 {
			l.boot(fmt.Sprint("client-", i), load(l.t, "probe"), "fetch")
		}
	}, 400 * time.Millisecond, nil},
	{"full buffers", func(l *lab) {
		l.boot("server", load(l.t, "probe"), "slow")
		l.boot("client", load(l.t, "probe"), "trunk")
	}, 1500 * time.Millisecond, nil},
	{"files and a signal", func(l *lab) {
		l.boot("files", load(l.t, "probe"), "unsaved")
		l.boot("signal", load(l.t, "probe"), "signal")
		l.boot("echo", load(l.t, "echo"), "-listen", ":7")
		l.boot("dial", load(l.t, "echo"), "-dial", "echo:7")
	}, 3 * time.Second, []sim.Step{
		{time.Second, to("signal", (*sim.Machine).Terminate)},
		{2 * time.Second, to("files", (*sim.Machine).Crash)},
		{2500 * time.Millisecond, to("files", func(m *sim.Machine) error { return m.Restart() })},
	}},
}

// TestForksGoOnExactly forks every story at random points, and forks the forks.
func TestForksGoOnExactly(t *testing.T) {
	for _, s := range stories {
		t.Run(s.name, func(t *testing.T) {
			for seed := range uint64(4) {
				whole := newLab(t, sim.Options{Seed: seed})
				s.boot(whole)
				s.tell(t, whole.World, s.until)

				parted := newLab(t, sim.Options{Seed: seed})
				s.boot(parted)
				points := random.New(seed).Stream(s.name)
				for parts := range 3 {
					at := parted.Now() + time.Duration(points.Int64N(int64(s.until-parted.Now())))
					if parts == 0 && seed == 0 {
						at = 0 // before anything runs
					}
					s.tell(t, parted.World, at)
					past, err := parted.Snapshot()
					require.NoError(t, err)
					require.Equal(t, at, past.Now())
					if (uint64(parts)+seed)%2 == 1 {
						past = keep(t, past)
					}
					fork, err := past.Fork(seed)
					require.NoError(t, err)
					past.Close()
					require.Equal(t, parted.TraceHash(), fork.TraceHash())
					s.tell(t, fork, s.until)
					require.Equal(t, whole.TraceRecords(), fork.TraceRecords(), "seed %d forked at %v", seed, at)
					require.Equal(t, whole.TraceHash(), fork.TraceHash(), "seed %d forked at %v", seed, at)
					for i, m := range fork.Machines() {
						require.Equal(t, whole.Machines()[i].LastWords(), m.LastWords())
						require.Equal(t, whole.Machines()[i].Status(), m.Status())
						require.Equal(t, whole.Machines()[i].MemorySize(), m.MemorySize())
					}
					require.NoError(t, fork.Close())
				}
				s.tell(t, parted.World, s.until)
				require.Equal(t, whole.TraceHash(), parted.TraceHash(), "who is looked at goes on as if nothing had been")
			}
		})
	}
}

// warmRaft is a snapshot of three raft members under load.
func warmRaft(t testing.TB, seed uint64, every string) *sim.Snapshot {
	l := newLab(t, sim.Options{Seed: seed})
	bootRaft(l, every)
	l.run(10 * time.Second)
	past, err := l.Snapshot()
	require.NoError(t, err)
	require.NoError(t, l.Close(), "a snapshot outlives its world")
	t.Cleanup(past.Close)
	return past
}

func fork(t testing.TB, past *sim.Snapshot, seed uint64) *sim.World {
	w, err := past.Fork(seed)
	require.NoError(t, err)
	return w
}

func TestForksSideBySide(t *testing.T) {
	past := warmRaft(t, 1, "20ms")
	seeds := []uint64{1, 1, 2, 2, 3}
	hashes := make([]uint64, len(seeds))
	var forks sync.WaitGroup
	for i, seed := range seeds {
		forks.Go(func() {
			w, err := past.Fork(seed)
			if err == nil {
				err = w.Run(2 * time.Second)
				_ = w.Machine("n1").Crash()
				err = errors.Join(err, w.Run(2*time.Second), w.Machine("n1").Restart(), w.Run(2*time.Second))
				hashes[i] = w.TraceHash()
				err = errors.Join(err, w.Close())
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	forks.Wait()
	require.Equal(t, hashes[0], hashes[1])
	require.Equal(t, hashes[2], hashes[3])
	require.NotEqual(t, hashes[0], hashes[2])
	require.NotEqual(t, hashes[0], hashes[4])
	require.NotEqual(t, hashes[2], hashes[4])
}

func TestForksOfForks(t *testing.T) {
	past := warmRaft(t, 1, "20ms")
	other := fork(t, past, 2)
	require.NoError(t, other.Run(time.Second))
	require.EqualValues(t, 2, other.Seed())
	later, err := other.Snapshot()
	require.NoError(t, err)
	defer later.Close()
	past.Close()
	again := fork(t, later, 2)
	for _, w := range []*sim.World{other, again} {
		require.NoError(t, w.Run(3*time.Second))
	}
	require.Equal(t, other.TraceHash(), again.TraceHash())
	require.NoError(t, other.Close())
	require.NoError(t, again.Run(time.Second))
	require.NoError(t, again.Close())
}

func TestForksDrawOtherNumbers(t *testing.T) {
	l := newLab(t, sim.Options{Seed: 1})
	l.boot("n1", load(t, "probe"), "draw")
	l.boot("n2", load(t, "probe"), "draw")
	l.run(time.Second)
	past, err := l.Snapshot()
	require.NoError(t, err)
	defer past.Close()
	l.run(time.Second)
	drawn := map[string]bool{}
	for _, seed := range []uint64{1, 2, 3} {
		w := fork(t, past, seed)
		require.NoError(t, w.Run(time.Second))
		for _, m := range w.Machines() {
			words := m.LastWords()
			require.Len(t, words, 20)
			original := l.Machine(m.Name()).LastWords()
			require.Equal(t, original[:10], words[:10])
			if seed == 1 {
				require.Equal(t, original, words)
			}
			for _, line := range words[10:] {
				for number := range strings.FieldsSeq(line) {
					require.False(t, drawn[number], "%s has been drawn before", number)
					drawn[number] = true
				}
			}
		}
		require.NoError(t, w.Close())
	}
}

func TestForksTellWhomTheyAreToldTo(t *testing.T) {
	l := newLab(t, sim.Options{Seed: 1})
	l.boot("n1", load(t, "probe"), "tick")
	l.run(time.Second)
	before := len(l.lines)
	past, err := l.Snapshot()
	require.NoError(t, err)
	defer past.Close()
	w := fork(t, past, 1)
	defer w.Close()
	require.NoError(t, w.Run(time.Second))
	require.Len(t, l.lines, before, "the original's Output is not the fork's")

	var lines []sim.Line
	var out bytes.Buffer
	w.SetOutput(func(line sim.Line) { lines = append(lines, line) })
	first := w.TraceRecords()
	require.NoError(t, w.SetTrace(trace.NewWriter(&out, trace.Full, w.Seed())))
	require.NoError(t, w.Run(time.Second))
	require.NoError(t, w.SetTrace(nil))
	require.Len(t, lines, 10)
	reader, err := trace.NewReader(&out)
	require.NoError(t, err)
	index, _, err := reader.Next()
	require.NoError(t, err)
	require.Equal(t, first, index)
}

func TestSnapshotRefuses(t *testing.T) {
	var w *sim.World
	var inside error
	w, err := sim.New(sim.Options{Output: func(sim.Line) { _, inside = w.Snapshot() }})
	require.NoError(t, err)
	_, err = w.Boot("n1", load(t, "probe"), "tick")
	require.NoError(t, err)
	require.NoError(t, w.Run(time.Second))
	require.ErrorContains(t, inside, "between two calls of Run")
	past, err := w.Snapshot()
	require.NoError(t, err)
	past.Close()
	past.Close()
	_, err = past.Fork(1)
	require.ErrorContains(t, err, "closed")
	require.NoError(t, w.Close())
	_, err = w.Snapshot()
	require.ErrorContains(t, err, "closed")
}
