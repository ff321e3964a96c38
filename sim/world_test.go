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
	l.boot("server", echo, "-listen", ":7")
	client := l.boot("client", echo, "-dial", "server:7")
	l.run(5 * time.Second)
	fmt.Println(l.said("server"))
	fmt.Println(l.said("client"))
	require.Equal(t, sim.Exited, client.Status())
	require.Equal(t, 3, client.Exit().Code)
}
