package sim_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/sim"
	"muster/sim/disk"
)

func TestSystem(t *testing.T) {
	l := newLab(t, sim.Options{Seed: 1})
	probe := load(t, "probe")
	probe.Env = []string{"COLOUR=red"}
	m := l.boot("n1", probe, "system", "with", "arguments")
	l.run(time.Second)
	require.Equal(t, []string{
		"n1 <nil>",
		"/ <nil>",
		"HOME=/root PATH=/bin PWD=/ TMPDIR=/tmp COLOUR=red",
		"probe system with arguments",
		"[127.0.0.1/8 10.0.0.1/16] <nil>",
		"1 lo  up|loopback|running [127.0.0.1/8]",
		"2 eth0 02:00:0a:00:00:01 up|broadcast|running [10.0.0.1/16]",
		"<nil> 1",
		"no end of line",
	}, m.LastWords())
	require.Equal(t, 2, l.lines[len(l.lines)-1].Stream)
	require.Equal(t, sim.Exited, m.Status())
	require.Zero(t, m.Exit().Code)
}

func TestWaysToEnd(t *testing.T) {
	for _, test := range []struct {
		probe string
		code  int
		at    time.Duration
		says  string
		why   string
	}{
		{"exit", 7, 0, "", ""},
		{"crash", 2, 0, "panic: assignment to entry in nil map", "panic: assignment to entry in nil map"},
		{"stuck", 2, 0, "all goroutines are asleep - deadlock!", "fatal error: all goroutines are asleep - deadlock!"},
		{"hog", 2, 0, "out of memory", "fatal error: out of memory"},
		{"deep", 2, 0, "stack", "fatal error: stack overflow"},
		{"wild", 134, 0, "", "it gave a system call 100 bytes at address 4294967280, which are outside of its memory"},
		{"spin", 0, 1200 * time.Millisecond, "slept 1.2s", ""},
	} {
		t.Run(test.probe, func(t *testing.T) {
			l := newLab(t, sim.Options{Seed: 1})
			probe := load(t, "probe")
			probe.MemoryLimit = 64 << 20
			m := l.boot("n1", probe, test.probe, "7")
			other := l.boot("other", probe, "tick")
			l.run(2 * time.Second)
			require.Equal(t, sim.Exited, m.Status())
			require.Equal(t, test.code, m.Exit().Code)
			if test.why == "" {
				require.Empty(t, m.Exit().Reason)
			}
			require.Contains(t, m.Exit().Reason, test.why)
			require.InDelta(t, test.at, m.Exit().At, float64(time.Millisecond))
			require.Contains(t, l.said("n1"), test.says)
			require.Equal(t, sim.Running, other.Status(), "others live on")
			require.Len(t, other.LastWords(), 20)
		})
	}
}

func TestTooManyFiles(t *testing.T) {
	l := newLab(t, sim.Options{Seed: 1})
	m := l.boot("n1", load(t, "probe"), "full")
	l.run(time.Second)
	require.Equal(t, []string{"stdin: 0 <nil>", "true true open /file: too many open files", "true <nil>"}, m.LastWords())
}

func TestTerminate(t *testing.T) {
	l := newLab(t, sim.Options{Seed: 1})
	graceful := l.boot("graceful", load(t, "probe"), "signal")
	careless := l.boot("careless", load(t, "probe"), "tick")
	l.run(time.Second)
	require.NoError(t, graceful.Terminate())
	require.NoError(t, careless.Terminate())
	require.Equal(t, sim.Exited, careless.Status())
	require.Equal(t, 143, careless.Exit().Code)
	require.Equal(t, sim.Running, graceful.Status(), "%s", l.said("graceful"))
	l.run(2 * time.Second)
	require.Equal(t, sim.Exited, graceful.Status())
	require.Equal(t, 2*time.Second, graceful.Exit().At)
	require.Equal(t, "waiting\ngot terminated\n", l.said("graceful"))
	require.ErrorContains(t, graceful.Terminate(), "Restart it first")
}

