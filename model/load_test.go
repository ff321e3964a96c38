package model

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func validLoad() Load {
	return Load{
		EphemeralClients: 2, EphemeralServices: 1, PersistentClients: 2, PersistentServices: 1,
		OperationsPerSecond: 10, ReadShare: 0.5, Timeout: 3 * time.Second, BeatInterval: 5 * time.Second,
	}
}

func script(deeds ...Deed) Scripted {
	return Scripted{Name: "poll", Node: 1, Service: "web", Ephemeral: true, Protocol: HTTP, Deeds: deeds}
}

func TestLoadValidate(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Load)
		want   string // empty: the load is valid
	}{
		{"as it is", func(*Load) {}, ""},
		{"no operations but beats", func(l *Load) { l.OperationsPerSecond = 0 }, ""},
		{"silences one after the other", func(l *Load) {
			l.Silences = []Silence{{Client: 1, From: 20 * time.Second}, {Client: 1, From: 10 * time.Second, For: 10 * time.Second}}
		}, ""},
		{"nobody", func(l *Load) { l.EphemeralClients, l.PersistentClients = 0, 0 }, "at least one client"},
		{"too many", func(l *Load) { l.EphemeralClients = MaxClients + 1 }, "ephemeral_clients is 10001: want 0 to 10000"},
		{"negative services", func(l *Load) { l.PersistentServices = -1 }, "persistent_services is -1"},
		{"no service", func(l *Load) { l.PersistentServices = 0 }, "persistent_services is 0, but there are 2"},
		{"more leave than there are", func(l *Load) { l.Leaving = 3 }, "leaving is 3: want 0 to 2"},
		{"over gRPC, with subscribers", func(l *Load) { l.Protocol, l.Subscribers = GRPC, 3 }, ""},
		{"unknown protocol", func(l *Load) { l.Protocol = "dubbo" }, `protocol "dubbo": want "http" or "grpc"`},
		{"subscribers of nothing", func(l *Load) { l.EphemeralClients, l.EphemeralServices, l.Subscribers = 0, 0, 1 }, "there are 1 subscribers: want at least 1 service"},
		{"negative subscribers", func(l *Load) { l.Subscribers = -1 }, "subscribers is -1: want 0 to 10000"},
		{"infinite rate", func(l *Load) { l.OperationsPerSecond = math.Inf(1) }, "operations_per_second is +Inf"},
		{"share over one", func(l *Load) { l.ReadShare = 1.5 }, "read_share is 1.5: want 0 to 1"},
		{"share that is no number", func(l *Load) { l.ReadShare = math.NaN() }, "read_share is NaN"},
		{"unknown read mode", func(l *Load) { l.ReadModes = []ReadMode{"fresh"} }, `read mode "fresh": want "local" or "linearizable"`},
		{"no time-out", func(l *Load) { l.Timeout = 0 }, "timeout_ns is 0s"},
		{"no beats", func(l *Load) { l.BeatInterval = 0 }, "beat_interval_ns is 0s"},
		{"no beats needed", func(l *Load) { l.BeatInterval, l.EphemeralClients = 0, 0 }, ""},
		{"stops before it begins", func(l *Load) { l.Stop = -1 }, "stop_ns is -1ns"},
		{"silence of nobody", func(l *Load) { l.Silences = []Silence{{Client: 3}} }, "silence of client 3: want one of the ephemeral clients, 1 to 2"},
		{"outage of nobody", func(l *Load) { l.Outages = []Outage{{Server: 1}} }, "outage of server 1: want one of the servers, 1 to 0"},
		{"negative outage", func(l *Load) { l.Servers, l.Outages = 1, []Outage{{Server: 1, For: -time.Second}} }, "want no negative times"},
		{"outage within an outage", func(l *Load) {
			l.Servers, l.Outages = 1, []Outage{{Server: 1, From: 3 * time.Second}, {Server: 1, From: time.Second, For: 5 * time.Second}}
		}, "outage of server 1 from 3s begins before the one from 1s ends"},
		{"fewer than no servers", func(l *Load) { l.Servers = -1 }, "servers is -1"},
		{"negative silence", func(l *Load) { l.Silences = []Silence{{Client: 1, From: -time.Second}} }, "want no negative times"},
		{"a script alone", func(l *Load) {
			*l = Load{Timeout: time.Second, BeatInterval: time.Second, Scripted: []Scripted{script(Deed{Do: Observe})}}
		}, ""},
		{"a script that does what cannot be", func(l *Load) { l.Scripted = []Scripted{script(Deed{Do: Update})} }, `deed 1 is "update": want one of [register`},
		{"a script out of order", func(l *Load) { l.Scripted = []Scripted{script(Deed{At: 2, Do: Observe}, Deed{At: 1, Do: Observe})} }, "deed 2 is at 1ns"},
		{"a script without end", func(l *Load) { l.Scripted = []Scripted{script(Deed{Do: Observe, Every: 1})} }, "want a later end"},
		{"a script without an instance", func(l *Load) { l.Scripted = []Scripted{script(Deed{Do: Register})} }, "has no number"},
		{"a script for no node", func(l *Load) { l.Scripted = []Scripted{{Name: "a", Service: "b"}} }, "node 0, owner 0"},
		{"a script without a name", func(l *Load) { l.Scripted = []Scripted{{Node: 1, Service: "b"}} }, "has no name"},
		{"silence within silence", func(l *Load) {
			l.Silences = []Silence{{Client: 1, From: time.Second}, {Client: 1, From: 2 * time.Second}}
		}, "begins before the one from 1s ends"},
	} {
		t.Run(c.name, func(t *testing.T) {
			load := validLoad()
			c.change(&load)
			err := load.Validate()
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.want)
		})
	}
}
