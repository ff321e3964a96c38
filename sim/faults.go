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

// Heal ends all cuts.
func (w *World) Heal() {
	for len(w.cuts) > 0 {
		w.Uncut(w.machineOf(w.cuts[0].from), w.machineOf(w.cuts[0].to))
	}
}

// IsCut tells whether a Cut, or a Reject, lies on the way from one machine to another.
func (w *World) IsCut(from, to *Machine) bool {
	return slices.Contains(w.cuts, way{from.host, to.host})
}

// Link is how packets travel from one machine to another.
func (w *World) Link(from, to *Machine) network.Link { return w.network.Link(from.host, to.host) }

// SetLink changes how packets travel from one machine to another.
func (w *World) SetLink(from, to *Machine, l network.Link) {
	w.record(trace.Record{Kind: trace.Link, Machine: from.name, Peer: to.name, Text: describe(l)})
	w.network.SetLink(&w.queue, from.host, to.host, l)
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
