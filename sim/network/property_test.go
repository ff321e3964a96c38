package network_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/sim/network"
	"muster/sim/queue"
)

// stream is one direction of a connection, and what its two ends know.
type stream struct {
	from, to       network.Socket
	sent, received int
	closed, ended  bool
}

// octet is the byte that every stream has at an offset, so that no order but the right one passes.
func octet(offset int) byte { return byte(offset*7 + offset>>8*13 + offset>>16) }

// chaos is a world in which random things happen.
type chaos struct {
	*world
	random  *rand.Rand
	streams []stream
	buffer  []byte
}

func newChaos(t *testing.T, seed uint64) *chaos {
	c := &chaos{world: newWorld(t), random: rand.New(rand.NewPCG(seed, 0)), buffer: make([]byte, 1<<20)}
	c.SetDefaultLink(&c.q, network.LAN)
	c.SetNotes(network.AllNotes)
	for _, ends := range [][2]network.Host{{a, b}, {b, 3}, {3, b}, {a, a}} {
		client, server := c.pair(ends[0], ends[1])
		for _, s := range []network.Socket{client, server} { // or the long silences of this test would end connections
			require.Equal(t, network.OK, c.SetKeepAlive(&c.q, s, network.KeepAlive{}))
		}
		c.streams = append(c.streams, stream{from: client, to: server}, stream{from: server, to: client})
	}
	return c
}

// write sends a random number of bytes.
func (c *chaos) write(s *stream) {
	if s.closed {
		return
	}
	p := c.buffer[:1+c.random.IntN(1<<c.random.IntN(18))]
	for i := range p {
		p[i] = octet(s.sent + i)
	}
	size, err := c.Send(&c.q, s.from, p)
	if err != network.EAGAIN {
		require.Equal(c.t, network.OK, err)
	}
	s.sent += size
}

// read receives up to some bytes and finds out whether they are the right ones.
func (c *chaos) read(s *stream, atMost int) {
	p := c.buffer[:atMost]
	size, err := c.Receive(&c.q, s.to, p)
	if err == network.EAGAIN {
		return
	}
	require.Equal(c.t, network.OK, err)
	if size == 0 {
		require.True(c.t, s.closed, "the end came before it was sent")
		require.Equal(c.t, s.sent, s.received, "the end came early")
		s.ended = true
	}
	for i, got := range p[:size] {
		if want := octet(s.received + i); got != want {
			require.Equal(c.t, want, got, "byte %d", s.received+i)
		}
	}
	s.received += size
	require.LessOrEqual(c.t, s.received, s.sent)
}

// step does one random thing.
func (c *chaos) step(faults bool) {
	s := &c.streams[c.random.IntN(len(c.streams))]
	from, to := network.Host(1+c.random.IntN(3)), network.Host(1+c.random.IntN(3))
	switch what := c.random.IntN(100); {
	case what < 40:
		c.write(s)
	case what < 70:
		c.read(s, 1+c.random.IntN(1<<c.random.IntN(18)))
	case what < 90:
		c.pass(time.Duration(c.random.Int64N(1 << c.random.IntN(30))))
	case !faults:
	case what < 92:
		c.Cut(&c.q, from, to)
	case what < 94:
		c.Uncut(&c.q, from, to)
	case what < 95:
		c.Clog(&c.q, from, to)
	case what < 97:
		c.Unclog(&c.q, from, to)
	case what < 99:
		link := network.LAN
		link.Loss = float64(c.random.IntN(4)) * 0.1
		link.Bandwidth = []int64{0, 0, 1 << 20}[c.random.IntN(3)]
		c.SetLink(&c.q, from, to, link)
	default:
		if c.random.IntN(10) == 0 && !s.closed {
			s.closed = true
			require.Equal(c.t, network.OK, c.Shutdown(&c.q, s.from, false, true))
		}
	}
}

// heal makes all links sound.
func (c *chaos) heal() {
	for from := a; from <= 3; from++ {
		for to := a; to <= 3; to++ {
			c.Uncut(&c.q, from, to)
			c.Unclog(&c.q, from, to)
			c.UnsetLink(&c.q, from, to)
		}
	}
	c.SetDefaultLink(&c.q, network.LAN)
}

