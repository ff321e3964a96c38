package sim_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/sim"
	"muster/sim/network"
)

func TestHTTP(t *testing.T) {
	l := newLab(t, sim.Options{Seed: 1})
	l.boot("server", load(t, "probe"), "serve")
	client := l.boot("client", load(t, "probe"), "fetch")
	l.run(5 * time.Second)
	require.Equal(t, []string{
		"200 hello world from 10.0.0.2 <nil>",
		"404 404 page not found", " <nil>",
		"200 3000000 <nil> <nil>",
		"true 300ms",
	}, client.LastWords())
	require.Equal(t, "client gone after 300ms\n", l.said("server"))
}

func TestNetworkErrors(t *testing.T) {
	l := newLab(t, sim.Options{Seed: 1})
	prober := l.boot("prober", load(t, "probe"), "errors")
	l.boot("other", load(t, "probe"), "signal")
	l.run(10 * time.Second)
	require.Equal(t, []string{
		"refused: true (OpError true)",
		"dial tcp 10.0.0.2:81: connect: connection refused",
		"dial tcp: lookup nobody on 127.0.0.53:53: no such host",
		"true 1s",
		"unreachable: true (OpError true)",
		"cancelled: dial tcp 10.0.9.9:81: operation was canceled 1s",
		"in use: true (OpError true)",
		"not ours: true (OpError true)",
		"deadline: true 50ms",
		"reset: true (OpError true)",
		"pipe: true (OpError true)",
		"closed: true",
		"closed: true",
		"too long: true (OpError true)",
		"listen tcp [::1]:7: socket: address family not supported by protocol",
		"dial udp [::1]:7: socket: address family not supported by protocol",
		"listen tcp [fe80::1]:7: socket: address family not supported by protocol",
		"dial udp [fe80::1]:7: socket: address family not supported by protocol",
		"listen tcp6 :7: socket: address family not supported by protocol",
		"dial tcp6: lookup other on 127.0.0.53:53: no such host",
		"listen ip4:icmp 0.0.0.0: socket: operation not permitted",
		"listen unixgram socket: socket: protocol not supported",
		"all: 0.0.0.0:8",
	}, prober.LastWords())
}

func TestSlowReaderHoldsTheSenderUp(t *testing.T) {
	l := newLab(t, sim.Options{Seed: 1})
	l.boot("server", load(t, "probe"), "slow")
	l.boot("client", load(t, "probe"), "trunk")
	l.run(10 * time.Second)
	require.Equal(t, "wrote 4000000 <nil> true\n", l.said("client"))
	require.Equal(t, "read 4000000 <nil>\n", l.said("server"))
}

// answers counts the answers that the echo client got.
func answers(l *lab) int { return strings.Count(l.said("client"), "question") }

func TestCutAndHeal(t *testing.T) {
	l := newLab(t, sim.Options{Seed: 1})
	server := l.boot("server", load(t, "echo"), "-listen", ":7")
	client := l.boot("client", load(t, "echo"), "-dial", "server:7", "-count", "1000", "-every", "100ms")
	l.run(2 * time.Second)
	before := answers(l)
	require.InDelta(t, 20, before, 2)

	l.Cut(server, client) // questions arrive, answers do not
	l.run(2 * time.Second)
	require.Equal(t, before, answers(l))
	require.NotZero(t, l.Counters(server, client).Cut, "the cut bit")
	require.Zero(t, l.Counters(client, server).Cut, "the way back was open")

	l.Heal()
	l.run(4 * time.Second)
	require.Greater(t, answers(l), before+10, "sent again, and on")

	cut := l.Counters(server, client).Cut
	l.run(time.Second)
	require.Equal(t, cut, l.Counters(server, client).Cut)
}

func TestClogAndUnclog(t *testing.T) {
	l := newLab(t, sim.Options{Seed: 1})
	server := l.boot("server", load(t, "echo"), "-listen", ":7")
	client := l.boot("client", load(t, "echo"), "-dial", "server:7", "-count", "1000", "-every", "100ms")
	l.run(2 * time.Second)
	before := answers(l)
	l.Clog(client, server)
	require.True(t, l.IsClogged(client, server))
	require.False(t, l.IsClogged(server, client))
	l.run(2 * time.Second)
	require.Equal(t, before, answers(l))
	require.NotZero(t, l.Counters(client, server).Clogged, "the clog bit")
	require.Zero(t, l.Counters(client, server).Cut)

	l.Unclog(client, server)
	require.False(t, l.IsClogged(client, server))
	l.run(10 * time.Millisecond)
	require.Greater(t, answers(l), before, "what waited arrives at once")
	l.run(2 * time.Second)
	require.Greater(t, answers(l), before+15)

	l.Clog(client, server)
	l.Heal()
	require.False(t, l.IsClogged(client, server))
}

