package sim_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/sim"
	"muster/sim/guest"
)

// programs are the guests in testdata that have been built.
var programs struct {
	sync.Mutex
	loaded map[string]sim.Program
}

// load builds a guest in testdata, once.
func load(t testing.TB, name string) sim.Program {
	t.Helper()
	programs.Lock()
	defer programs.Unlock()
	if p, ok := programs.loaded[name]; ok {
		return p
	}
	built, err := guest.Build(context.Background(), guest.Options{Package: "./testdata/" + name, Cache: "../build/guests"})
	require.NoError(t, err)
	p, err := sim.Load(context.Background(), built)
	require.NoError(t, err)
	if programs.loaded == nil {
		programs.loaded = map[string]sim.Program{}
	}
	programs.loaded[name] = p
	return p
}

// lab is a world whose output is kept.
type lab struct {
	*sim.World
	t     testing.TB
	lines []sim.Line
}

func newLab(t testing.TB, o sim.Options) *lab {
	l := &lab{t: t}
	o.Output = func(line sim.Line) { l.lines = append(l.lines, line) }
	w, err := sim.New(o)
	require.NoError(t, err)
	l.World = w
	t.Cleanup(func() { require.NoError(t, w.Close()) })
	return l
}

func (l *lab) boot(name string, p sim.Program, args ...string) *sim.Machine {
	m, err := l.Boot(name, p, args...)
	require.NoError(l.t, err)
	return m
}

func (l *lab) run(d time.Duration) { require.NoError(l.t, l.Run(d)) }

// said returns what a machine printed, one line each.
func (l *lab) said(machine string) string {
	var b strings.Builder
	for _, line := range l.lines {
		if line.Machine == machine {
			fmt.Fprintln(&b, line.Text)
		}
	}
	return b.String()
}

func TestEcho(t *testing.T) {
	l := newLab(t, sim.Options{Seed: 1})
	echo := load(t, "echo")
	server := l.boot("server", echo, "-listen", ":7")
	client := l.boot("client", echo, "-dial", "server:7")
	l.run(5 * time.Second)

	require.Equal(t, sim.Running, server.Status())
	require.Equal(t, sim.Exited, client.Status())
	require.Equal(t, 3, client.Exit().Code)
	require.Equal(t, []string{
		"listening at 0.0.0.0:7",
		"accepted 10.0.0.2:32768 at 10.0.0.1:7",
		"echoed 33 bytes <nil>",
	}, server.LastWords())
	said := client.LastWords()
	require.Len(t, said, 6)
	require.Equal(t, "connected 10.0.0.2:32768 to 10.0.0.1:7", said[0])
	for i, answer := range said[1:4] {
		var question int
		var took string
		_, err := fmt.Sscanf(answer, "question %d took %s", &question, &took)
		require.NoError(t, err, answer)
		require.Equal(t, i, question)
		d, err := time.ParseDuration(took)
		require.NoError(t, err)
		require.True(t, 400*time.Microsecond <= d && d < 20*time.Millisecond, "there and back over a LAN, but no time to work: %v", d)
	}
	require.Equal(t, []string{"rest 0 <nil>", "datagram <nil>"}, said[4:])

	require.Equal(t, "server", l.lines[0].Machine)
	require.Equal(t, 1, l.lines[0].Boot)
	require.Equal(t, 1, l.lines[0].Stream)
	require.Greater(t, l.lines[len(l.lines)-1].At, 2*time.Second)
}

func TestBootRefuses(t *testing.T) {
	l := newLab(t, sim.Options{})
	probe := load(t, "probe")
	l.boot("n1", probe, "tick")
	for name, want := range map[string]string{
		"n1":        "already",
		"":          "1 to 63 characters",
		"localhost": "other than localhost",
		"N2":        "lower-case",
		"a b":       "lower-case",
		"-a":        "hyphen",
	} {
		_, err := l.Boot(name, probe)
		require.ErrorContains(t, err, want, "%q", name)
	}
	small := probe
	small.MemoryLimit = 1 << 20
	_, err := l.Boot("small", small)
	require.ErrorContains(t, err, "memory limit")
	require.Nil(t, l.Machine("small"), "nothing is left of it")
	require.ErrorContains(t, l.Run(-1), "does not run back")
	require.NoError(t, l.Close())
	_, err = l.Boot("n2", probe)
	require.ErrorContains(t, err, "closed")
	require.ErrorContains(t, l.Run(1), "closed")
}

func TestOutputMayStrikeFaults(t *testing.T) {
	var w *sim.World
	var errs []error
	w, err := sim.New(sim.Options{Seed: 1, Output: func(line sim.Line) {
		if !strings.HasPrefix(line.Text, "question 2") {
			return
		}
		client, server := w.Machine("client"), w.Machine("server")
		errs = append(errs, client.Kill(), w.Run(time.Second), server.Kill())
	}})
	require.NoError(t, err)
	defer w.Close()
	echo := load(t, "echo")
	server, err := w.Boot("server", echo, "-listen", ":7")
	require.NoError(t, err)
	client, err := w.Boot("client", echo, "-dial", "server:7", "-count", "100")
	require.NoError(t, err)
	require.NoError(t, w.Run(10*time.Second))

	require.Len(t, errs, 3)
	require.ErrorContains(t, errs[0], "very moment")
	require.ErrorContains(t, errs[1], "runs already")
	require.NoError(t, errs[2])
	require.Equal(t, sim.Killed, server.Status())
	require.Equal(t, sim.Exited, client.Status())
	require.Contains(t, client.LastWords()[len(client.LastWords())-1], "no answer")
}
