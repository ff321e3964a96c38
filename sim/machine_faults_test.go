package sim_test

import (
	"bytes"
	"io"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/sim"
	"muster/sim/disk"
	"muster/sim/machine"
	"muster/sim/trace"
)

// tracedLab is a lab whose trace can be read: faults are the records of a kind, in words.
type tracedLab struct {
	*lab
	out    bytes.Buffer
	writer *trace.Writer
}

func newTracedLab(t *testing.T) *tracedLab {
	l := &tracedLab{}
	l.writer = trace.NewWriter(&l.out, trace.Normal, 1)
	l.lab = newLab(t, sim.Options{Seed: 1, Trace: l.writer})
	return l
}

// faults ends the world.
func (l *tracedLab) faults(kind trace.Kind) []string {
	require.NoError(l.t, l.Close())
	reader, err := trace.NewReader(&l.out)
	require.NoError(l.t, err)
	var all []string
	for {
		_, r, err := reader.Next()
		if err == io.EOF {
			return all
		}
		require.NoError(l.t, err)
		if r.Kind == kind {
			all = append(all, r.Describe())
		}
	}
}

func last(m *sim.Machine) string {
	words := m.LastWords()
	return words[len(words)-1]
}

func TestSlowSync(t *testing.T) {
	l := newTracedLab(t)
	m := l.boot("n1", load(t, "probe"), "append")
	l.run(950 * time.Millisecond)
	require.Equal(t, "9 0s 0 <nil> <nil>", last(m))

	require.NoError(t, m.SetDiskFaults(disk.Faults{SyncTakes: 50 * time.Millisecond}))
	l.run(time.Second)
	require.Contains(t, last(m), " 50ms 5 <nil> <nil>", "only the goroutine that syncs waits")

	require.NoError(t, m.SetDiskFaults(disk.Faults{SyncFails: 1}))
	l.run(time.Second)
	require.Contains(t, last(m), " 0s 0 <nil> sync /log: input/output error")

	require.NoError(t, m.SetDiskFaults(disk.Faults{SyncTakes: time.Hour}))
	l.run(time.Second)
	require.NoError(t, m.Crash())
	l.run(time.Second)
	require.ErrorContains(t, m.SetDiskFaults(disk.Faults{SyncFails: 2}), "want one from 0 to 1")
	require.Equal(t, []string{
		"has other faults of its disk: syncs take 50ms",
		"has other faults of its disk: syncs fail 1",
		"has other faults of its disk: syncs take 1h0m0s",
	}, l.faults(trace.DiskFaults))
}

func TestDiskThatLies(t *testing.T) {
	l := newLab(t, sim.Options{Seed: 1})
	m := l.boot("n1", load(t, "probe"), "append")
	l.run(950 * time.Millisecond)
	require.NoError(t, m.SetDiskFaults(disk.Faults{SyncLies: 1}))
	l.run(time.Second)
	require.Equal(t, "19 0s 0 <nil> <nil>", last(m))
	require.NoError(t, m.Crash())
	content, err := m.Disk().ReadFile("/log")
	require.Equal(t, disk.OK, err)
	require.Len(t, content, 10*1000)
}

func TestDiskFillsUp(t *testing.T) {
	l := newTracedLab(t)
	m := l.boot("n1", load(t, "probe"), "append")
	l.run(time.Second)
	require.NoError(t, m.SetDiskCapacity(m.Disk().Used()))
	l.run(time.Second)
	require.Contains(t, last(m), "write /log: no space left on device <nil>")
	require.NoError(t, m.SetDiskCapacity(0))
	l.run(time.Second)
	require.Contains(t, last(m), " <nil> <nil>")
	require.ErrorContains(t, m.SetDiskCapacity(-1), "want 0")
	require.Len(t, l.faults(trace.DiskCapacity), 2)
}

