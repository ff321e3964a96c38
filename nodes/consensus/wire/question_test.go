package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/raft"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestQuestionsAreAnswered(t *testing.T) {
	asked, _ := listen(t, func(config *Config) {
		config.Answer = func(question []byte) []byte { slices.Reverse(question); return question }
		config.Admit = func(request any) error {
			if who := request.(raft.WithRPCHeader).GetRPCHeader().ID; string(who) != "a" {
				return errors.New("a stranger")
			}
			return nil
		}
	})
	asking, over := listen(t, func(config *Config) { config.Addresses = at(asked.LocalAddr()) })
	for range 3 {
		answer, err := asking.Ask(t.Context(), "b", &Question{header, []byte("abc")})
		require.NoError(t, err)
		require.Equal(t, "cba", string(answer))
	}
	_, err := asking.Ask(t.Context(), "b", &Question{Text: []byte("abc")})
	require.ErrorIs(t, err, ErrNotTaken)
	require.ErrorContains(t, err, "b says: a stranger")
	require.EqualValues(t, 1, over.dialled.Load())
}

// at finds everybody at an address.
type at raft.ServerAddress

func (a at) ServerAddr(raft.ServerID) (raft.ServerAddress, error) { return raft.ServerAddress(a), nil }

// Whoever has gone is noticed between two questions: the next one is not sent into the void.
func TestEndsOfLinesAreNoticed(t *testing.T) {
	asked, _ := listen(t, func(config *Config) { config.Answer = func([]byte) []byte { return nil } })
	asking, _ := listen(t, func(config *Config) { config.Addresses = at(asked.LocalAddr()) })
	_, err := asking.Ask(t.Context(), "b", &Question{RPCHeader: header})
	require.NoError(t, err)
	require.NoError(t, asked.Close())
	require.Eventually(t, func() bool {
		asking.mu.Lock()
		defer asking.mu.Unlock()
		return len(asking.lines) == 0
	}, patience, time.Millisecond)
	_, err = asking.Ask(t.Context(), "b", &Question{RPCHeader: header})
	require.ErrorIs(t, err, ErrNotTaken, "nobody is there")
}

func TestQuestionsEndWithTheirContext(t *testing.T) {
	goOn := make(chan struct{})
	asked, _ := listen(t, func(config *Config) { config.Answer = func([]byte) []byte { <-goOn; return nil } })
	asking, over := listen(t, func(config *Config) { config.Addresses = at(asked.LocalAddr()) })
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	<-ctx.Done()
	_, err := asking.Ask(ctx, "b", &Question{RPCHeader: header})
	require.ErrorIs(t, err, context.DeadlineExceeded)

	ctx, cancel = context.WithCancel(t.Context())
	time.AfterFunc(10*time.Millisecond, cancel)
	_, err = asking.Ask(ctx, "b", &Question{RPCHeader: header})
	require.ErrorIs(t, err, context.Canceled)
	require.NotErrorIs(t, err, ErrNotTaken, "it may have been carried out")
	before := over.dialled.Load()
	close(goOn)
	_, err = asking.Ask(t.Context(), "b", &Question{RPCHeader: header})
	require.NoError(t, err)
	require.Equal(t, before+1, over.dialled.Load(), "a line of its own: the answer to another question may yet come over the old one")
}

func TestAnswersToNoQuestionEndTheLine(t *testing.T) {
	once := greeting + "\x00\x00\x00\x02\x00\x00"
	for _, test := range []struct{ name, said, want string }{
		{"two", once + "\x00\x00\x00\x02\x00\x00", ""},
		{"of no kind", greeting + "\x00\x00\x00\x02\x07\x00", "an answer of kind 7"},
		{"junk", greeting + "\x00\x00\x00\x02\x00\x09", "read a *wire.reply: the message ends too early"},
		{"another version's", "muster raft 9\n", "want members that speak the same version of it"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := told(t, test.said).Ask(t.Context(), "b", &Question{RPCHeader: header})
			if test.want == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, test.want)
				require.NotErrorIs(t, err, ErrNotTaken)
			}
		})
	}
	near, far := net.Pipe()
	l := &line{connection: newConnection(near, "b"), answers: make(chan answer, 1)}
	go func() { _, _ = io.WriteString(far, once) }()
	told(t, "").hear(l)
	require.ErrorContains(t, l.broken, "an answer to no question")
}

// Whoever takes a line from those that are kept must not find it ended: a question that is sent then may or may not have been done.
func TestLinesThatEndAreNotKept(t *testing.T) {
	near, far := net.Pipe()
	defer far.Close()
	l := &line{connection: newConnection(near, "b"), answers: make(chan answer, 1)}
	transport := told(t, "")
	transport.hangUp(l) // behind its last answer
	transport.keepLine(l)
	require.Empty(t, transport.lines)

	var cancel context.CancelFunc
	asked, _ := listen(t, func(config *Config) { config.Answer = func([]byte) []byte { cancel(); return nil } })
	asking, _ := listen(t, func(config *Config) { config.Addresses = at(asked.LocalAddr()) })
	for range 20 {
		ctx, end := context.WithCancel(t.Context())
		defer end()
		cancel = end
		_, _ = asking.Ask(ctx, "b", &Question{RPCHeader: header}) // it may have been answered, or given up
		asking.mu.Lock()
		kept := len(asking.lines)
		asking.mu.Unlock()
		require.Zero(t, kept)
	}
}

// Each gets the answer to what it asked, however many ask at once.
func TestQuestionsAtOnce(t *testing.T) {
	asked, _ := listen(t, func(config *Config) { config.Answer = func(question []byte) []byte { return question } })
	asking, _ := listen(t, func(config *Config) { config.Addresses = at(asked.LocalAddr()) })
	var wait sync.WaitGroup
	for asker := range 16 {
		wait.Go(func() {
			for i := range 100 {
				want := fmt.Sprint(asker, i)
				got, err := asking.Ask(t.Context(), "b", &Question{header, []byte(want)})
				assert.NoError(t, err)
				assert.Equal(t, want, string(got))
			}
		})
	}
	wait.Wait()
}

// crowded is a stream that makes no connection before it is told to go on.
type crowded struct {
	*stream
	goOn    chan struct{}
	inside  atomic.Int64
	tooMany atomic.Bool
}

func (c *crowded) Dial(to raft.ServerAddress, timeout time.Duration) (net.Conn, error) {
	if c.inside.Add(1) > mostDials {
		c.tooMany.Store(true)
	}
	defer c.inside.Add(-1)
	<-c.goOn
	return c.stream.Dial(to, timeout)
}

func TestFewLinesAreMadeAtOnce(t *testing.T) {
	asked, _ := listen(t, func(config *Config) { config.Answer = func(question []byte) []byte { return question } })
	over := &crowded{goOn: make(chan struct{})}
	asking, _ := listen(t, func(config *Config) {
		over.stream = config.Stream.(*stream)
		config.Stream, config.Addresses = over, at(asked.LocalAddr())
	})
	var wait sync.WaitGroup
	for range 5 * mostDials {
		wait.Go(func() {
			_, err := asking.Ask(t.Context(), "b", &Question{RPCHeader: header})
			assert.NoError(t, err)
		})
	}
	require.Eventually(t, func() bool { return over.inside.Load() == mostDials }, patience, time.Millisecond)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := asking.Ask(ctx, "b", &Question{RPCHeader: header})
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, err, ErrNotTaken)
	close(over.goOn)
	wait.Wait()
	require.False(t, over.tooMany.Load())
}
