package sim_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/sim"
	"muster/sim/network"
)

func TestLookUps(t *testing.T) {
	l := newLab(t, sim.Options{Seed: 1})
	asker := l.boot("n1", load(t, "probe"), "names")
	l.boot("other", load(t, "probe"), "tick")
	require.NoError(t, l.SetName("registry.example", netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2")))
	l.run(5 * time.Second)
	require.Equal(t, strings.Split(strings.ReplaceAll(strings.TrimSpace(`
host other: [10.0.0.2] <nil>
host OTHER.: [10.0.0.2] <nil>
host registry.example: [10.0.0.1 10.0.0.2] <nil>
host by-file: [10.9.9.9] <nil>
host localhost: [127.0.0.1] <nil>
host n1: [10.0.0.1] <nil>
host nobody: lookup nobody UNKNOWN
host 10.1.2.3: [10.1.2.3] <nil>
IP: [10.0.0.2] <nil>
net IP: [10.0.0.2] <nil>
net IP v6: lookup other UNKNOWN
address 10.0.0.2: [other. registry.example.] <nil>
address 10.9.9.9: [by-file by-file.example.] <nil>
address 127.0.0.1: [localhost] <nil>
address 10.0.9.9: lookup 9.9.0.10.in-addr.arpa. UNKNOWN
canonical: other. <nil>
port: 80 <nil>
port: lookup tcp/no-such-service: unknown port (not found true, timeout false)
services: lookup _registry._tcp.example UNKNOWN
texts: lookup other UNKNOWN
mail: lookup other UNKNOWN
servers: lookup nobody UNKNOWN
TCP address: lookup nobody UNKNOWN
UDP address: 10.0.0.2:53 <nil>`), "UNKNOWN", "on 127.0.0.53:53: no such host (not found true, timeout false)"), "\n"), asker.LastWords())
	counters := asker.ResolverCounters()
	require.NotZero(t, counters.Asked)
	require.Equal(t, counters.Asked, counters.Answered)
}

func TestNamesChangeWhileTheWorldRuns(t *testing.T) {
	l := newLab(t, sim.Options{Seed: 1})
	asker := l.boot("n1", load(t, "probe"), "lookups", "server")
	said := func() string {
		l.run(time.Second)
		words := asker.LastWords()
		return words[len(words)-1]
	}
	l.run(500 * time.Millisecond)
	require.Equal(t, "[] lookup server on 127.0.0.53:53: no such host 0s", said())
	server := l.boot("server", load(t, "probe"), "tick")
	require.Equal(t, "[10.0.0.2] <nil> 0s", said())
	elsewhere := netip.MustParseAddr("10.0.7.7")
	require.NoError(t, l.SetName("server", elsewhere, server.Address()))
	require.Equal(t, []netip.Addr{elsewhere, server.Address()}, l.LookUp("server"))
	require.Equal(t, "[10.0.7.7 10.0.0.2] <nil> 0s", said())
	require.NoError(t, l.SetName("server"))
	require.Equal(t, "[] lookup server on 127.0.0.53:53: no such host 0s", said())
	require.ErrorContains(t, l.SetName("not a name", elsewhere), "letters, digits")
	require.Empty(t, l.LookUp("not a name"))
}

func TestResolverFaults(t *testing.T) {
	for _, test := range []struct {
		mode   network.ResolverMode
		lasts  time.Duration
		says   string
		counts func(c network.ResolverCounters) uint64
	}{
		{network.ResolverSilent, 11 * time.Second, "i/o timeout 10s", func(c network.ResolverCounters) uint64 { return c.Unanswered }},
		{network.ResolverFails, time.Second, "server misbehaving 0s", func(c network.ResolverCounters) uint64 { return c.Failed }},
	} {
		t.Run(test.mode.String(), func(t *testing.T) {
			l := newLab(t, sim.Options{Seed: 1})
			l.boot("server", load(t, "probe"), "tick")
			asker := l.boot("asker", load(t, "probe"), "lookups", "server")
			other := l.boot("other", load(t, "probe"), "lookups", "server")
			last := func(m *sim.Machine) string { return m.LastWords()[len(m.LastWords())-1] }
			l.run(1500 * time.Millisecond)
			require.Equal(t, "[10.0.0.1] <nil> 0s", last(asker))
			asker.SetResolver(test.mode)
			l.run(test.lasts)
			require.Contains(t, last(asker), test.says)
			require.NotZero(t, test.counts(asker.ResolverCounters()))
			require.Equal(t, "[10.0.0.1] <nil> 0s", last(other), "others have resolvers of their own")
			require.Zero(t, test.counts(other.ResolverCounters()))
			asker.SetResolver(network.ResolverAnswers)
			l.run(12 * time.Second)
			require.Equal(t, "[10.0.0.1] <nil> 0s", last(asker))
		})
	}
}

func TestForkHasItsOwnNames(t *testing.T) {
	l := newLab(t, sim.Options{Seed: 1})
	l.boot("n1", load(t, "probe"), "tick")
	past, err := l.Snapshot()
	require.NoError(t, err)
	defer past.Close()
	require.NoError(t, l.SetName("n1"))
	fork, err := past.Fork(1)
	require.NoError(t, err)
	defer fork.Close()
	require.Equal(t, []netip.Addr{netip.MustParseAddr("10.0.0.1")}, fork.LookUp("n1"))
}
