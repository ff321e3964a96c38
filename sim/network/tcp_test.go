package network_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/sim/network"
)

func TestConnectionOpensWithThreePackets(t *testing.T) {
	w := newWorld(t)
	l := w.listen(b, "0.0.0.0:80", 10)
	client := w.connect(a, "10.0.0.2:80")
	require.False(t, w.Writable(client))

	w.pass(2 * time.Millisecond)
	require.True(t, w.Writable(client))
	require.Equal(t, network.OK, w.TakeError(client))
	require.False(t, w.Readable(l), "the third packet is under way")
	_, err := w.Accept(&w.q, l)
	require.Equal(t, network.EAGAIN, err)

	w.pass(time.Millisecond)
	require.True(t, w.Readable(l))
	server, err := w.Accept(&w.q, l)
	require.Equal(t, network.OK, err)
	require.Equal(t, "10.0.0.1", w.LocalAddr(client).Addr().String())
	require.GreaterOrEqual(t, w.LocalAddr(client).Port(), uint16(32768))
	require.Equal(t, w.LocalAddr(client), w.RemoteAddr(server))
	require.Equal(t, at("10.0.0.2:80"), w.RemoteAddr(client))
	require.Equal(t, at("10.0.0.2:80"), w.LocalAddr(server))
	require.Equal(t, at("0.0.0.0:80"), w.LocalAddr(l))
}

func TestConnectFails(t *testing.T) {
	for _, test := range []struct {
		name   string
		remote string
		before func(w *world)
		want   network.Errno
		after  time.Duration
	}{
		{"nobody listens", "10.0.0.2:80", func(w *world) {}, network.ECONNREFUSED, 2 * time.Millisecond},
		{"nobody listens there", "10.0.0.2:80", func(w *world) { w.listen(b, "127.0.0.1:80", 1) }, network.ECONNREFUSED, 2 * time.Millisecond},
		{"no such machine", "10.0.0.9:80", func(w *world) {}, network.EHOSTUNREACH, 3 * time.Second},
		{"way there cut", "10.0.0.2:80", func(w *world) { w.listen(b, "10.0.0.2:80", 1); w.Cut(&w.q, a, b) }, network.ETIMEDOUT, 127 * time.Second},
		{"way back cut", "10.0.0.2:80", func(w *world) { w.listen(b, "10.0.0.2:80", 1); w.Cut(&w.q, b, a) }, network.ETIMEDOUT, 127 * time.Second},
		{"machine down", "10.0.0.2:80", func(w *world) { w.HostDown(&w.q, b) }, network.ETIMEDOUT, 127 * time.Second},
		{"rejected", "10.0.0.2:80", func(w *world) { w.listen(b, "10.0.0.2:80", 1); w.Reject(&w.q, a, b) }, network.ECONNREFUSED, time.Millisecond},
		{"way back rejected", "10.0.0.2:80", func(w *world) { w.listen(b, "10.0.0.2:80", 1); w.Reject(&w.q, b, a) }, network.ETIMEDOUT, 127 * time.Second},
		{"this machine, nobody listens", "127.0.0.1:80", func(w *world) { w.listen(a, "10.0.0.1:80", 1) }, network.ECONNREFUSED, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			test.before(w)
			s := w.connect(a, test.remote)
			when := w.runUntil("decided", func() bool { return w.Writable(s) })
			require.Equal(t, test.want, w.TakeError(s))
			require.InDelta(t, test.after.Seconds(), when.Seconds(), 0.0005)
			require.Equal(t, network.OK, w.TakeError(s), "an error is told once")
			_, err := w.Send(&w.q, s, []byte("x"))
			require.Equal(t, network.EPIPE, err)
		})
	}
}

func TestSynIsSentAgain(t *testing.T) {
	for _, test := range []struct{ healed, opened time.Duration }{
		{500 * time.Millisecond, time.Second},
		{2 * time.Second, 3 * time.Second},
		{4 * time.Second, 7 * time.Second},
		{40 * time.Second, 63 * time.Second},
	} {
		w := newWorld(t)
		w.listen(b, "10.0.0.2:80", 1)
		w.Cut(&w.q, a, b)
		s := w.connect(a, "10.0.0.2:80")
		w.pass(test.healed)
		w.Uncut(&w.q, a, b)
		require.Equal(t, test.opened+2*time.Millisecond, w.runUntil("open", func() bool { return w.Writable(s) }))
	}
}

