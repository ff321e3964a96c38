package network_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/sim/network"
)

func TestWhatIsCloggedArrivesInOrder(t *testing.T) {
	w := newWorld(t)
	w.SetNotes(network.Set(network.NoteClogged))
	w.SetDefaultLink(&w.q, network.LAN)
	client, server := w.bind(a, "0.0.0.0:0"), w.bind(b, "0.0.0.0:53")
	w.sendTo(client, "before", "10.0.0.2:53")
	w.Clog(&w.q, a, b)
	var want []string
	for i := range 100 {
		want = append(want, fmt.Sprint(i))
		w.sendTo(client, want[i], "10.0.0.2:53")
	}
	back := w.bind(b, "0.0.0.0:0")
	w.sendTo(back, "the way back is open", "10.0.0.1:32768")
	w.pass(time.Minute)
	require.Equal(t, []string{"before"}, w.datagrams(server))
	require.Equal(t, []string{"the way back is open"}, w.datagrams(client))
	require.Equal(t, uint64(100), w.Counters(a, b).Clogged)
	require.Len(t, w.TakeNotes(), 100)

	w.Unclog(&w.q, a, b)
	require.Empty(t, w.datagrams(server), "they still have their way to go")
	w.pass(time.Second)
	require.Equal(t, want, w.datagrams(server))
	require.NoError(t, w.balance(a, b))
	w.sendTo(client, "after", "10.0.0.2:53")
	w.pass(time.Second)
	require.Equal(t, []string{"after"}, w.datagrams(server))
	require.Equal(t, uint64(100), w.Counters(a, b).Clogged)
}

// TestConnectionInAClog: a sender cannot tell a clog from a cut, and sends again; the receiver sees each byte once.
func TestConnectionInAClog(t *testing.T) {
	w := newWorld(t)
	client, server := w.pair(a, b)
	w.Clog(&w.q, a, b)
	w.send(client, "hello ")
	w.send(client, "world")
	w.pass(10 * time.Second)
	w.requireRead(server, "")
	require.Greater(t, w.Counters(a, b).Clogged, uint64(5), "sent again and again")
	begin := w.now()
	w.Unclog(&w.q, a, b)
	require.Equal(t, time.Millisecond, w.runUntil("readable", func() bool { return w.Readable(server) })-begin, "not when the back-off ends")
	w.pass(time.Millisecond)
	w.requireRead(server, "hello world")
	w.send(client, "!")
	w.pass(time.Second)
	w.requireRead(server, "!")
	w.requireRead(client, "")
}

func TestOneConnectionOfManyRequestsInAClog(t *testing.T) {
	w := newWorld(t)
	l := w.listen(b, "0.0.0.0:80", 10)
	w.Clog(&w.q, a, b)
	client := w.connect(a, "10.0.0.2:80")
	w.pass(20 * time.Second)
	require.False(t, w.Writable(client))
	require.Equal(t, uint64(5), w.Counters(a, b).Clogged, "SYNs at 0, 1, 3, 7 and 15 s")
	link := exact
	link.Bandwidth = 10_000 // so that some of them come when the connection is open
	w.SetLink(&w.q, a, b, link)
	w.Unclog(&w.q, a, b)
	w.pass(time.Second)
	require.Equal(t, network.OK, w.TakeError(client))
	require.True(t, w.Writable(client))
	_, err := w.Accept(&w.q, l)
	require.Equal(t, network.OK, err)
	w.pass(time.Minute)
	require.False(t, w.Readable(l), "the other requests opened nothing")
	require.False(t, w.Readable(client), "and ended nothing")
}

func TestAConnectionGivesUpInAClog(t *testing.T) {
	w := newWorld(t)
	client, _ := w.pair(a, b)
	w.Clog(&w.q, b, a)
	w.send(client, "x")
	w.pass(1000 * time.Second)
	require.Equal(t, network.ETIMEDOUT, w.TakeError(client))
}

func TestCloneHasItsOwnClog(t *testing.T) {
	w := newWorld(t)
	client, server := w.bind(a, "0.0.0.0:0"), w.bind(b, "0.0.0.0:53")
	w.Clog(&w.q, a, b)
	w.sendTo(client, "x", "10.0.0.2:53")
	clone := &world{Network: w.Network.Clone(), t: t, q: w.q.Clone()}
	w.sendTo(client, "y", "10.0.0.2:53")
	clone.sendTo(client, "z", "10.0.0.2:53")
	for _, each := range []struct {
		*world
		want []string
	}{{w, []string{"x", "y"}}, {clone, []string{"x", "z"}}} {
		each.Unclog(&each.q, a, b)
		each.pass(time.Second)
		require.Equal(t, each.want, each.datagrams(server))
	}
}

func TestDefaultLinkLeavesOthersAlone(t *testing.T) {
	w := newWorld(t)
	byHand := network.Link{Loss: 0.5}
	slow := network.Link{Latency: network.Latency{Min: time.Second, Mean: time.Second}}
	w.SetLink(&w.q, a, b, byHand)
	w.SetDefaultLink(&w.q, slow)
	require.Equal(t, byHand, w.Link(a, b))
	require.Equal(t, slow, w.Link(b, a))
	require.NotEqual(t, slow, w.Link(a, a), "no fault strikes the loopback")
	w.UnsetLink(&w.q, a, b)
	require.Equal(t, slow, w.Link(a, b))
	w.SetDefaultLink(&w.q, exact)
	require.Equal(t, exact, w.Link(a, b))
	require.Equal(t, exact, w.DefaultLink())
}
