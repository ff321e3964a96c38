package model

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Scripted is a client that does what its script says when it says so, and draws nothing: what follows can be timed.
type Scripted struct {
	// Name of the client in the history.
	Name string `json:"name"`
	// Protocol that it speaks. Empty: HTTP.
	Protocol Protocol `json:"protocol,omitempty"`
	// Node is the number, from 1, of the node that it asks. Over HTTP it asks no other; over gRPC it connects to it first, and to others
	// when it has to, unless it is Pinned.
	Node   int  `json:"node"`
	Pinned bool `json:"pinned,omitempty"`
	// Service is the bare name of the one service that it has to do with.
	Service string `json:"service"`
	// Ephemeral are its instances, or persistent.
	Ephemeral bool `json:"ephemeral,omitempty"`
	// Number tells its instances from those of other clients: they stand at 10.3.x.y. Clients that register nothing need none.
	Number int `json:"number,omitempty"`
	// Owner is the number of the node that is responsible for its instances by their address while all nodes are up; their ports are
	// chosen so. 0: whoever it is.
	Owner int `json:"owner,omitempty"`
	// Deeds are what it does, in the order of time.
	Deeds []Deed `json:"deeds"`
}

// Deed is one thing that a scripted client does, or does again and again.
type Deed struct {
	// At is when, counted from the start of the workload.
	At time.Duration `json:"at_ns"`
	// Do is what: Register and Deregister its instance, Observe its service at its node, subscribe it (Pushed; over HTTP, in datagrams, of
	// which it tells and not of the lists that it asks for besides), or fall silent for good (ClientSilent). An ephemeral instance that was
	// registered over HTTP is kept alive by beats from then on.
	Do Call `json:"do"`
	// Every has it done again after so long, until Until; without waiting for the one before if it is a write, each of which is then about
	// another instance.
	Every time.Duration `json:"every_ns,omitempty"`
	Until time.Duration `json:"until_ns,omitempty"`
	// HangUp closes the connections of a client that falls silent, as the system does for a process that died. Otherwise they stay open
	// and mute, as behind a dead link.
	HangUp bool `json:"hang_up,omitempty"`
}

// scriptable is what a scripted client can do.
var scriptable = []Call{Register, Deregister, Observe, Pushed, ClientSilent}

// validate says what is wrong with a scripted client, and what would be right.
func (s Scripted) validate() error {
	var wrong []error
	complain := func(format string, arguments ...any) {
		wrong = append(wrong, fmt.Errorf("scripted client %q: "+format, append([]any{s.Name}, arguments...)...))
	}
	if s.Name == "" || s.Service == "" {
		complain("has no name or no service: want both")
	}
	if s.Node < 1 || s.Owner < 0 || s.Number < 0 || s.Number > MaxClients {
		complain("node %d, owner %d, number %d: want a node from 1, and the others from 0", s.Node, s.Owner, s.Number)
	}
	if s.Protocol != "" && s.Protocol != HTTP && s.Protocol != GRPC {
		complain("protocol %q: want %q or %q", s.Protocol, HTTP, GRPC)
	}
	for i, deed := range s.Deeds {
		switch {
		case !slices.Contains(scriptable, deed.Do):
			complain("deed %d is %q: want one of %v", i+1, deed.Do, scriptable)
		case (deed.Do == Register || deed.Do == Deregister) && s.Number == 0:
			complain("deed %d is about an instance, but the client has no number: want one from 1", i+1)
		case deed.At < 0 || deed.Every < 0 || i > 0 && deed.At < s.Deeds[i-1].At:
			complain("deed %d is at %v, every %v: want times from zero on, in order", i+1, deed.At, deed.Every)
		case deed.Every > 0 && deed.Until <= deed.At:
			complain("deed %d is done every %v from %v until %v: want a later end", i+1, deed.Every, deed.At, deed.Until)
		}
	}
	return errors.Join(wrong...)
}