func TestFullBacklogDropsRequests(t *testing.T) {
	w := newWorld(t)
	l := w.listen(b, "10.0.0.2:80", 2)
	first, second, third := w.connect(a, "10.0.0.2:80"), w.connect(a, "10.0.0.2:80"), w.connect(a, "10.0.0.2:80")
	w.pass(500 * time.Millisecond)
	require.True(t, w.Writable(first))
	require.True(t, w.Writable(second))
	require.False(t, w.Writable(third))
	_, err := w.Accept(&w.q, l)
	require.Equal(t, network.OK, err)
	require.Equal(t, time.Second+2*time.Millisecond, w.runUntil("open", func() bool { return w.Writable(third) }))
}

func TestAddressesInUse(t *testing.T) {
	w := newWorld(t)
	w.listen(a, "10.0.0.1:80", 1)
	for _, test := range []struct {
		address string
		want    network.Errno
	}{
		{"10.0.0.1:80", network.EADDRINUSE},
		{"0.0.0.0:80", network.EADDRINUSE},
		{"[::]:80", network.EADDRINUSE},
		{"[::ffff:10.0.0.1]:80", network.EADDRINUSE},
		{"127.0.0.1:80", network.OK},
		{"10.0.0.2:80", network.EADDRNOTAVAIL},
		{"10.0.0.1:0", network.OK},
	} {
		_, err := w.ListenTCP(&w.q, a, at(test.address), 1)
		require.Equal(t, test.want, err, test.address)
	}
	_, err := w.BindUDP(&w.q, a, at("10.0.0.1:80"))
	require.Equal(t, network.OK, err, "UDP has ports of its own")
	_, err = w.ListenTCP(&w.q, 99, at("10.0.0.1:80"), 1)
	require.Equal(t, network.EINVAL, err)
}

func TestPortIsFreeAgain(t *testing.T) {
	for name, end := range map[string]func(w *world, l network.Socket){
		"closed":       func(w *world, l network.Socket) { w.Close(&w.q, l) },
		"process died": func(w *world, l network.Socket) { w.ProcessDied(&w.q, b) },
		"power lost":   func(w *world, l network.Socket) { w.HostDown(&w.q, b); w.HostUp(&w.q, b) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			l := w.listen(b, "10.0.0.2:80", 1)
			w.connect(a, "10.0.0.2:80")
			w.pass(time.Second)
			end(w, l)
			w.listen(b, "10.0.0.2:80", 1)
		})
	}
}

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
	w.pass(time.Second)
	require.Equal(t, []network.Socket{server, client}, w.TakeReady())
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

func TestClose(t *testing.T) {
	w := newWorld(t)
	client, server := w.pair(a, b)
	w.send(client, "last words")
	require.Equal(t, network.OK, w.Close(&w.q, client))
	_, err := w.Send(&w.q, client, nil)
	require.Equal(t, network.EBADF, err)
	w.pass(10 * time.Millisecond)
	w.requireEnd(server, "last words", network.OK)
	w.send(server, "too late")
	w.pass(10 * time.Millisecond)
	w.requireEnd(server, "", network.EPIPE)
	_, err = w.Send(&w.q, server, []byte("x"))
	require.Equal(t, network.EPIPE, err)
}

func TestCloseWithUnreadBytesResets(t *testing.T) {
	w := newWorld(t)
	client, server := w.pair(a, b)
	w.send(client, "unread")
	w.pass(time.Millisecond)
	w.Close(&w.q, server)
	w.pass(time.Millisecond)
	w.requireEnd(client, "", network.ECONNRESET)
}

