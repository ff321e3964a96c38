package network_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/sim/network"
)

func TestBytesArriveInOrder(t *testing.T) {
	w := newWorld(t)
	w.SetDefaultLink(&w.q, network.LAN)
	client, server := w.pair(a, b)
	for i := range 100 {
		w.send(client, strings.Repeat(string(rune('a'+i%26)), i+1))
		w.send(server, "b")
	}
	w.pass(time.Second)
	var want strings.Builder
	for i := range 100 {
		want.WriteString(strings.Repeat(string(rune('a'+i%26)), i+1))
	}
	w.requireRead(server, want.String())
	w.requireRead(client, strings.Repeat("b", 100))
}

func TestHealthyStreamCostsOneEventASend(t *testing.T) {
	w := newWorld(t)
	client, server := w.pair(a, b)
	before := w.Counters(a, b)
	for range 50 {
		w.send(client, "hello")
		require.Equal(t, 1, w.q.Len())
		w.pass(time.Millisecond)
		w.requireRead(server, "hello")
		require.Zero(t, w.q.Len())
	}
	require.Equal(t, before.Delivered+50, w.Counters(a, b).Delivered)
	w.pass(10 * time.Minute)
	require.Zero(t, w.q.Len(), "an idle connection costs nothing")
}

func TestBuffersFillAndDrain(t *testing.T) {
	w := newWorld(t)
	client, server := w.pair(a, b)
	sent := 0
	fill := func() {
		for {
			size, err := w.Send(&w.q, client, make([]byte, 10_000))
			sent += size
			if err == network.EAGAIN {
				return
			}
			require.Equal(t, network.OK, err)
		}
	}
	fill()
	require.Equal(t, 256<<10, sent, "the send buffer")
	require.False(t, w.Writable(client))
	w.TakeReady()
	w.pass(time.Millisecond)
	require.Equal(t, []network.Socket{server}, w.TakeReady())
	require.False(t, w.Writable(client), "who waits hears of it when the acknowledgement comes")
	w.pass(time.Millisecond)
	require.Equal(t, []network.Socket{client}, w.TakeReady())
	require.True(t, w.Writable(client), "what the other side has is off the send buffer")
	fill()
	w.pass(time.Minute)
	require.Equal(t, 512<<10, sent, "both buffers")
	require.False(t, w.Writable(client))

	got, _ := w.read(server)
	require.Equal(t, 256<<10, len(got))
	require.False(t, w.Readable(server))
	w.TakeReady()
	w.pass(3 * time.Millisecond)
	require.True(t, w.Writable(client))
	require.Equal(t, []network.Socket{server, client}, w.TakeReady())
	rest := 256 << 10
	for range 5 {
		got, _ = w.read(server)
		rest -= len(got)
		w.pass(3 * time.Millisecond)
	}
	require.Zero(t, rest)
	w.pass(3 * time.Minute)
	require.Zero(t, w.q.Len(), "nothing is left to do")
}

func TestClosedWindowIsAskedFor(t *testing.T) {
	w := newWorld(t)
	client, server := w.pair(a, b)
	total := 0
	for total < 300<<10 {
		size, _ := w.Send(&w.q, client, make([]byte, 50<<10))
		total += size
		w.pass(2 * time.Millisecond)
	}
	w.Cut(&w.q, b, a) // the word that the window opens is lost
	read, _ := w.read(server)
	w.pass(10 * time.Second)
	more, _ := w.read(server)
	require.Empty(t, more)
	w.Uncut(&w.q, b, a)
	w.pass(30 * time.Second)
	more, _ = w.read(server)
	require.Equal(t, total, len(read)+len(more))
}

func TestBackOffOutlastsACut(t *testing.T) {
	for _, test := range []struct{ cut, resumes time.Duration }{
		{300 * time.Millisecond, 600 * time.Millisecond},
		{20 * time.Second, 25400 * time.Millisecond},
		{60 * time.Second, 102200 * time.Millisecond},
		{500 * time.Second, 564600 * time.Millisecond},
	} {
		for name, oneWay := range map[string][2]network.Host{"there": {a, b}, "back": {b, a}} {
			t.Run(name+" "+test.cut.String(), func(t *testing.T) {
				w := newWorld(t)
				client, server := w.pair(a, b)
				w.SetKeepAlive(&w.q, server, network.KeepAlive{}) // or it would give up, and say so
				w.Cut(&w.q, oneWay[0], oneWay[1])
				start := w.now()
				w.send(client, "one")
				w.pass(time.Millisecond)
				w.send(client, "two")
				w.run(start + test.cut)
				w.Uncut(&w.q, oneWay[0], oneWay[1])
				w.Shutdown(&w.q, client, false, true)
				var got string
				ended := w.runUntil("all there", func() bool {
					more, err := w.read(server)
					got += more
					return err == network.OK
				}) - start
				require.InDelta(t, test.resumes.Seconds(), ended.Seconds(), 0.005+0.02*test.resumes.Seconds())
				require.Equal(t, "onetwo", got)
			})
		}
	}
}

