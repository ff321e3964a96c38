package live

import (
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/model/run"
)

// witness takes down what a process prints and how it ends.
type witness struct {
	mutex sync.Mutex
	lines []run.LogLine
	ends  []string
}

func (w *witness) process(t *testing.T, role string) *process {
	self, err := os.Executable()
	require.NoError(t, err)
	p := &process{
		name:        "n1",
		arguments:   []string{self},
		environment: append(os.Environ(), actAs+"="+role),
		since:       time.Now(),
		printed: func(line run.LogLine) {
			w.mutex.Lock()
			defer w.mutex.Unlock()
			w.lines = append(w.lines, line)
		},
		exited: func(_ time.Duration, reason string, orderly bool) {
			w.mutex.Lock()
			defer w.mutex.Unlock()
			if orderly {
				reason = "in good order"
			}
			w.ends = append(w.ends, reason)
		},
	}
	t.Cleanup(func() { _ = p.kill() })
	return p
}

func TestProcessIsKilledAndStartedAgain(t *testing.T) {
	var w witness
	p := w.process(t, "ready-then-sleep")
	for range 2 {
		require.NoError(t, p.start())
		require.ErrorContains(t, p.start(), "running already")
		require.NoError(t, p.awaitReady(t.Context()))
		require.True(t, p.running())
		require.NoError(t, p.pause())
		require.Eventually(t, func() bool { now, err := p.standing(); return err == nil && now.stopped }, time.Minute, time.Millisecond)
		require.NoError(t, p.resume())
		require.Eventually(t, func() bool { now, err := p.standing(); return err == nil && !now.stopped }, time.Minute, time.Millisecond)
		require.NoError(t, p.kill())
		require.False(t, p.running())
	}
	require.ErrorContains(t, p.pause(), "not running")
	_, err := p.standing()
	require.ErrorContains(t, err, "n1 does not run")
	require.Empty(t, w.ends, "the stage's own kills are no news")
	require.Positive(t, p.spent())
	boots := map[int][]string{}
	for _, line := range w.lines {
		if line.Stream == 1 {
			boots[line.Boot] = append(boots[line.Boot], line.Text)
		}
	}
	require.Equal(t, map[int][]string{1: {"standard output", "without an end"}, 2: {"standard output", "without an end"}}, boots)
}

// A node that has just been started would die of the signal that has it read its files again.
func TestWhoStartsIsNotToldToReadBeforeItListens(t *testing.T) {
	var w witness
	p := w.process(t, "starts-slowly")
	require.NoError(t, p.reread(), "it does not run, and reads when it starts")
	require.NoError(t, p.start())
	require.NoError(t, p.reread())
	<-p.done
	require.Equal(t, []string{"in good order"}, w.ends)
	require.True(t, slices.ContainsFunc(w.lines, func(line run.LogLine) bool { return line.Text == "it reads again" }), "%v", w.lines)
	require.NoError(t, p.reread(), "it has ended")
}

func TestProcessThatDiesEarlyIsNamedWithItsLastWords(t *testing.T) {
	var w witness
	p := w.process(t, "dies")
	require.NoError(t, p.start())
	require.ErrorContains(t, p.awaitReady(t.Context()), "no such flag")
	require.Equal(t, []string{"exit status 2"}, w.ends)
}

func TestParseTargets(t *testing.T) {
	addresses, err := ParseTargets("http://a:8848, http://b:8848/,c:8848,[::1]:8848")
	require.NoError(t, err)
	require.Equal(t, []string{"http://a:8848", "http://b:8848", "http://c:8848", "http://[::1]:8848"}, addresses)
	for _, wrong := range []string{"", "localhost", ":8848", "http://", "https://a:8848", "http://a:8848/nacos", "http://a:8848,,", "a:b"} {
		_, err := ParseTargets(wrong)
		require.ErrorContains(t, err, "want the addresses of all nodes, such as", wrong)
	}
	_, err = ParseTargets("a:8848,http://a:8848")
	require.ErrorContains(t, err, `"http://a:8848" stands there twice`)
}

func TestSocketsThatWereDestroyedAreCounted(t *testing.T) {
	require.Zero(t, socketsIn(""))
	require.Zero(t, socketsIn("\n"))
	require.Equal(t, 2, socketsIn("tcp   ESTAB 0 0 10.99.0.1:8848 10.99.0.2:40100\ntcp   ESTAB 0 0 10.99.0.1:40312 10.99.0.2:8848\n"))
}