// TestEverythingArrives shows that bytes arrive in order and once, whatever happens, and that all of them do when the links are
// sound for long enough: for the longest back-off.
func TestEverythingArrives(t *testing.T) {
	for seed := range uint64(60) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			c := newChaos(t, seed)
			for range 1500 {
				c.step(true)
			}
			c.heal()
			var sent, lost uint64
			for begin := c.now(); c.now() < begin+125*time.Second; c.pass(50 * time.Millisecond) {
				for i := range c.streams {
					c.read(&c.streams[i], 1<<20)
				}
			}
			for from := a; from <= 3; from++ {
				for to := a; to <= 3; to++ {
					counters := c.Counters(from, to)
					sent += counters.Sent
					lost += counters.Cut + counters.Lost
				}
			}
			require.NotZero(t, lost, "the faults bit")
			for _, s := range c.streams {
				require.Equal(t, s.sent, s.received)
				require.Equal(t, s.closed, s.ended)
			}
		})
	}
}

// TestCloneGoesOnAlike shows that a clone does what its original does, and that neither touches the other.
func TestCloneGoesOnAlike(t *testing.T) {
	for seed := range uint64(20) {
		c := newChaos(t, seed)
		for range 500 {
			c.step(true)
		}
		fork := func() *chaos {
			world := &world{Network: c.Network.Clone(), t: t, q: c.q.Clone()}
			return &chaos{world: world, random: rand.New(rand.NewPCG(seed, 1)),
				streams: append([]stream(nil), c.streams...), buffer: make([]byte, 1<<20)}
		}
		type life struct {
			notes   []network.Note
			ready   []network.Socket
			streams []stream
			now     time.Duration
			rest    []queue.Event
		}
		live := func(c *chaos) (l life) {
			for range 500 {
				c.step(true)
				l.ready = append(l.ready, c.TakeReady()...)
			}
			l.notes = append(l.notes, c.TakeNotes()...)
			l.streams, l.now = c.streams, c.now()
			for e, ok := c.q.Pop(); ok; e, ok = c.q.Pop() {
				l.rest = append(l.rest, e)
			}
			return l
		}
		first, second := fork(), fork()
		want := live(first)
		require.Equal(t, want, live(fork()), "the original has not moved")
		require.Equal(t, want, live(second), "clones do not share")
		c.random = rand.New(rand.NewPCG(seed, 1))
		require.Equal(t, want, live(c))
	}
}

// TestClonesAcceptAlike clones while connections are being opened.
func TestClonesAcceptAlike(t *testing.T) {
	w := newWorld(t)
	l := w.listen(b, "10.0.0.2:80", 5)
	for range 3 {
		w.connect(a, "10.0.0.2:80")
		w.pass(500 * time.Microsecond)
	}
	w.pass(time.Millisecond)
	accept := func(w *world) (accepted []network.Socket) {
		w.pass(10 * time.Millisecond)
		w.connect(a, "10.0.0.2:80")
		w.pass(10 * time.Millisecond)
		for w.Readable(l) {
			s, err := w.Accept(&w.q, l)
			require.Equal(t, network.OK, err)
			accepted = append(accepted, s)
		}
		return accepted
	}
	clone := &world{Network: w.Network.Clone(), t: t, q: w.q.Clone()}
	want := accept(w)
	require.Len(t, want, 4)
	require.Equal(t, want, accept(clone))
}

// BenchmarkPingPong is a request and its answer on an open connection.
func BenchmarkPingPong(b *testing.B) {
	w := newWorld(&testing.T{})
	w.SetDefaultLink(&w.q, network.LAN)
	client, server := w.pair(1, 2)
	message, buffer := make([]byte, 200), make([]byte, 4096)
	b.ReportAllocs()
	for b.Loop() {
		for _, way := range [2][2]network.Socket{{client, server}, {server, client}} {
			w.Send(&w.q, way[0], message)
			for !w.Readable(way[1]) {
				e, _ := w.q.Pop()
				w.Handle(&w.q, e)
			}
			w.TakeReady()
			w.Receive(&w.q, way[1], buffer)
		}
	}
}

// BenchmarkConnect is a connection from its opening to its end.
func BenchmarkConnect(b *testing.B) {
	w := newWorld(&testing.T{})
	l := w.listen(2, "0.0.0.0:80", 10)
	b.ReportAllocs()
	for b.Loop() {
		client := w.connect(1, "10.0.0.2:80")
		for !w.Readable(l) {
			e, _ := w.q.Pop()
			w.Handle(&w.q, e)
		}
		server, _ := w.Accept(&w.q, l)
		w.Close(&w.q, client)
		w.Close(&w.q, server)
		for e, ok := w.q.Pop(); ok; e, ok = w.q.Pop() {
			w.Handle(&w.q, e)
		}
		w.TakeReady()
	}
}

// BenchmarkClone is a network of three machines with 200 open connections.
func BenchmarkClone(b *testing.B) {
	w := newWorld(&testing.T{})
	for range 100 {
		w.pair(1, 2)
		w.pair(3, 2)
	}
	b.ReportAllocs()
	for b.Loop() {
		w.Clone()
	}
}
