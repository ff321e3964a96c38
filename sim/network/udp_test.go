package network_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/sim/network"
)

func (w *world) bind(h network.Host, address string) network.Socket {
	w.t.Helper()
	s, err := w.BindUDP(&w.q, h, at(address))
	require.Equal(w.t, network.OK, err)
	return s
}

func (w *world) sendTo(s network.Socket, text, to string) {
	w.t.Helper()
	size, err := w.SendTo(&w.q, s, []byte(text), at(to))
	require.Equal(w.t, network.OK, err)
	require.Equal(w.t, len(text), size)
}

// datagrams reads all that wait.
func (w *world) datagrams(s network.Socket) []string {
	w.t.Helper()
	var all []string
	for {
		p := make([]byte, 1<<16)
		size, _, err := w.ReceiveFrom(&w.q, s, p)
		if err == network.EAGAIN {
			return all
		}
		require.Equal(w.t, network.OK, err)
		all = append(all, string(p[:size]))
	}
}

func TestDatagramArrives(t *testing.T) {
	w := newWorld(t)
	client, server := w.bind(a, "0.0.0.0:0"), w.bind(b, "0.0.0.0:53")
	w.sendTo(client, "question", "10.0.0.2:53")
	require.False(t, w.Readable(server))
	w.pass(time.Millisecond)
	require.Equal(t, []network.Socket{server}, w.TakeReady())
	require.True(t, w.Readable(server))

	p := make([]byte, 5)
	size, from, err := w.ReceiveFrom(&w.q, server, p)
	require.Equal(t, network.OK, err)
	require.Equal(t, "quest", string(p), "the rest is lost")
	require.Equal(t, 8, size)
	require.Equal(t, netip.MustParseAddr("10.0.0.1"), from.Addr())
	_, _, err = w.ReceiveFrom(&w.q, server, p)
	require.Equal(t, network.EAGAIN, err)

	w.sendTo(server, "answer", from.String())
	w.pass(time.Millisecond)
	require.Equal(t, []string{"answer"}, w.datagrams(client))
}

func TestConnectedDatagramSocket(t *testing.T) {
	w := newWorld(t)
	client, server, stranger := w.bind(a, "0.0.0.0:0"), w.bind(b, "0.0.0.0:53"), w.bind(c, "0.0.0.0:53")
	require.Equal(t, network.OK, w.ConnectUDP(&w.q, client, at("10.0.0.2:53")))
	require.Equal(t, at("10.0.0.2:53"), w.RemoteAddr(client))
	local := w.LocalAddr(client)
	require.Equal(t, "10.0.0.1", local.Addr().String())

	w.send(client, "question")
	w.pass(time.Millisecond)
	w.requireRead(server, "question")
	w.sendTo(server, "answer", local.String())
	w.sendTo(stranger, "lie", local.String())
	w.pass(time.Millisecond)
	require.Equal(t, []string{"answer"}, w.datagrams(client))

	w.Close(&w.q, server)
	w.send(client, "anybody?")
	w.pass(10 * time.Millisecond)
	require.True(t, w.Readable(client))
	_, _, err := w.ReceiveFrom(&w.q, client, nil)
	require.Equal(t, network.ECONNREFUSED, err)
	_, _, err = w.ReceiveFrom(&w.q, client, nil)
	require.Equal(t, network.EAGAIN, err)
}

func TestDatagramsThatAreNotSent(t *testing.T) {
	w := newWorld(t)
	s := w.bind(a, "0.0.0.0:0")
	for _, test := range []struct {
		to   netip.AddrPort
		size int
		want network.Errno
	}{
		{at("10.0.0.2:53"), 65507, network.OK},
		{at("10.0.0.2:53"), 65508, network.EMSGSIZE},
		{netip.AddrPort{}, 1, network.EDESTADDRREQ},
		{at("10.0.0.2:0"), 1, network.EINVAL},
		{at("10.0.0.99:53"), 1, network.OK}, // nobody has that address, and nobody says so
	} {
		_, err := w.SendTo(&w.q, s, make([]byte, test.size), test.to)
		require.Equal(t, test.want, err, "%+v", test)
	}
	local := w.bind(a, "127.0.0.1:0")
	_, err := w.SendTo(&w.q, local, []byte("x"), at("10.0.0.2:53"))
	require.Equal(t, network.EINVAL, err)
	_, err = w.SendTo(&w.q, 999, []byte("x"), at("10.0.0.2:53"))
	require.Equal(t, network.EBADF, err)
	require.Equal(t, network.EADDRNOTAVAIL, w.ConnectUDP(&w.q, s, at("0.0.0.0:1")))
	require.Equal(t, network.EINVAL, w.ConnectUDP(&w.q, w.listen(a, "0.0.0.0:1", 1), at("10.0.0.2:1")))
}

