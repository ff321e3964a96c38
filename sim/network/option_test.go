package network_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/sim/network"
)

func TestNoLinger(t *testing.T) {
	w := newWorld(t)
	client, server := w.pair(a, b)
	require.Equal(t, network.OK, w.SetLinger(client, false))
	require.Equal(t, network.OK, w.SetLinger(client, true))
	require.Equal(t, network.OK, w.SetLinger(client, false))
	w.send(client, "last words")
	w.Close(&w.q, client)
	w.pass(time.Second)
	w.requireEnd(server, "last words", network.ECONNRESET)
	require.Equal(t, network.EINVAL, w.SetLinger(w.bind(a, "0.0.0.0:0"), false))
}

func TestBuffersOfOtherSizes(t *testing.T) {
	const defaults = 2 * 256 << 10
	for _, test := range []struct {
		name          string
		send, receive int // 0: the default
		want          int
	}{
		{"defaults", 0, 0, defaults},
		{"small", 4096, 8192, 4096 + 8192},
		{"no smaller than this", 1, -1, 2 * 2304},
		{"no larger than this", 1 << 30, 1 << 30, 2 * 208 << 10},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			client, server := w.pair(a, b)
			if test.send != 0 {
				require.Equal(t, network.OK, w.SetSendBuffer(client, test.send))
				require.Equal(t, network.OK, w.SetReceiveBuffer(server, test.receive))
				// The window that was told while connecting is used up first: nothing that was promised is taken back.
				for range 300 {
					w.Send(&w.q, client, make([]byte, 1024))
					w.pass(10 * time.Millisecond)
					w.read(server)
				}
			}
			sent := 0
			for {
				size, err := w.Send(&w.q, client, make([]byte, 100_000))
				sent += size
				if err == network.EAGAIN {
					break
				}
				require.Equal(t, network.OK, err)
				w.pass(time.Second)
			}
			require.Equal(t, test.want, sent)
			require.False(t, w.Writable(client))
			got := 0
			for w.pass(time.Second); w.Readable(server); w.pass(time.Second) {
				text, _ := w.read(server)
				got += len(text)
			}
			require.Equal(t, sent, got)
			require.True(t, w.Writable(client))
		})
	}
}

func TestDatagramBufferOfAnotherSize(t *testing.T) {
	w := newWorld(t)
	w.SetNotes(network.Set(network.NoteDiscarded))
	client, server := w.bind(a, "0.0.0.0:0"), w.bind(b, "0.0.0.0:53")
	require.Equal(t, network.OK, w.SetReceiveBuffer(server, 8192))
	for range 20 {
		w.sendTo(client, string(make([]byte, 1000)), "10.0.0.2:53")
	}
	w.pass(time.Second)
	require.Len(t, w.datagrams(server), 2*8192/1768)
	require.Len(t, w.TakeNotes(), 20-2*8192/1768)
}
