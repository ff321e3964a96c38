package checker

import "muster/model"

// Kind is a kind of operation, as exercising and figures tell them apart.
type Kind string

// The kinds. Observers are no load, so they are of no kind.
const (
	PersistentWrite  Kind = "persistent_write"
	LinearizableRead Kind = "linearizable_read"
	LocalRead        Kind = "local_read"
	EphemeralWrite   Kind = "ephemeral_write"
	EphemeralRead    Kind = "ephemeral_read"
	Heartbeat        Kind = "beat"
)

// Kinds lists them all in the order in which reports show them.
var Kinds = []Kind{PersistentWrite, LinearizableRead, LocalRead, EphemeralWrite, EphemeralRead, Heartbeat}

// KindOf is the kind of an invoked operation; ok is false for an observer's.
func KindOf(invoked model.Record) (kind Kind, ok bool) {
	switch invoked.Call {
	case model.Register, model.Deregister, model.Update:
		if invoked.Ephemeral {
			return EphemeralWrite, true
		}
		return PersistentWrite, true
	case model.Query:
		switch {
		case invoked.Ephemeral:
			return EphemeralRead, true
		case invoked.Read == model.ReadLinearizable:
			return LinearizableRead, true
		}
		return LocalRead, true
	case model.Beat:
		return Heartbeat, true
	}
	return "", false
}