func TestHalfClose(t *testing.T) {
	w := newWorld(t)
	client, server := w.pair(a, b)
	w.send(client, "request")
	require.Equal(t, network.OK, w.Shutdown(&w.q, client, false, true))
	_, err := w.Send(&w.q, client, []byte("x"))
	require.Equal(t, network.EPIPE, err)
	w.pass(time.Millisecond)
	w.requireEnd(server, "request", network.OK)
	w.send(server, "answer")
	w.Close(&w.q, server)
	w.pass(time.Millisecond)
	w.requireEnd(client, "answer", network.OK)
	w.Close(&w.q, client)
	w.pass(time.Minute)
	require.Zero(t, w.q.Len())
	_, there := w.HostOf(server)
	require.False(t, there, "closed by both")
}

func TestResetOfWhatIsOverSaysNothing(t *testing.T) {
	w := newWorld(t)
	client, server := w.pair(a, b)
	w.Shutdown(&w.q, client, false, true)
	w.pass(time.Second)
	w.Close(&w.q, server)
	w.pass(time.Second)
	w.Reset(&w.q, a, b)
	w.requireEnd(client, "", network.OK)
}

func TestPowerLossEndsWhatWaitsForTheLastWord(t *testing.T) {
	w := newWorld(t)
	client, _ := w.pair(a, b)
	w.Close(&w.q, client)
	w.pass(time.Second)
	_, there := w.HostOf(client)
	require.True(t, there, "the other side has not closed")
	w.HostDown(&w.q, b)
	_, there = w.HostOf(client)
	require.False(t, there)
}

