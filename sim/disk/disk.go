package disk

import (
	"cmp"
	"maps"
	"slices"

	"muster/sim/random"
)

// Inode names a file or directory of one disk. Numbers are never used twice.
type Inode uint64

// Root is the directory "/".
const Root Inode = 1

// Options of a new disk.
type Options struct {
	// Capacity in bytes of file content; what does not fit meets ENOSPC. 0: no limit.
	Capacity int64
	// Stream is where the disk's random choices come from: Faults.
	Stream random.Stream
}

// Disk is one machine's disk. Use New.
type Disk struct {
	capacity int64
	used     int64 // bytes of blocks in files, also removed ones that are still open
	stream   random.Stream
	faults   Faults
	counters Counters
	nodes    map[Inode]*node
	last     Inode  // the last number given out
	order    uint64 // the last place in a directory given out
	epoch    uint64 // blocks made in an earlier one may be shared and must not be changed
	fresh    bool   // there are blocks made in this one
}

// node is a file, a directory, or a symbolic link.
type node struct {
	number             Inode
	directory          bool
	link               string // where a symbolic link leads; "": it is none
	uses               int    // how often it is open
	accessed, modified int64

	// Where it stands now, and where it will be found after a loss of power: a directory in one place, a file under all its names. They are
	// replaced and never changed, since clones share them.
	now, durable []place

	file
	entries listing // what a directory lists now
	kept    listing // and after a loss of power
}

// place is a name in a directory.
type place struct {
	parent Inode
	name   string
}

// listing maps names to what they stand for.
type listing map[string]entry

type entry struct {
	inode Inode
	order uint64 // when it was made, compared with the others; a cookie for ReadDir
}

// New returns an empty disk.
func New(o Options) *Disk {
	d := &Disk{capacity: o.Capacity, stream: o.Stream, nodes: map[Inode]*node{}, epoch: 1}
	root := d.create(true, 0)
	root.now = []place{{parent: Root}}
	root.durable = root.now
	return d
}

// Clone returns a disk in the same state. Contents are shared until one of the two writes. A disk that was not written since it was
// cloned, or since it came from Clone, may be cloned by several goroutines at once.
func (d *Disk) Clone() *Disk {
	d.seal()
	c := *d
	c.nodes = make(map[Inode]*node, len(d.nodes))
	for number, n := range d.nodes {
		copied := *n
		copied.blocks, copied.synced = slices.Clone(n.blocks), slices.Clone(n.synced)
		copied.entries, copied.kept = maps.Clone(n.entries), maps.Clone(n.kept)
		c.nodes[number] = &copied
	}
	return &c
}

// seal begins a new epoch: from now on present blocks are copied before they are changed.
func (d *Disk) seal() {
	if d.fresh {
		d.epoch++
		d.fresh = false
	}
}

// Reseed makes the disk's random choices from now on come from another stream.
func (d *Disk) Reseed(stream random.Stream) { d.stream = stream }

// Used is how many bytes of the capacity are taken.
func (d *Disk) Used() int64 { return d.used }

// Capacity is how many bytes of file content the disk has room for; 0: there is no limit.
func (d *Disk) Capacity() int64 { return d.capacity }

// SetCapacity changes it, as if somebody else filled the disk or made room on it. What is there stays there, even if it is more than
// that; only new blocks meet ENOSPC.
func (d *Disk) SetCapacity(bytes int64) { d.capacity = bytes }

func (d *Disk) create(directory bool, now int64) *node {
	d.last++
	n := &node{number: d.last, directory: directory, accessed: now, modified: now}
	if directory {
		n.entries, n.kept = listing{}, listing{}
	}
	d.nodes[n.number] = n
	return n
}

// enter puts a node under a name, which may be one more, into a directory.
func (d *Disk) enter(n *node, at place, now int64) {
	d.order++
	parent := d.nodes[at.parent]
	parent.entries[at.name] = entry{n.number, d.order}
	parent.modified = now
	n.now = append(slices.Clip(n.now), at)
}

// leave takes a node's name out of the directory that lists it.
func (d *Disk) leave(n *node, from place, now int64) {
	parent := d.nodes[from.parent]
	delete(parent.entries, from.name)
	parent.modified = now
	n.now = without(n.now, []place{from})
}

// without is a list of places less some of them.
func without(list, less []place) []place {
	return slices.DeleteFunc(slices.Clone(list), func(p place) bool { return slices.Contains(less, p) })
}

// above is the directory that lists another one; nil if that was removed.
func (d *Disk) above(directory *node) *node {
	if len(directory.now) == 0 {
		return nil
	}
	return d.nodes[directory.now[0].parent]
}

// release frees a node that nothing refers to any more. One that a loss of power would bring back is kept, without its present content.
func (d *Disk) release(n *node) {
	if n.uses > 0 || len(n.now) > 0 {
		return
	}
	d.used -= n.blocksUsed() * blockBytes
	n.forget()
	if len(n.durable) == 0 {
		delete(d.nodes, n.number)
	}
}

// Close ends a use of a file or directory that Open began.
func (d *Disk) Close(i Inode) Errno {
	n := d.nodes[i]
	if n == nil || n.uses == 0 {
		return EBADF
	}
	n.uses--
	d.release(n)
	return OK
}

// Sync makes a file's content durable, or what a directory lists, and its own name. A file that was removed while it was open has no
// name to keep. Errors: EBADF, EIO.
func (d *Disk) Sync(i Inode) Errno {
	n := d.nodes[i]
	if n == nil {
		return EBADF
	}
	switch {
	case d.fails(d.faults.SyncFails):
		return EIO
	case d.happens(d.faults.SyncLies):
		d.counters.Lied++
		return OK
	}
	d.keepPlace(n)
	if !n.directory {
		d.seal()
		n.keep()
		return OK
	}
	d.keepLeavers(n)
	for _, name := range n.entries.names() {
		d.keepPlace(d.nodes[n.entries[name].inode])
	}
	return OK
}

// keepLeavers makes durable that nodes have left a directory: where they stand now, if anywhere.
func (d *Disk) keepLeavers(n *node) {
	for _, name := range n.kept.names() {
		kept, still := n.kept[name]
		if still && n.entries[name].inode != kept.inode {
			d.keepPlace(d.nodes[kept.inode])
		}
	}
}

// keepPlace makes durable where a node stands: all its names, that it is gone from where it stood, and the directories above it.
func (d *Disk) keepPlace(n *node) {
	if n.number == Root {
		return
	}
	for _, at := range n.now {
		d.keepPlace(d.nodes[at.parent])
	}
	if slices.Equal(n.now, n.durable) {
		return
	}
	if len(n.now) == 0 && n.directory {
		d.keepLeavers(n) // it was emptied before it was removed
	}
	gone, came := without(n.durable, n.now), without(n.now, n.durable)
	n.durable = n.now
	for _, from := range gone {
		if old := d.nodes[from.parent]; old != nil {
			delete(old.kept, from.name)
		}
	}
	if len(n.durable) == 0 {
		d.release(n)
		return
	}
	for _, at := range came {
		parent := d.nodes[at.parent]
		if replaced := d.nodes[parent.kept[at.name].inode]; replaced != nil {
			d.keepPlace(replaced) // its name is taken; it is found where it stands now, if anywhere
		}
		parent.kept[at.name] = parent.entries[at.name]
	}
}

// names are the names in a listing in the order in which they were made.
func (l listing) names() []string {
	names := make([]string, 0, len(l))
	for name := range l {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Compare(l[a].order, l[b].order) })
	return names
}
