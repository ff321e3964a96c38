package model

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

// Protocol is how clients talk to the registry.
type Protocol string

// The protocols.
const (
	// HTTP is that of the 1.x line: requests, and beats that keep ephemeral instances alive. An empty Protocol means it, too.
	HTTP Protocol = "http"
	// GRPC is that of the 2.x line: ephemeral instances live as long as the connection that they were registered over.
	GRPC Protocol = "grpc"
)

// Load says what the clients of a run do. A scenario holds one; the stage passes it, as JSON, to the workload program.
type Load struct {
	// EphemeralClients each own one ephemeral instance: they register it, beat, sometimes update or deregister and register it
	// again, and query. PersistentClients each write persistent instances and query them.
	EphemeralClients  int `json:"ephemeral_clients"`
	PersistentClients int `json:"persistent_clients"`
	// EphemeralServices and PersistentServices are how many services the clients of each kind share, in turn.
	EphemeralServices  int `json:"ephemeral_services"`
	PersistentServices int `json:"persistent_services"`
	// Protocol that the clients speak; observers always use HTTP. Empty: HTTP.
	Protocol Protocol `json:"protocol,omitempty"`
	// Subscribers each subscribe one of the ephemeral services, in turn, and tell whatever comes (see Pushed): over gRPC it is pushed;
	// over HTTP they ask every 10 s, and it is pushed over UDP meanwhile.
	Subscribers int `json:"subscribers,omitempty"`
	// OperationsPerSecond of all clients together, without beats and observers. 0: ephemeral clients register and beat, no more.
	OperationsPerSecond float64 `json:"operations_per_second"`
	// ReadShare is the share of operations that are queries, 0 to 1.
	ReadShare float64 `json:"read_share"`
	// ReadModes are drawn from, evenly, for each query of a persistent service. Empty: ReadLinearizable alone.
	ReadModes []ReadMode `json:"read_modes,omitempty"`
	// Timeout after which a request is given up; for a write its outcome is then unknown.
	Timeout time.Duration `json:"timeout_ns"`
	// BeatInterval of ephemeral instances; Nacos's clients use 5 s.
	BeatInterval time.Duration `json:"beat_interval_ns"`
	// ObserveInterval is how often the observer of each node lists each service. 0: no observers.
	ObserveInterval time.Duration `json:"observe_interval_ns"`
	// WarmUp is how long after the start of the workload all clients wait before their first operation.
	WarmUp time.Duration `json:"warm_up_ns"`
	// Stop is when, after the start of the workload, clients invoke no more operations. Beats and observers go on to the end, and
	// so does what belongs to beating: a client registers again when it learns that its instance is gone. 0: never.
	Stop time.Duration `json:"stop_ns"`
	// Leaving is how many of the ephemeral clients, the last ones, deregister for good when they stop, as a process does that is shut
	// down. The others' instances stay.
	Leaving int `json:"leaving,omitempty"`
	// Silences are times in which an ephemeral client is as good as dead.
	Silences []Silence `json:"silences,omitempty"`
	// Servers each listen on a port of their own and have one persistent instance say so, in one service that they share. They
	// never deregister it, nor say anything more: to find out whether they listen is the registry's business.
	Servers int `json:"servers,omitempty"`
	// Outages are times in which a server does not listen.
	Outages []Outage `json:"outages,omitempty"`
	// Scripted are further clients, each of which does just what it is told.
	Scripted []Scripted `json:"scripted,omitempty"`
	// Namespace in which everything is registered. Empty: DefaultNamespace.
	Namespace string `json:"namespace,omitempty"`
	// Prefix of service names, so that two runs against one cluster do not meet.
	Prefix string `json:"prefix,omitempty"`
}

// Silence makes one ephemeral client send nothing for a while: its process died, or its machine lost the network.
type Silence struct {
	// Client is the number of the ephemeral client, from 1.
	Client int `json:"client"`
	// From is counted from the start of the workload.
	From time.Duration `json:"from_ns"`
	// For is how long it lasts. 0: to the end of the run.
	For time.Duration `json:"for_ns,omitempty"`
}

// Outage has one server not listen for a while: its process died, and was started again.
type Outage struct {
	// Server is its number, from 1.
	Server int `json:"server"`
	// From is counted from the start of the workload.
	From time.Duration `json:"from_ns"`
	// For is how long it lasts. 0: to the end of the run.
	For time.Duration `json:"for_ns,omitempty"`
}