func TestTerminateBeforeItRan(t *testing.T) {
	l := newLab(t, sim.Options{Seed: 1})
	graceful := l.boot("graceful", load(t, "probe"), "signal")
	require.NoError(t, graceful.Terminate())
	l.run(2 * time.Second)
	require.Equal(t, "waiting\ngot terminated\n", l.said("graceful"))
}

func TestFiles(t *testing.T) {
	l := newLab(t, sim.Options{Seed: 1})
	m := l.boot("n1", load(t, "probe"), "files")
	l.run(time.Second)
	require.Equal(t, strings.TrimSpace(`
write: <nil>
read a file open for writing: read /data/a/one: bad file descriptor
close: <nil>
"first\nsecond\n" <nil>
seek 12 <nil>
"il" <nil>
truncate: <nil>
"ad\x00" EOF
two 5 -rw------- 0s
sync: <nil>
rename: <nil>
remove open file: <nil>
write to it: <nil>
300 many-000 many-299 <nil>
[/data/a/one] <nil>
/data true <nil>
/data/a true <nil>
/data/a/b true <nil>
/data/a/one false <nil>
true
mkdir: mkdir /data/a: file exists
rmdir: remove /data/a: directory not empty
true
symlink: <nil>
"first\nsecond\n" <nil>
link: <nil>
"first\nsecond\n" <nil>
chtimes: <nil>
2001-02-03 04:05:06 +0000 UTC <nil>
remove all: <nil>
true
true <nil>
chdir: <nil>
relative: <nil>
stat: <nil>`), strings.TrimSpace(l.said("n1")))
	require.Zero(t, m.Exit().Code)
}

func TestWhatSurvives(t *testing.T) {
	for _, test := range []struct {
		name  string
		end   func(m *sim.Machine) error
		found string
	}{
		{"crash", (*sim.Machine).Crash, `found "synced," <nil>`},
		{"kill", (*sim.Machine).Kill, `found "synced,written," <nil>`},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := newLab(t, sim.Options{Seed: 1})
			m := l.boot("n1", load(t, "probe"), "unsaved")
			l.run(time.Second)
			require.Equal(t, []string{`found "" open /data: no such file or directory`, "wrote"}, m.LastWords())
			require.NoError(t, test.end(m))
			require.Zero(t, m.MemorySize())
			require.Error(t, test.end(m), "twice")
			l.run(time.Second)
			require.NoError(t, m.Restart())
			l.run(time.Second)
			require.Equal(t, []string{test.found, "wrote"}, m.LastWords())
			require.Equal(t, 2, m.BootNumber())
			require.Equal(t, 2, l.lines[len(l.lines)-1].Boot)
			require.ErrorContains(t, m.Restart(), "still runs")
		})
	}
}

func TestCrashMayLeaveTails(t *testing.T) {
	l := newLab(t, sim.Options{Seed: 1, Tail: disk.KeepTail})
	m := l.boot("n1", load(t, "probe"), "unsaved")
	l.run(time.Second)
	require.NoError(t, m.Crash())
	require.NoError(t, m.Restart())
	l.run(time.Second)
	require.Equal(t, `found "synced,written," <nil>`, m.LastWords()[0])
}

func TestConnectionsOfTheDead(t *testing.T) {
	for _, test := range []struct {
		name string
		end  func(m *sim.Machine) error
		says string
	}{
		{"crash: nobody is told", (*sim.Machine).Crash, ""},
		{"kill: the kernel closes", (*sim.Machine).Kill, "no answer: <nil>"},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := newLab(t, sim.Options{Seed: 1})
			server := l.boot("server", load(t, "echo"), "-listen", ":7")
			client := l.boot("client", load(t, "echo"), "-dial", "server:7", "-count", "100")
			l.run(1500 * time.Millisecond)
			require.NoError(t, test.end(server))
			l.run(5 * time.Second)
			words := client.LastWords()
			if test.says == "" {
				require.Equal(t, sim.Running, client.Status())
			} else {
				require.Equal(t, test.says, words[len(words)-1])
			}
		})
	}
}
