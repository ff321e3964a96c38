//go:build unix

package sim_test

import (
	"bufio"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/sim"
	"muster/sim/machine"
)

// TestRealityOfSignals sends the same signals to a program on this machine and on a simulated one, each once the program has said something
// about the one before.
func TestRealityOfSignals(t *testing.T) {
	sent := []struct {
		real      syscall.Signal
		simulated machine.Signal
		lines     int // that the program prints then
	}{
		{syscall.SIGHUP, machine.Hangup, 1},
		{syscall.SIGUSR2, machine.User2, 0},
		{syscall.SIGUSR1, machine.User1, 1},
		{syscall.SIGTERM, machine.Terminate, 1},
		{syscall.SIGINT, machine.Interrupt, 2},
		{syscall.SIGTERM, machine.Terminate, 0},
	}

	command := exec.Command(buildReality(t), "signals")
	output, err := command.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, command.Start())
	scanner := bufio.NewScanner(output)
	var real []string
	hear := func(lines int) {
		for range lines {
			require.True(t, scanner.Scan(), "it said no more after %v", real)
			real = append(real, scanner.Text())
		}
	}
	hear(1)
	for _, s := range sent {
		require.NoError(t, command.Process.Signal(s.real))
		hear(s.lines)
	}
	require.Error(t, command.Wait())
	status := command.ProcessState.Sys().(syscall.WaitStatus)

	l := newLab(t, sim.Options{Seed: 1})
	m := l.boot("n1", load(t, "reality"), "signals")
	l.run(time.Second)
	for _, s := range sent {
		require.NoError(t, m.Signal(s.simulated))
		l.run(time.Second)
	}
	require.Equal(t, real, strings.Split(strings.TrimSuffix(l.said("n1"), "\n"), "\n"))
	require.Equal(t, sim.Exited, m.Status())
	require.True(t, status.Signaled())
	require.Equal(t, 128+int(status.Signal()), m.Exit().Code, "as a shell tells it")
}