func TestRot(t *testing.T) {
	l := newTracedLab(t)
	m := l.boot("n1", load(t, "probe"), "append")
	l.run(time.Second)
	before, _ := m.Disk().ReadFile("/log")
	hits, err := m.RotDisk(3, "/lo")
	require.NoError(t, err)
	require.Len(t, hits, 3)
	after, _ := m.Disk().ReadFile("/log")
	for _, hit := range hits {
		require.Equal(t, "/log", hit.Path)
		before[hit.Offset] ^= 1 << hit.Bit
	}
	require.Equal(t, before, after)
	none, err := m.RotDisk(3, "/nothing")
	require.NoError(t, err)
	require.Empty(t, none)
	_, err = m.RotDisk(0, "/")
	require.ErrorContains(t, err, "at least 1")
	require.Len(t, l.faults(trace.DiskRot), 3)
}

func TestCrashWith(t *testing.T) {
	l := newTracedLab(t)
	m := l.boot("n1", load(t, "probe"), "unsaved")
	l.run(time.Second)
	require.NoError(t, m.CrashWith(disk.KeepTail))
	require.NoError(t, m.Restart())
	l.run(time.Second)
	require.Equal(t, `found "synced,written," <nil>`, m.LastWords()[0])
	require.NoError(t, m.Crash())
	require.Equal(t, []string{"loses its power, unsynced tails: keep", "loses its power"}, l.faults(trace.Crash))
}

func TestSignals(t *testing.T) {
	l := newTracedLab(t)
	m := l.boot("n1", load(t, "probe"), "signals")
	careless := l.boot("careless", load(t, "probe"), "tick")
	l.run(time.Second)
	require.NoError(t, m.Signal(machine.Hangup))
	require.NoError(t, m.Signal(machine.User2))
	require.NoError(t, m.Signal(machine.Terminate), "which it ignores")
	l.run(time.Second)
	require.NoError(t, careless.Signal(machine.Hangup))
	require.Equal(t, 129, careless.Exit().Code, "nobody handles it")
	require.NoError(t, m.Pause())
	require.NoError(t, m.Signal(machine.Hangup))
	require.NoError(t, m.Signal(machine.User2))
	require.NoError(t, m.Signal(machine.Hangup))
	require.NoError(t, m.Resume())
	require.NoError(t, m.Signal(machine.Interrupt))
	require.Equal(t, sim.Exited, m.Status())
	require.Zero(t, m.Exit().Code)
	require.Equal(t, "got hangup\ngot user defined signal 2\ngot hangup\ngot user defined signal 2\ngot interrupt\n", l.said("n1"))
	require.ErrorContains(t, m.Signal(9), "want SIGHUP")
	require.ErrorContains(t, m.Signal(machine.Hangup), "Restart it first")
	require.Equal(t, "is sent SIGHUP", l.faults(trace.Signal)[0])
}

func TestRestartAt(t *testing.T) {
	l := newTracedLab(t)
	server := l.boot("server", load(t, "probe"), "reply")
	old := server.Address()
	byName := l.boot("by-name", load(t, "probe"), "reply", "server:7")
	byAddress := l.boot("by-address", load(t, "probe"), "reply", old.String()+":7")
	l.run(time.Second)
	require.Equal(t, "10.0.0.1:7 <nil>", last(byName))
	require.ErrorContains(t, server.RestartAt(old), "Crash or Kill it first")
	require.NoError(t, server.Crash())
	require.ErrorContains(t, server.RestartAt(byName.Address()), "belongs to")
	require.NoError(t, server.RestartAt(netip.MustParseAddr("10.0.7.7")))
	l.run(2 * time.Second)
	require.Equal(t, "10.0.7.7:7 <nil>", last(byName))
	require.Contains(t, last(byAddress), "i/o timeout")

	require.NoError(t, server.Kill())
	require.NoError(t, server.RestartAt(netip.Addr{}))
	l.run(2 * time.Second)
	require.Equal(t, server.Address().String()+":7 <nil>", last(byName))
	require.NoError(t, server.Kill())
	require.NoError(t, server.RestartAt(old))
	l.run(time.Second)
	require.Equal(t, "10.0.0.1:7 <nil>", last(byAddress))
	require.True(t, strings.HasPrefix(l.faults(trace.Address)[0], "has another address: 10.0.7.7"))
}