func TestDatagramsFindTheNarrowestSocket(t *testing.T) {
	w := newWorld(t)
	client, local, public := w.bind(b, "0.0.0.0:0"), w.bind(a, "127.0.0.1:53"), w.bind(a, "10.0.0.1:53")
	w.sendTo(client, "far", "10.0.0.1:53")
	w.sendTo(local, "near", "127.0.0.1:53")
	w.pass(time.Millisecond)
	require.Equal(t, []string{"far"}, w.datagrams(public))
	require.Equal(t, []string{"near"}, w.datagrams(local))
}

func TestFullBufferDropsDatagrams(t *testing.T) {
	w := newWorld(t)
	w.SetNotes(network.AllNotes)
	client, server := w.bind(a, "0.0.0.0:0"), w.bind(b, "0.0.0.0:53")
	for range 10 {
		w.sendTo(client, string(make([]byte, 60_000)), "10.0.0.2:53")
	}
	w.pass(time.Second)
	require.Len(t, w.datagrams(server), 3, "of 208 KiB")
	discarded := 0
	for _, note := range w.TakeNotes() {
		if note.Kind == network.NoteDiscarded {
			discarded++
		}
	}
	require.Equal(t, 7, discarded)
	w.sendTo(client, "room again", "10.0.0.2:53")
	w.pass(time.Second)
	require.Equal(t, []string{"room again"}, w.datagrams(server))
}

func TestDatagramsMeetFaults(t *testing.T) {
	const sent = 1000
	for _, test := range []struct {
		name             string
		link             network.Link
		strike           func(w *world)
		arrived          int
		within           int
		inOrder, refused bool
	}{
		{name: "none", link: exact, arrived: sent, inOrder: true},
		{name: "loss", link: network.Link{Loss: 0.3}, arrived: 700, within: 60, inOrder: true},
		{name: "duplicates", link: network.Link{Duplicate: 0.3}, arrived: 1300, within: 60, inOrder: true},
		{name: "reordering", link: network.Link{Latency: exact.Latency, Reorder: 0.1}, arrived: sent},
		{name: "jitter", link: network.LAN, arrived: sent, inOrder: true},
		{name: "cut", link: exact, strike: func(w *world) { w.Cut(&w.q, a, b) }, inOrder: true},
		{name: "cut back", link: exact, strike: func(w *world) { w.Cut(&w.q, b, a) }, arrived: sent, inOrder: true},
		{name: "rejected", link: exact, strike: func(w *world) { w.Reject(&w.q, a, b) }, inOrder: true, refused: true},
		{name: "power", link: exact, strike: func(w *world) { w.HostDown(&w.q, b) }, inOrder: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			w.SetLink(&w.q, a, b, test.link)
			client, server := w.bind(a, "0.0.0.0:0"), w.bind(b, "0.0.0.0:53")
			if test.strike != nil {
				test.strike(w)
			}
			var got []string
			for i := range sent {
				w.sendTo(client, string(rune(i)), "10.0.0.2:53")
				w.pass(100 * time.Microsecond)
				if test.arrived > 0 {
					got = append(got, w.datagrams(server)...)
				}
			}
			w.pass(time.Second)
			if test.arrived > 0 {
				got = append(got, w.datagrams(server)...)
			}
			require.InDelta(t, test.arrived, len(got), float64(test.within))
			inOrder := true
			for i := range got[min(1, len(got)):] {
				inOrder = inOrder && got[i] <= got[i+1]
			}
			require.Equal(t, test.inOrder, inOrder)
			require.NoError(t, w.balance(a, b))
			if test.refused {
				require.Equal(t, network.OK, w.ConnectUDP(&w.q, client, at("10.0.0.2:53")))
				w.send(client, "x")
				w.pass(time.Second)
				_, err := w.Send(&w.q, client, []byte("x"))
				require.Equal(t, network.ECONNREFUSED, err)
			}
		})
	}
}
