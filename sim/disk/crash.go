package disk

import (
	"maps"
	"slices"

	"muster/sim/random"
)

// Tail says what a loss of power leaves of bytes that were appended to a file since its last Sync, where nothing else of it was changed.
type Tail uint8

// The kinds of Tail.
const (
	LoseTail Tail = iota // nothing
	TearTail             // a part, cut off at a random byte
	KeepTail             // all of it
)

// Kill ends all uses, as the end of a process does. Nothing is lost.
func (d *Disk) Kill() {
	for _, i := range slices.Sorted(maps.Keys(d.nodes)) {
		if n := d.nodes[i]; n != nil && n.uses > 0 {
			n.uses = 0
			d.release(n)
		}
	}
}

// Crash is a loss of power: what is not durable is lost, and nothing is open. The stream decides where a tail is torn. What was
// found afterwards is durable.
func (d *Disk) Crash(tail Tail, stream *random.Stream) {
	d.seal()
	for _, i := range slices.Sorted(maps.Keys(d.nodes)) {
		n := d.nodes[i]
		n.uses = 0
		n.now = n.durable
		if n.now.parent == 0 {
			delete(d.nodes, i)
			continue
		}
		n.entries = maps.Clone(n.kept)
		survives := n.tail()
		switch {
		case tail == LoseTail || survives == 0:
			n.revert()
			continue
		case tail == TearTail:
			survives = stream.Int64N(survives + 1)
		}
		d.resize(&n.file, n.syncedSize+survives)
		d.seal()
		n.keep()
	}
	d.used = 0
	for _, n := range d.nodes {
		d.used += n.blocksUsed() * blockBytes
	}
}
