package disk

import (
	"maps"
	"slices"

	"muster/sim/random"
)

// Tail says what a loss of power leaves of what was written to a file since its last Sync. But for ScatterPages it is about bytes that
// were appended, where nothing else of the file was changed.
type Tail uint8

// The kinds of Tail.
const (
	LoseTail Tail = iota // nothing
	TearTail             // a part, cut off at a random byte
	KeepTail             // all of it
	// GarbleTail leaves a part, cut off at a random byte, whose end was not written though the file's size was: from a random sector on
	// the bytes are zeros, or anything.
	GarbleTail
	// ScatterPages leaves of each page of 4 KiB that was changed, wherever in the file, the old content or the new one, and of the file the
	// old size or the new one: the kernel was about to write them back, in no order. Pages of a new end that were not written are zeros.
	ScatterPages
)

// tails are the names of the kinds of Tail.
var tails = [...]string{LoseTail: "lose", TearTail: "tear", KeepTail: "keep", GarbleTail: "garble", ScatterPages: "scatter"}

// String is the kind's name in traces.
func (t Tail) String() string { return tails[t] }

// sectorBytes is what a disk writes at once or not at all.
const sectorBytes = 512

// Unsynced is how many bytes were appended to files since their last Sync, where nothing else of them was changed: what a Crash tears.
func (d *Disk) Unsynced() int64 {
	var total int64
	for _, n := range d.nodes {
		if len(n.durable) > 0 {
			total += n.tail()
		}
	}
	return total
}

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
		if len(n.now) == 0 {
			delete(d.nodes, i)
			continue
		}
		n.entries = maps.Clone(n.kept)
		survives := n.tail()
		switch {
		case tail == ScatterPages && n.changed():
			d.scatter(&n.file, stream)
			continue
		case tail == LoseTail || survives == 0:
			n.revert()
			continue
		case tail == TearTail || tail == GarbleTail:
			survives = stream.Int64N(survives + 1)
		}
		d.resize(&n.file, n.syncedSize+survives)
		if tail == GarbleTail {
			d.garble(&n.file, stream)
		}
		d.seal()
		n.keep()
	}
	d.used = 0
	for _, n := range d.nodes {
		d.used += n.blocksUsed() * blockBytes
	}
}

// changed tells whether anything was written to the file since it was synced.
func (f *file) changed() bool { return f.dirty < len(f.blocks) || f.size != f.syncedSize }

// scatter writes some of the changed pages back, and keeps what is there then.
func (d *Disk) scatter(f *file, stream *random.Stream) {
	size := f.syncedSize
	if stream.Chance(0.5) {
		size = f.size
	}
	f.size = max(f.size, f.syncedSize)
	pages := make([]*block, blocksFor(f.size))
	copy(pages, f.synced)
	for i := f.dirty; i < len(pages); i++ {
		if written := i < len(f.blocks) && stream.Chance(0.5); written {
			pages[i] = f.blocks[i]
		}
	}
	f.blocks = pages
	d.resize(f, size)
	d.seal()
	f.keep()
}

// garble puts zeros or noise in the place of the end of what was appended, from the beginning of a sector on.
func (d *Disk) garble(f *file, stream *random.Stream) {
	from := f.syncedSize + stream.Int64N(f.size-f.syncedSize+1)
	from = max(from/sectorBytes*sectorBytes, f.syncedSize)
	noise := make([]byte, f.size-from)
	if stream.Chance(0.5) {
		stream.Fill(noise)
	}
	d.overwrite(f, noise, from)
}

// overwrite writes bytes also where the disk is full.
func (d *Disk) overwrite(f *file, p []byte, offset int64) {
	capacity := d.capacity
	d.capacity = 0
	d.write(f, p, offset)
	d.capacity = capacity
}
