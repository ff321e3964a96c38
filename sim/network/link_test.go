package network_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/sim/network"
	"muster/sim/random"
)

// balance says what is wrong with a link's counters when nothing is under way.
func (w *world) balance(from, to network.Host) error {
	c := w.Counters(from, to)
	if ended := c.Delivered + c.Cut + c.Lost + c.Rejected + c.Unheard; ended != c.Sent {
		return fmt.Errorf("%d>%d: %d packets sent, %d accounted for: %+v", from, to, c.Sent, ended, c)
	}
	return nil
}

func TestCountersTellWhatBit(t *testing.T) {
	for _, test := range []struct {
		name   string
		strike func(w *world)
		count  func(c network.Counters) uint64
	}{
		{"cut", func(w *world) { w.Cut(&w.q, a, b) }, func(c network.Counters) uint64 { return c.Cut }},
		{"loss", func(w *world) { w.SetLink(&w.q, a, b, network.Link{Loss: 1}) }, func(c network.Counters) uint64 { return c.Lost }},
		{"reject", func(w *world) { w.Reject(&w.q, a, b) }, func(c network.Counters) uint64 { return c.Rejected }},
		{"power", func(w *world) { w.HostDown(&w.q, b) }, func(c network.Counters) uint64 { return c.Unheard }},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			client, _ := w.pair(a, b)
			require.Zero(t, test.count(w.Counters(a, b)))
			test.strike(w)
			w.send(client, "x")
			w.pass(time.Second)
			require.NotZero(t, test.count(w.Counters(a, b)))
			require.NoError(t, w.balance(a, b))
			require.NoError(t, w.balance(b, a))
		})
	}
}

func TestCutIsOneWayAndOneLink(t *testing.T) {
	w := newWorld(t)
	w.Cut(&w.q, a, b)
	there, back, other := w.bind(b, "0.0.0.0:53"), w.bind(a, "0.0.0.0:53"), w.bind(c, "0.0.0.0:53")
	w.sendTo(back, "x", "10.0.0.2:53")
	w.sendTo(there, "y", "10.0.0.1:53")
	w.sendTo(back, "z", "10.0.0.3:53")
	w.pass(time.Second)
	require.Empty(t, w.datagrams(there))
	require.Equal(t, []string{"y"}, w.datagrams(back))
	require.Equal(t, []string{"z"}, w.datagrams(other))
}

func TestWhatIsUnderWaySurvivesACut(t *testing.T) {
	w := newWorld(t)
	client, server := w.pair(a, b)
	w.send(client, "x")
	w.Cut(&w.q, a, b)
	w.pass(time.Millisecond)
	w.requireRead(server, "x")
}

func TestRejectResetsWhoSends(t *testing.T) {
	w := newWorld(t)
	client, server := w.pair(a, b)
	w.Reject(&w.q, a, b)
	w.send(client, "x")
	w.pass(10 * time.Millisecond)
	w.requireEnd(client, "", network.ECONNRESET)
	w.Uncut(&w.q, a, b)
	w.send(server, "y")
	w.pass(10 * time.Millisecond)
	w.requireEnd(server, "", network.ECONNRESET)
}

func TestResetStrikesBothSidesAtOnce(t *testing.T) {
	w := newWorld(t)
	w.Cut(&w.q, a, c)
	connecting := w.connect(a, "10.0.0.3:80")
	client, server := w.pair(a, b)
	untouched, _ := w.pair(b, c)
	require.Equal(t, 2, w.Reset(&w.q, b, a))
	require.Equal(t, 1, w.Reset(&w.q, a, c))
	require.Zero(t, w.Reset(&w.q, a, c))
	w.requireEnd(client, "", network.ECONNRESET)
	w.requireEnd(server, "", network.ECONNRESET)
	require.Equal(t, network.ECONNREFUSED, w.TakeError(connecting))
	require.False(t, w.Readable(untouched))
}