func TestResetConnections(t *testing.T) {
	l := newLab(t, sim.Options{Seed: 1})
	server := l.boot("server", load(t, "echo"), "-listen", ":7")
	client := l.boot("client", load(t, "echo"), "-dial", "server:7", "-count", "100")
	l.run(1500 * time.Millisecond)
	require.Equal(t, 2, l.Reset(client, server))
	l.run(2 * time.Second)
	words := client.LastWords()
	require.Equal(t, "no answer: <nil>", words[len(words)-1], "the reset met the write before it")
	require.Zero(t, l.Reset(client, server), "nothing is left to be reset")
}

// TestForkOnAnotherNetwork: one past, and a future on slower links.
func TestForkOnAnotherNetwork(t *testing.T) {
	l := newLab(t, sim.Options{Seed: 1})
	l.boot("server", load(t, "echo"), "-listen", ":7")
	l.boot("client", load(t, "echo"), "-dial", "server:7", "-count", "1000", "-every", "10ms")
	l.run(time.Second)
	past, err := l.Snapshot()
	require.NoError(t, err)
	defer past.Close()
	future := func(link network.Link) (answers int) {
		w, err := past.Fork(1)
		require.NoError(t, err)
		defer w.Close()
		w.SetOutput(func(line sim.Line) { answers++ })
		w.SetDefaultLink(link)
		require.Equal(t, link, w.DefaultLink())
		require.NoError(t, w.Run(time.Second))
		return answers
	}
	slow := network.LAN
	slow.Latency.Min, slow.Latency.Mean = 70*time.Millisecond, 71*time.Millisecond
	require.Greater(t, future(l.DefaultLink()), 50)
	require.Less(t, future(slow), 10)
}

func TestPartitionAndIsolate(t *testing.T) {
	l := newLab(t, sim.Options{Seed: 1})
	probe := load(t, "probe")
	a, b, c := l.boot("a", probe, "tick"), l.boot("b", probe, "tick"), l.boot("c", probe, "tick")
	cut := func() (pairs []string) {
		for _, from := range l.Machines() {
			for _, to := range l.Machines() {
				if l.IsCut(from, to) {
					pairs = append(pairs, from.Name()+to.Name())
				}
			}
		}
		return pairs
	}
	l.Partition([]*sim.Machine{a, b}, []*sim.Machine{c})
	require.Equal(t, []string{"ac", "bc", "ca", "cb"}, cut())
	l.Uncut(a, c)
	require.Equal(t, []string{"bc", "ca", "cb"}, cut())
	l.Heal()
	require.Empty(t, cut())
	l.Isolate(b)
	require.Equal(t, []string{"ab", "ba", "bc", "cb"}, cut())
}

func TestLinks(t *testing.T) {
	took := func(link network.Link) time.Duration {
		l := newLab(t, sim.Options{Seed: 1})
		server := l.boot("server", load(t, "echo"), "-listen", ":7")
		client := l.boot("client", load(t, "echo"), "-dial", "server:7")
		l.SetLink(client, server, link)
		l.run(1500 * time.Millisecond)
		l.UnsetLink(client, server)
		l.run(5 * time.Second)
		took := func(line int) time.Duration {
			_, text, _ := strings.Cut(client.LastWords()[line], "took ")
			d, err := time.ParseDuration(text)
			require.NoError(t, err)
			return d
		}
		require.Less(t, took(3), 20*time.Millisecond, "undone")
		return took(1)
	}
	slow := network.LAN
	slow.Latency.Min, slow.Latency.Mean = 70*time.Millisecond, 71*time.Millisecond
	require.Less(t, took(network.LAN), 10*time.Millisecond)
	require.Greater(t, took(slow), 70*time.Millisecond)
}
