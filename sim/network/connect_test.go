package network_test

import (
	"net/netip"
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
	l := w.listen(b, "10.0.0.2:80", 1)
	first, second := w.connect(a, "10.0.0.2:80"), w.connect(a, "10.0.0.2:80")
	w.pass(10 * time.Millisecond)
	third, start := w.connect(a, "10.0.0.2:80"), w.now()
	w.pass(500 * time.Millisecond)
	require.True(t, w.Writable(first))
	require.True(t, w.Writable(second))
	require.False(t, w.Writable(third))
	_, err := w.Accept(&w.q, l)
	require.Equal(t, network.OK, err)
	require.Equal(t, time.Second+2*time.Millisecond, w.runUntil("open", func() bool { return w.Writable(third) })-start)
}

// TestBacklogThatFillsMeanwhile: who asked while there was room takes the connection for open, and it is once there is room again.
func TestBacklogThatFillsMeanwhile(t *testing.T) {
	w := newWorld(t)
	l := w.listen(b, "10.0.0.2:80", 0)
	first, second := w.connect(a, "10.0.0.2:80"), w.connect(a, "10.0.0.2:80")
	w.pass(10 * time.Millisecond)
	require.True(t, w.Writable(first))
	require.True(t, w.Writable(second), "as far as it knows")
	w.send(second, "hello")
	w.pass(500 * time.Millisecond)
	_, err := w.Accept(&w.q, l)
	require.Equal(t, network.OK, err)
	_, err = w.Accept(&w.q, l)
	require.Equal(t, network.EAGAIN, err)
	w.runUntil("acceptable", func() bool { return w.Readable(l) })
	server, err := w.Accept(&w.q, l)
	require.Equal(t, network.OK, err)
	w.pass(time.Second)
	w.requireRead(server, "hello")

	third, fourth := w.connect(a, "10.0.0.2:80"), w.connect(a, "10.0.0.2:80")
	w.pass(70 * time.Second)
	require.True(t, w.Writable(third))
	w.send(fourth, "x")
	w.pass(time.Second)
	require.Equal(t, network.ECONNRESET, w.TakeError(fourth), "the server has given it up")
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

func TestNoPortIsLeft(t *testing.T) {
	w := newWorld(t)
	for range 60999 - 32768 + 1 {
		w.connect(a, "10.0.0.2:80")
	}
	_, err := w.Connect(&w.q, a, netip.AddrPort{}, at("10.0.0.2:80"))
	require.Equal(t, network.EADDRNOTAVAIL, err)
	_, err = w.ListenTCP(&w.q, a, at("0.0.0.0:0"), 1)
	require.Equal(t, network.EADDRINUSE, err)
	require.NotZero(t, w.bind(a, "0.0.0.0:0"), "UDP has ports of its own")
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
	require.Equal(t, network.EBADF, w.SetLinger(nobody, false))
	require.Equal(t, network.EBADF, w.SetSendBuffer(nobody, 1))
	require.Equal(t, network.EBADF, w.SetReceiveBuffer(nobody, 1))
	toZero := w.connect(a, "10.0.0.2:0")
	w.pass(10 * time.Millisecond)
	require.Equal(t, network.ECONNREFUSED, w.TakeError(toZero))
	require.Error(t, w.AddHost(9, netip.MustParseAddr("127.0.0.1")))
	require.Error(t, w.AddHost(9, netip.MustParseAddr("10.0.0.1")))
	require.Error(t, w.AddHost(a, netip.MustParseAddr("10.0.0.9")))
}