func TestLatency(t *testing.T) {
	for _, test := range []struct {
		name             string
		latency          network.Latency
		min, median, p99 time.Duration
	}{
		{"LAN", network.LAN.Latency, 200 * time.Microsecond, 285 * time.Microsecond, 800 * time.Microsecond},
		{"fixed", exact.Latency, time.Millisecond, time.Millisecond, time.Millisecond},
		{"none", network.Latency{}, 0, 0, 0},
		{"tail", network.Latency{Min: time.Millisecond, Mean: time.Millisecond, TailShare: 0.02, Tail: time.Second}, time.Millisecond, time.Millisecond, 700 * time.Millisecond},
	} {
		t.Run(test.name, func(t *testing.T) {
			const packets = 10_000
			w := newWorld(t)
			w.SetLink(&w.q, a, b, network.Link{Latency: test.latency})
			client, server := w.bind(a, "0.0.0.0:0"), w.bind(b, "0.0.0.0:53")
			var slower [3]int // than min, median, p99
			for range packets {
				sent := w.now()
				w.sendTo(client, "x", "10.0.0.2:53")
				took := w.runUntil("delivered", func() bool { return w.Readable(server) }) - sent
				w.datagrams(server)
				require.GreaterOrEqual(t, took, test.min)
				for i, bound := range []time.Duration{test.min, test.median, test.p99} {
					if took > bound {
						slower[i]++
					}
				}
			}
			if test.p99 > test.median {
				require.InDelta(t, 0.01, float64(slower[2])/packets, 0.006)
			} else {
				require.Zero(t, slower[2])
			}
			require.LessOrEqual(t, slower[1], packets*52/100)
		})
	}
}

func TestBandwidth(t *testing.T) {
	w := newWorld(t)
	link := exact
	link.Bandwidth = 1_000_000
	w.SetLink(&w.q, a, b, link)
	client, server := w.pair(a, b)
	start := w.now()
	const size = 200_000
	w.send(client, strings.Repeat("x", size))
	got := 0
	took := w.runUntil("delivered", func() bool { text, _ := w.read(server); got += len(text); return got == size }) - start
	require.InEpsilon(t, 0.21, took.Seconds(), 0.02, "with headers")
}

func TestLargePacketsAreLostMoreOften(t *testing.T) {
	w := newWorld(t)
	w.SetLink(&w.q, a, b, network.Link{Loss: 0.02})
	client, server := w.bind(a, "0.0.0.0:0"), w.bind(b, "0.0.0.0:53")
	lost := map[int]int{}
	for range 1000 {
		for _, size := range []int{1, 1448 * 40} {
			w.sendTo(client, string(make([]byte, size)), "10.0.0.2:53")
			w.pass(time.Millisecond)
			lost[size] += 1 - len(w.datagrams(server))
		}
	}
	require.InDelta(t, 20, lost[1], 15)
	require.InDelta(t, 554, lost[1448*40], 60)
}

// TestStreamsOfLinksAreApart shows that a fault on one link does not move what happens on another.
func TestStreamsOfLinksAreApart(t *testing.T) {
	arrivals := func(faulty bool) (times []time.Duration) {
		w := newWorld(t)
		w.SetDefaultLink(&w.q, network.LAN)
		if faulty {
			w.SetLink(&w.q, a, c, network.Link{Latency: network.LAN.Latency, Loss: 0.5, Duplicate: 0.5})
		}
		client, watched, other := w.bind(a, "0.0.0.0:0"), w.bind(b, "0.0.0.0:53"), w.bind(c, "0.0.0.0:53")
		for range 100 {
			w.sendTo(client, "x", "10.0.0.3:53")
			w.sendTo(client, "x", "10.0.0.2:53")
			times = append(times, w.runUntil("delivered", func() bool { return w.Readable(watched) }))
			w.datagrams(watched)
			w.datagrams(other)
		}
		return times
	}
	require.Equal(t, arrivals(false), arrivals(true))
}

