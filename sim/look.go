package sim

import "net/netip"

// Way is one direction between two machines.
type Way struct{ From, To *Machine }

// Cuts are the ways on which packets vanish or are rejected, in the order in which they were cut.
func (w *World) Cuts() []Way { return w.ways(w.cuts) }

// Clogs are the ways on which packets wait.
func (w *World) Clogs() []Way { return w.ways(w.clogs) }

func (w *World) ways(of []way) []Way {
	var found []Way
	for _, c := range of {
		found = append(found, Way{w.machineOf(c.from), w.machineOf(c.to)})
	}
	return found
}

// Connection is a connection between two machines, or an attempt at one.
type Connection struct {
	Machine       *Machine // that asked for it
	Peer          *Machine // nil if nobody has the address
	Local, Remote netip.AddrPort
	Open          bool
	// Unacknowledged is what Machine has sent and Peer has not acknowledged, in bytes.
	Unacknowledged uint64
}

// Connections are those of running programs, the oldest first.
func (w *World) Connections() []Connection {
	var found []Connection
	for _, c := range w.network.Connections() {
		each := Connection{Machine: w.machineOf(c.Host), Local: c.Local, Remote: c.Remote, Open: c.Open, Unacknowledged: c.Unacknowledged}
		if c.Peer != 0 {
			each.Peer = w.machineOf(c.Peer)
		}
		found = append(found, each)
	}
	return found
}