// TestLostThirdPacket shows a connection that only the client holds for open: what it sends opens it for the server, too.
func TestLostThirdPacket(t *testing.T) {
	for _, speaks := range []bool{true, false} {
		w := newWorld(t)
		l := w.listen(b, "10.0.0.2:80", 1)
		client := w.connect(a, "10.0.0.2:80")
		w.pass(time.Millisecond)
		w.Cut(&w.q, a, b)
		w.runUntil("open", func() bool { return w.Writable(client) })
		w.Uncut(&w.q, a, b)
		w.pass(500 * time.Millisecond)
		require.False(t, w.Readable(l))
		after := 501 * time.Millisecond
		if speaks {
			w.send(client, "hello")
			after += 2 * time.Millisecond
		} else {
			after = time.Second + 3*time.Millisecond // the server asks again
		}
		require.Equal(t, after, w.runUntil("acceptable", func() bool { return w.Readable(l) }))
		server, err := w.Accept(&w.q, l)
		require.Equal(t, network.OK, err)

		w.Cut(&w.q, b, a)
		w.send(server, "hello")
		w.Uncut(&w.q, b, a)
		w.read(client)
		start := w.now()
		w.runUntil("delivered", func() bool { return w.Readable(client) })
		require.InDelta(t, 0.2, (w.now() - start).Seconds(), 0.005)
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

func TestShutdownOfReading(t *testing.T) {
	w := newWorld(t)
	client, server := w.pair(a, b)
	require.Equal(t, network.OK, w.Shutdown(&w.q, client, true, false))
	require.True(t, w.Readable(client))
	w.requireEnd(client, "", network.OK)
	w.send(server, "x")
	w.pass(time.Second)
	require.Equal(t, network.ENOTCONN, w.Shutdown(&w.q, w.listen(a, "0.0.0.0:1", 1), true, true))
}

func TestClosedListenerResetsWhoWaits(t *testing.T) {
	w := newWorld(t)
	l := w.listen(b, "10.0.0.2:80", 5)
	client := w.connect(a, "10.0.0.2:80")
	w.pass(10 * time.Millisecond)
	half := w.connect(a, "10.0.0.2:80")
	w.pass(time.Millisecond)
	w.Close(&w.q, l)
	w.pass(10 * time.Millisecond)
	w.requireEnd(client, "", network.ECONNRESET)
	require.Equal(t, network.ECONNRESET, w.TakeError(half))
}

func TestGivenUpConnectLeavesNothing(t *testing.T) {
	w := newWorld(t)
	l := w.listen(b, "10.0.0.2:80", 1)
	client := w.connect(a, "10.0.0.2:80")
	w.Close(&w.q, client)
	w.pass(time.Second)
	require.False(t, w.Readable(l))
	w.connect(a, "10.0.0.2:80")
	w.pass(10 * time.Millisecond)
	require.True(t, w.Readable(l), "the backlog is free")
}

func TestProcessDied(t *testing.T) {
	w := newWorld(t)
	quiet, _ := w.pair(a, b)
	talking, _ := w.pair(c, b)
	l := w.listen(b, "10.0.0.2:81", 1)
	waiting := w.connect(a, "10.0.0.2:81")
	w.pass(10 * time.Millisecond)
	w.send(talking, "unread")
	w.pass(10 * time.Millisecond)
	w.ProcessDied(&w.q, b)
	w.pass(10 * time.Millisecond)
	w.requireEnd(quiet, "", network.OK)
	w.requireEnd(talking, "", network.ECONNRESET)
	w.requireEnd(waiting, "", network.ECONNRESET)
	_, there := w.HostOf(l)
	require.False(t, there)
}

func TestFinalWordsSurviveACut(t *testing.T) {
	w := newWorld(t)
	client, server := w.pair(a, b)
	w.Cut(&w.q, a, b)
	w.send(client, "last words")
	w.Close(&w.q, client)
	w.pass(10 * time.Second)
	w.Uncut(&w.q, a, b)
	w.pass(10 * time.Second)
	w.requireEnd(server, "last words", network.OK)
}

func TestOrphanIsGivenUp(t *testing.T) {
	w := newWorld(t)
	client, server := w.pair(a, b)
	w.Cut(&w.q, a, b)
	w.Close(&w.q, client)
	w.pass(104 * time.Second)
	_, there := w.HostOf(client)
	require.False(t, there, "tried 8 times, as tcp_orphan_retries has it")
	w.pass(time.Minute)
	w.requireEnd(server, "", network.ETIMEDOUT)
}

func TestLoopback(t *testing.T) {
	w := newWorld(t)
	w.Cut(&w.q, a, a)
	for _, address := range []string{"127.0.0.1:80", "10.0.0.1:80", "[::1]:80", "127.9.9.9:80", "0.0.0.0:80"} {
		l := w.listen(a, "[::]:80", 1)
		client := w.connect(a, address)
		start := w.now()
		w.runUntil("acceptable", func() bool { return w.Readable(l) })
		server, err := w.Accept(&w.q, l)
		require.Equal(t, network.OK, err, address)
		w.send(client, "x")
		w.pass(time.Millisecond)
		w.requireRead(server, "x")
		require.Less(t, w.now()-start, 2*time.Millisecond)
		w.Close(&w.q, l)
	}
	_, err := w.Connect(&w.q, a, at("127.0.0.1:0"), at("10.0.0.2:80"))
	require.Equal(t, network.EINVAL, err)
}

func TestWrongCalls(t *testing.T) {
	w := newWorld(t)
	l := w.listen(a, "0.0.0.0:80", 1)
	client, _ := w.pair(a, b)
	const nobody network.Socket = 12345
	_, err := w.Send(&w.q, l, []byte("x"))
	require.Equal(t, network.ENOTCONN, err)
	_, err = w.Receive(&w.q, l, make([]byte, 1))
	require.Equal(t, network.ENOTCONN, err)
	_, err = w.Accept(&w.q, client)
	require.Equal(t, network.EINVAL, err)
	_, err = w.Accept(&w.q, nobody)
	require.Equal(t, network.EBADF, err)
	_, err = w.Receive(&w.q, nobody, nil)
	require.Equal(t, network.EBADF, err)
	require.Equal(t, network.EBADF, w.Close(&w.q, nobody))
	require.Equal(t, network.EBADF, w.Shutdown(&w.q, nobody, true, true))
	require.Equal(t, network.EBADF, w.TakeError(nobody))
	require.Equal(t, netip.AddrPort{}, w.LocalAddr(nobody))
	require.Equal(t, netip.AddrPort{}, w.RemoteAddr(nobody))
	_, err = w.Connect(&w.q, a, netip.AddrPort{}, at("10.0.0.2:0"))
	require.Equal(t, network.EADDRNOTAVAIL, err)
	require.Error(t, w.AddHost(9, netip.MustParseAddr("127.0.0.1")))
	require.Error(t, w.AddHost(9, netip.MustParseAddr("10.0.0.1")))
	require.Error(t, w.AddHost(a, netip.MustParseAddr("10.0.0.9")))
}