// TestCountersTellWhatHappenedOnTheWay: faults that lose nothing can be seen to have bitten.
func TestCountersTellWhatHappenedOnTheWay(t *testing.T) {
	for _, test := range []struct {
		name  string
		link  network.Link
		count func(c network.Counters) uint64
	}{
		{"tail", network.Link{Latency: network.Latency{TailShare: 1, Tail: time.Millisecond}}, func(c network.Counters) uint64 { return c.Delayed }},
		{"bandwidth", network.Link{Bandwidth: 1000}, func(c network.Counters) uint64 { return c.Queued }},
		{"duplicate", network.Link{Duplicate: 1}, func(c network.Counters) uint64 { return c.Duplicated }},
		{"reorder", network.Link{Latency: exact.Latency, Reorder: 1}, func(c network.Counters) uint64 { return c.Reordered }},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			client, server := w.bind(a, "0.0.0.0:0"), w.bind(b, "0.0.0.0:53")
			send := func() uint64 {
				before := test.count(w.Counters(a, b))
				w.sendTo(client, "x", "10.0.0.2:53")
				w.sendTo(client, "y", "10.0.0.2:53")
				w.pass(time.Second)
				require.GreaterOrEqual(t, len(w.datagrams(server)), 2)
				require.NoError(t, w.balance(a, b))
				return test.count(w.Counters(a, b)) - before
			}
			require.Zero(t, send())
			w.SetLink(&w.q, a, b, test.link)
			require.NotZero(t, send())
			w.UnsetLink(&w.q, a, b)
			require.Zero(t, send())
		})
	}
}

func TestReseedChangesTheFuture(t *testing.T) {
	arrival := func(seed uint64) time.Duration {
		w := newWorld(t)
		w.SetDefaultLink(&w.q, network.LAN)
		client, server := w.bind(a, "0.0.0.0:0"), w.bind(b, "0.0.0.0:53")
		w.Reseed(random.New(seed))
		w.sendTo(client, "x", "10.0.0.2:53")
		return w.runUntil("delivered", func() bool { return w.Readable(server) })
	}
	require.Equal(t, arrival(2), arrival(2))
	require.NotEqual(t, arrival(2), arrival(3))
}

func TestNotesTellTheStoryOfAConnection(t *testing.T) {
	w := newWorld(t)
	w.SetNotes(network.AllNotes)
	client, server := w.pair(a, b)
	w.Cut(&w.q, a, b)
	w.send(client, "hello")
	w.pass(300 * time.Millisecond)
	w.Uncut(&w.q, a, b)
	w.pass(time.Second)
	w.Close(&w.q, client)
	w.pass(time.Second)
	w.read(server)
	w.Close(&w.q, server)
	w.pass(time.Second)
	w.connect(b, "10.0.0.3:1")
	w.pass(time.Second)

	var story []string
	for _, note := range w.TakeNotes() {
		story = append(story, fmt.Sprintf("%d>%d %s %d", note.From, note.To, note.Kind, note.Size))
		if note.Kind == network.NoteDelivered {
			require.Equal(t, uint32(0x9a71bb4c), note.Sum, "CRC-32C of hello")
			require.Equal(t, at("10.0.0.2:80"), note.Destination)
			require.Equal(t, at("10.0.0.1:32768"), note.Source)
		}
	}
	require.Equal(t, []string{
		"1>2 connect 0", "1>2 established 0", "2>1 accept 0",
		"1>2 cut 5", "1>2 retransmit 0", "1>2 cut 5", "1>2 retransmit 0", "1>2 delivered 5",
		"2>1 finished 0", "1>2 finished 0",
		"2>3 connect 0", "2>3 refused 0",
	}, story)
	require.Empty(t, w.TakeNotes())
	w.SetNotes(network.Set(network.NoteCut))
	w.connect(b, "10.0.0.3:1")
	w.pass(time.Second)
	require.Empty(t, w.TakeNotes())
	require.Equal(t, "unknown", network.NoteKind(200).String())
}