func TestLostConnectionIsGivenUp(t *testing.T) {
	for _, test := range []struct {
		name  string
		does  func(w *world, client network.Socket)
		after time.Duration
	}{
		{"with something under way", func(w *world, client network.Socket) { w.send(client, "x") }, 924600 * time.Millisecond},
		{"idle", func(w *world, client network.Socket) {}, 150 * time.Second},
		{"idle, as asked for", func(w *world, client network.Socket) {
			w.SetKeepAlive(&w.q, client, network.KeepAlive{Idle: time.Minute, Interval: time.Second, Probes: 3})
		}, 63 * time.Second},
	} {
		for fault, strike := range map[string]func(w *world){
			"cut":      func(w *world) { w.Cut(&w.q, a, b) },
			"cut back": func(w *world) { w.Cut(&w.q, b, a) },
			"power":    func(w *world) { w.HostDown(&w.q, b) },
			"loss":     func(w *world) { w.SetLink(&w.q, a, b, network.Link{Loss: 1}) },
		} {
			t.Run(test.name+", "+fault, func(t *testing.T) {
				w := newWorld(t)
				client, server := w.pair(a, b)
				w.SetKeepAlive(&w.q, server, network.KeepAlive{}) // or it would give up first, and say so
				start := w.now()
				w.pass(2 * time.Millisecond)
				strike(w)
				test.does(w, client)
				when := w.runUntil("broken", func() bool { return w.Readable(client) }) - start
				require.InEpsilon(t, test.after.Seconds(), when.Seconds(), 0.003)
				w.requireEnd(client, "", network.ETIMEDOUT)
				w.requireEnd(client, "", network.OK)
			})
		}
	}
}

func TestKeepAliveKeepsItsRhythm(t *testing.T) {
	w := newWorld(t)
	client, _ := w.pair(a, b)
	start := w.now()
	w.pass(40 * time.Second) // two probes have been answered by then, at 15 and 30 s
	w.HostDown(&w.q, b)
	require.InDelta(t, 180, (w.runUntil("broken", func() bool { return w.Readable(client) }) - start).Seconds(), 0.05)
}

func TestKeepAliveOff(t *testing.T) {
	w := newWorld(t)
	client, server := w.pair(a, b)
	require.Equal(t, network.OK, w.SetKeepAlive(&w.q, client, network.KeepAlive{}))
	require.Equal(t, network.EINVAL, w.SetKeepAlive(&w.q, client, network.KeepAlive{Idle: time.Second}))
	require.Equal(t, network.EBADF, w.SetKeepAlive(&w.q, 99, network.KeepAlive{}))
	w.Cut(&w.q, a, b)
	w.Cut(&w.q, b, a)
	w.pass(time.Hour)
	require.False(t, w.Readable(client))
	w.requireEnd(server, "", network.ETIMEDOUT)
}

func TestHealedIdleConnectionLivesOn(t *testing.T) {
	w := newWorld(t)
	client, server := w.pair(a, b)
	w.Cut(&w.q, a, b)
	w.pass(100 * time.Second)
	w.Uncut(&w.q, a, b)
	w.pass(100 * time.Second)
	require.Zero(t, w.q.Len(), "no more probes")
	w.send(client, "x")
	w.pass(time.Millisecond)
	w.requireRead(server, "x")
}

func TestRestartedMachineResets(t *testing.T) {
	for _, test := range []struct {
		name  string
		does  func(w *world, client network.Socket)
		after time.Duration
	}{
		{"data", func(w *world, client network.Socket) { w.send(client, "x") }, 2 * time.Millisecond},
		{"keep-alive", func(w *world, client network.Socket) {}, 15 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			client, _ := w.pair(a, b)
			start := w.now()
			w.HostDown(&w.q, b)
			w.HostUp(&w.q, b)
			test.does(w, client)
			when := w.runUntil("broken", func() bool { return w.Readable(client) }) - start
			require.InDelta(t, test.after.Seconds(), when.Seconds(), 0.05)
			w.requireEnd(client, "", network.ECONNRESET)
		})
	}
}

func TestRecoveredConnectionIsFastAgain(t *testing.T) {
	w := newWorld(t)
	client, server := w.pair(a, b)
	w.Cut(&w.q, a, b)
	for range 10 {
		w.send(client, "x")
	}
	w.Uncut(&w.q, a, b)
	w.runUntil("delivered", func() bool { return w.Readable(server) })
	w.pass(2 * time.Millisecond)
	w.requireRead(server, "xxxxxxxxxx")
	w.send(client, "y")
	w.send(client, "z")
	w.pass(time.Millisecond)
	w.requireRead(server, "yz")
}

func TestNothingIsSentAgainWhileAcknowledgementsCome(t *testing.T) {
	w := newWorld(t)
	client, server := w.pair(a, b)
	w.SetNotes(network.Set(network.NoteCut, network.NoteRetransmit))
	w.Cut(&w.q, b, a)
	w.send(client, "x")
	w.pass(time.Millisecond)
	w.Uncut(&w.q, b, a)
	require.Equal(t, network.NoteCut, w.TakeNotes()[0].Kind, "an acknowledgement was lost")
	for range 1000 {
		w.send(client, "y")
		w.pass(500 * time.Microsecond)
		w.read(server)
	}
	require.Empty(t, w.TakeNotes())
}

// TestOpenedWindowForgetsItsBackOff loses something after a side has long waited for a window.
func TestOpenedWindowForgetsItsBackOff(t *testing.T) {
	w := newWorld(t)
	client, server := w.pair(a, b)
	for total := 0; total < 300<<10; w.pass(2 * time.Millisecond) {
		size, _ := w.Send(&w.q, client, make([]byte, 50<<10))
		total += size
	}
	w.pass(time.Minute)
	for range 5 {
		w.read(server)
		w.pass(10 * time.Millisecond)
	}
	w.Cut(&w.q, a, b)
	w.send(client, "x")
	w.Uncut(&w.q, a, b)
	start := w.now()
	w.runUntil("delivered", func() bool { return w.Readable(server) })
	require.InDelta(t, 0.2, (w.now() - start).Seconds(), 0.005)
}