// Validate says what is wrong with a load, and what would be right.
func (l Load) Validate() error {
	var wrong []error
	complain := func(format string, arguments ...any) { wrong = append(wrong, fmt.Errorf(format, arguments...)) }

	for _, kind := range []struct {
		name              string
		clients, services int
	}{
		{"ephemeral", l.EphemeralClients, l.EphemeralServices},
		{"persistent", l.PersistentClients, l.PersistentServices},
	} {
		switch {
		case kind.clients < 0 || kind.clients > MaxClients:
			complain("%s_clients is %d: want 0 to %d", kind.name, kind.clients, MaxClients)
		case kind.services < 0 || kind.services > MaxClients:
			complain("%s_services is %d: want 0 to %d", kind.name, kind.services, MaxClients)
		case kind.clients > 0 && kind.services == 0:
			complain("%s_services is 0, but there are %d %s clients: want at least 1 service", kind.name, kind.clients, kind.name)
		}
	}
	if l.EphemeralClients == 0 && l.PersistentClients == 0 && len(l.Scripted) == 0 {
		complain("ephemeral_clients and persistent_clients are both 0: want at least one client")
	}
	if l.Protocol != "" && l.Protocol != HTTP && l.Protocol != GRPC {
		complain("protocol %q: want %q or %q", l.Protocol, HTTP, GRPC)
	}
	switch {
	case l.Subscribers < 0 || l.Subscribers > MaxClients:
		complain("subscribers is %d: want 0 to %d", l.Subscribers, MaxClients)
	case l.Subscribers > 0 && l.EphemeralServices == 0:
		complain("ephemeral_services is 0, but there are %d subscribers: want at least 1 service", l.Subscribers)
	}
	if l.Servers < 0 || l.Servers > MaxClients {
		complain("servers is %d: want 0 to %d", l.Servers, MaxClients)
	}
	if l.Leaving < 0 || l.Leaving > l.EphemeralClients {
		complain("leaving is %d: want 0 to %d, the number of ephemeral clients", l.Leaving, l.EphemeralClients)
	}
	if l.OperationsPerSecond < 0 || math.IsInf(l.OperationsPerSecond, 0) || math.IsNaN(l.OperationsPerSecond) {
		complain("operations_per_second is %v: want 0 or more", l.OperationsPerSecond)
	}
	if !(l.ReadShare >= 0 && l.ReadShare <= 1) {
		complain("read_share is %v: want 0 to 1", l.ReadShare)
	}
	for _, mode := range l.ReadModes {
		if mode != ReadLocal && mode != ReadLinearizable {
			complain("read mode %q: want %q or %q", mode, ReadLocal, ReadLinearizable)
		}
	}
	if l.Timeout <= 0 {
		complain("timeout_ns is %v: want more than 0, for example 3s = 3000000000", l.Timeout)
	}
	if l.EphemeralClients > 0 && l.BeatInterval <= 0 {
		complain("beat_interval_ns is %v: want more than 0; Nacos's clients use 5s = 5000000000", l.BeatInterval)
	}
	for _, span := range []struct {
		name string
		time time.Duration
	}{{"observe_interval_ns", l.ObserveInterval}, {"warm_up_ns", l.WarmUp}, {"stop_ns", l.Stop}} {
		if span.time < 0 {
			complain("%s is %v: want 0 or more", span.name, span.time)
		}
	}
	for _, scripted := range l.Scripted {
		if err := scripted.validate(); err != nil {
			wrong = append(wrong, err)
		}
		if scripted.Ephemeral && scripted.Protocol != GRPC && l.BeatInterval <= 0 {
			complain("beat_interval_ns is %v: scripted client %q beats: want more than 0", l.BeatInterval, scripted.Name)
		}
	}
	return errors.Join(append(wrong, l.validatePauses()...)...)
}

// MaxClients of a kind, and services of a kind: each has an address of its own.
const MaxClients = 10_000

// pause is a silence or an outage of the client or server with a number.
type pause struct {
	number      int
	from, lasts time.Duration
}

func (l Load) validatePauses() []error {
	var silences, outages []pause
	for _, s := range l.SilencesInOrder() {
		silences = append(silences, pause{s.Client, s.From, s.For})
	}
	for _, o := range l.OutagesInOrder() {
		outages = append(outages, pause{o.Server, o.From, o.For})
	}
	return append(pausesInvalid(silences, "silence of client", "one of the ephemeral clients", l.EphemeralClients),
		pausesInvalid(outages, "outage of server", "one of the servers", l.Servers)...)
}

// pausesInvalid says what is wrong with pauses, in the order in which they begin, of those with the numbers from 1 to most.
func pausesInvalid(pauses []pause, what, whose string, most int) []error {
	var wrong []error
	last := map[int]pause{}
	for _, p := range pauses {
		switch before, again := last[p.number]; {
		case p.number < 1 || p.number > most:
			wrong = append(wrong, fmt.Errorf("%s %d: want %s, 1 to %d", what, p.number, whose, most))
		case p.from < 0 || p.lasts < 0:
			wrong = append(wrong, fmt.Errorf("%s %d from %v for %v: want no negative times", what, p.number, p.from, p.lasts))
		case again && (before.lasts == 0 || before.from+before.lasts > p.from):
			wrong = append(wrong, fmt.Errorf("%s %d from %v begins before the one from %v ends", what, p.number, p.from, before.from))
		}
		last[p.number] = p
	}
	return wrong
}

// SilencesInOrder are the silences sorted by when they begin.
func (l Load) SilencesInOrder() []Silence {
	silences := slices.Clone(l.Silences)
	slices.SortStableFunc(silences, func(a, b Silence) int { return cmp.Compare(a.From, b.From) })
	return silences
}

// OutagesInOrder are the outages sorted by when they begin.
func (l Load) OutagesInOrder() []Outage {
	outages := slices.Clone(l.Outages)
	slices.SortStableFunc(outages, func(a, b Outage) int { return cmp.Compare(a.From, b.From) })
	return outages
}
