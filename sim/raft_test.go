package sim_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/sim"
)

// bootRaft starts three raft members that count; the leader adds one every so often.
func bootRaft(l *lab, every string) {
	raft := load(l.t, "raft")
	for _, name := range []string{"n1", "n2", "n3"} {
		l.boot(name, raft, "-name", name, "-members", "n1,n2,n3", "-every", every)
	}
}

// leader returns the machine that was the last to say that it leads.
func (l *lab) leader() *sim.Machine {
	for i := len(l.lines) - 1; i >= 0; i-- {
		if l.lines[i].Text == "leads true" {
			return l.Machine(l.lines[i].Machine)
		}
	}
	return nil
}

// counted returns what a machine counted last.
func (l *lab) counted(m *sim.Machine) int {
	n := -1
	for word := range strings.Lines(l.said(m.Name())) {
		if strings.HasPrefix(word, "counted") {
			_, err := fmt.Sscanf(word, "counted %d", &n)
			require.NoError(l.t, err)
		}
	}
	return n
}

func TestRaftSurvivesItsLeader(t *testing.T) {
	l := newLab(t, sim.Options{Seed: 1})
	bootRaft(l, "100ms")
	l.run(20 * time.Second)
	first := l.leader()
	require.NotNil(t, first)
	before := l.counted(first)
	require.Greater(t, before, 100)

	require.NoError(t, first.Crash())
	l.run(20 * time.Second)
	second := l.leader()
	require.NotEqual(t, first.Name(), second.Name())
	require.Greater(t, l.counted(second), before+100)

	require.NoError(t, first.Restart())
	l.run(10 * time.Second)
	require.Greater(t, l.counted(first), before+100, "it has found back: %s", l.said(first.Name()))
	require.InDelta(t, l.counted(second), l.counted(first), 15)
	for _, m := range l.Machines() {
		require.Equal(t, sim.Running, m.Status())
		require.Less(t, m.MemorySize(), 30<<20)
	}
}
