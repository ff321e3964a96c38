package sim

import (
	"fmt"
	"slices"

	"muster/sim/network"
	"muster/sim/trace"
)

// way is one direction between two machines.
type way struct{ from, to network.Host }

func (w *World) noteCut(from, to *Machine) {
	if c := (way{from.host, to.host}); !slices.Contains(w.cuts, c) {
		w.cuts = append(w.cuts, c)
	}
}

// Cut makes packets from one machine to another vanish without a word. The way back is not touched.
func (w *World) Cut(from, to *Machine) {
	if from == to {
		return
	}
	w.record(trace.Record{Kind: trace.Cut, Machine: from.name, Peer: to.name})
	w.noteCut(from, to)
	w.network.Cut(&w.queue, from.host, to.host)
	w.settle()
}

// Uncut lets packets from one machine to another pass again.
func (w *World) Uncut(from, to *Machine) {
	if from == to {
		return
	}
	w.record(trace.Record{Kind: trace.Uncut, Machine: from.name, Peer: to.name})
	w.cuts = slices.DeleteFunc(w.cuts, func(c way) bool { return c == way{from.host, to.host} })
	w.network.Uncut(&w.queue, from.host, to.host)
	w.settle()
}

// Reject answers packets from one machine to another as a firewall does: connections meet a reset, datagrams an error.
func (w *World) Reject(from, to *Machine) {
	if from == to {
		return
	}
	w.record(trace.Record{Kind: trace.Cut, Machine: from.name, Peer: to.name, Text: "reject"})
	w.noteCut(from, to)
	w.network.Reject(&w.queue, from.host, to.host)
	w.settle()
}

// Clog makes packets from one machine to another wait until Unclog, as in a network that is stuck. None is lost.
func (w *World) Clog(from, to *Machine) {
	if from == to {
		return
	}
	w.record(trace.Record{Kind: trace.Clog, Machine: from.name, Peer: to.name})
	if !w.IsClogged(from, to) {
		w.clogs = append(w.clogs, way{from.host, to.host})
	}
	w.network.Clog(&w.queue, from.host, to.host)
	w.settle()
}

// Unclog lets what waits between two machines travel on. It arrives in the order in which it was sent.
func (w *World) Unclog(from, to *Machine) {
	if from == to {
		return
	}
	w.record(trace.Record{Kind: trace.Unclog, Machine: from.name, Peer: to.name})
	w.clogs = slices.DeleteFunc(w.clogs, func(c way) bool { return c == way{from.host, to.host} })
	w.network.Unclog(&w.queue, from.host, to.host)
	w.settle()
}

// IsClogged tells whether packets from one machine to another have to wait.
func (w *World) IsClogged(from, to *Machine) bool {
	return slices.Contains(w.clogs, way{from.host, to.host})
}

// Reset makes both ends of all connections between two machines hear a reset, now, as a firewall that forgets its state brings about. New
// connections are not touched. It returns how many ends heard of it: 0 if there was nothing to reset.
func (w *World) Reset(a, b *Machine) int {
	count := w.network.Reset(&w.queue, a.host, b.host)
	w.record(trace.Record{Kind: trace.ResetConnections, Machine: a.name, Peer: b.name, Number: int64(count)})
	w.settle()
	return count
}

// Isolate cuts a machine off from all others, in both directions.
func (w *World) Isolate(m *Machine) {
	for _, other := range w.machines {
		w.Cut(m, other)
		w.Cut(other, m)
	}
}

// Partition cuts all ways between machines of different groups. Machines in no group are not touched.
func (w *World) Partition(groups ...[]*Machine) {
	for i, group := range groups {
		for _, other := range groups[i+1:] {
			for _, a := range group {
				for _, b := range other {
					w.Cut(a, b)
					w.Cut(b, a)
				}
			}
		}
	}
}

// Heal ends all cuts, rejects and clogs. Links stay as SetLink made them.
func (w *World) Heal() {
	for len(w.cuts) > 0 {
		w.Uncut(w.machineOf(w.cuts[0].from), w.machineOf(w.cuts[0].to))
	}
	for len(w.clogs) > 0 {
		w.Unclog(w.machineOf(w.clogs[0].from), w.machineOf(w.clogs[0].to))
	}
}

// IsCut tells whether a Cut, or a Reject, lies on the way from one machine to another.
func (w *World) IsCut(from, to *Machine) bool {
	return slices.Contains(w.cuts, way{from.host, to.host})
}

// Link is how packets travel from one machine to another.
func (w *World) Link(from, to *Machine) network.Link { return w.network.Link(from.host, to.host) }

// SetLink changes how packets travel from one machine to another, until UnsetLink.
func (w *World) SetLink(from, to *Machine, l network.Link) {
	w.record(trace.Record{Kind: trace.Link, Machine: from.name, Peer: to.name, Text: describe(l)})
	w.network.SetLink(&w.queue, from.host, to.host, l)
	w.settle()
}

// UnsetLink undoes SetLink: packets travel as SetDefaultLink says.
func (w *World) UnsetLink(from, to *Machine) {
	w.network.UnsetLink(&w.queue, from.host, to.host)
	w.record(trace.Record{Kind: trace.Link, Machine: from.name, Peer: to.name, Text: describe(w.Link(from, to))})
	w.settle()
}

// DefaultLink is how packets travel between machines for which SetLink has said nothing.
func (w *World) DefaultLink() network.Link { return w.network.DefaultLink() }

// SetDefaultLink changes how packets travel between all machines for which SetLink has said nothing, also those that are booted later. It
// is how a fork gets another network than the world that it was forked from.
func (w *World) SetDefaultLink(l network.Link) {
	w.record(trace.Record{Kind: trace.DefaultLink, Text: describe(l)})
	w.network.SetDefaultLink(&w.queue, l)
	w.settle()
}

// Counters say what became of the packets from one machine to another, so that a fault can prove that it bit.
func (w *World) Counters(from, to *Machine) network.Counters {
	return w.network.Counters(from.host, to.host)
}

func describe(l network.Link) string {
	return fmt.Sprintf("latency min=%v mean=%v tail=%g*%v, loss=%g, duplicate=%g, reorder=%g, bandwidth=%d",
		l.Latency.Min, l.Latency.Mean, l.Latency.TailShare, l.Latency.Tail, l.Loss, l.Duplicate, l.Reorder, l.Bandwidth)
}
