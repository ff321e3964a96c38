package network_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/sim/network"
)

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
