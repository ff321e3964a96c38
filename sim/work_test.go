package sim_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/sim"
	"muster/sim/machine"
	"muster/sim/trace"
)

// TestSpinningProgram: one that neither waits nor ends is ended and named, at the same place in each run, and the others live on.
func TestSpinningProgram(t *testing.T) {
	for how, where := range map[string]string{
		"loop":  "; it was in main.endless",
		"calls": "main.endless",
		"yield": "",
		"poll":  "main.endless",
		"clock": "main.endless",
		"two":   "",
		"print": "fmt.Fprint",
	} {
		t.Run(how, func(t *testing.T) {
			run := func() (uint64, string) {
				l := newLab(t, sim.Options{Seed: 1})
				probe := load(t, "probe")
				probe.WorkLimit = 2_000_000
				spinning := l.boot("spinning", probe, "endless", how)
				other := l.boot("other", probe, "tick")
				l.run(time.Second)
				require.Equal(t, sim.Exited, spinning.Status())
				require.Equal(t, machine.SpinCode, spinning.Exit().Code)
				require.Equal(t, 100*time.Millisecond, spinning.Exit().At)
				require.Contains(t, spinning.Exit().Reason, "it spins: it did 200")
				require.Contains(t, spinning.Exit().Reason, where)
				require.Equal(t, "and off\n", l.said("spinning"))
				require.Equal(t, sim.Running, other.Status())
				require.Len(t, other.LastWords(), 10)
				return l.TraceHash(), spinning.Exit().Reason
			}
			first, reason := run()
			second, again := run()
			require.Equal(t, first, second)
			require.Equal(t, reason, again)
		})
	}
}

func TestSlowProcessor(t *testing.T) {
	l := newTracedLab(t)
	probe := load(t, "probe")
	m := l.boot("n1", probe, "work")
	server := l.boot("server", probe, "serve")
	client := l.boot("client", probe, "ask", "http://server/hello/client")
	l.run(950 * time.Millisecond)
	require.Equal(t, "900ms", last(m), "work takes no time")
	quick, err := time.ParseDuration(last(client))
	require.NoError(t, err)
	require.Less(t, quick, 2*time.Millisecond)

	require.NoError(t, m.SetSlowdown(100))
	require.NoError(t, server.SetSlowdown(1000))
	l.run(10 * time.Second)
	words := m.LastWords()
	before, _ := time.ParseDuration(words[len(words)-2])
	after, _ := time.ParseDuration(words[len(words)-1])
	require.Greater(t, after-before, 200*time.Millisecond)
	require.Less(t, after-before, 800*time.Millisecond)
	slow, err := time.ParseDuration(last(client))
	require.NoError(t, err)
	require.Greater(t, slow, 20*quick, "answers come late")

	require.NoError(t, m.Kill())
	require.NoError(t, m.Restart())
	l.run(2 * time.Second)
	require.Less(t, len(m.LastWords()), 10, "the processor is as slow for the next program")
	require.NoError(t, m.SetSlowdown(0))
	l.run(5 * time.Second)
	require.Greater(t, len(m.LastWords()), 45)
	require.ErrorContains(t, m.SetSlowdown(-1), "want 0")
	require.Equal(t, []string{
		"has a processor that is slower than a real one by a factor of 100",
		"has a processor that is slower than a real one by a factor of 1000",
		"has a processor that takes no time",
	}, l.faults(trace.Slowdown))
}
