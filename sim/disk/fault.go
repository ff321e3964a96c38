package disk

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Faults are what the disk does wrong. The zero value is a disk that works.
type Faults struct {
	// ReadFails, WriteFails and SyncFails are probabilities with which such a call meets EIO. A sync that failed made nothing durable; a
	// later one may.
	ReadFails, WriteFails, SyncFails float64
	// SyncLies is the probability with which a sync is acknowledged and does nothing, as on a drive that keeps in a volatile cache what it
	// was told to flush. A later sync that does not lie makes durable what was left out.
	SyncLies float64
	// SyncTakes is how long a sync takes at least, and SyncVaries by how much more than that at most.
	SyncTakes, SyncVaries time.Duration
}

// chances lists the probabilities, each after what it is the probability of.
func (f Faults) chances() []chance {
	return []chance{{"reads fail", f.ReadFails}, {"writes fail", f.WriteFails}, {"syncs fail", f.SyncFails}, {"syncs lie", f.SyncLies}}
}

type chance struct {
	what        string
	probability float64
}

// Check tells whether probabilities and times are possible ones.
func (f Faults) Check() error {
	for _, c := range f.chances() {
		if !(0 <= c.probability && c.probability <= 1) {
			return fmt.Errorf("disk whose %s with probability %v: want one from 0 to 1", c.what, c.probability)
		}
	}
	if f.SyncTakes < 0 || f.SyncVaries < 0 {
		return fmt.Errorf("disk whose syncs take %v and up to %v more: want times that are not negative", f.SyncTakes, f.SyncVaries)
	}
	return nil
}

// String says what is wrong in a few words: "writes fail 0.1, syncs take 20ms to 50ms".
func (f Faults) String() string {
	var all []string
	for _, c := range f.chances() {
		if c.probability > 0 {
			all = append(all, fmt.Sprintf("%s %v", c.what, c.probability))
		}
	}
	switch {
	case f.SyncVaries > 0:
		all = append(all, fmt.Sprintf("syncs take %v to %v", f.SyncTakes, f.SyncTakes+f.SyncVaries))
	case f.SyncTakes > 0:
		all = append(all, fmt.Sprintf("syncs take %v", f.SyncTakes))
	case len(all) == 0:
		return "none"
	}
	return strings.Join(all, ", ")
}

// SetFaults changes what the disk does wrong from now on.
func (d *Disk) SetFaults(f Faults) { d.faults = f }

// Faults are what the disk does wrong now.
func (d *Disk) Faults() Faults { return d.faults }

// happens decides whether a fault strikes. Nothing is drawn while it is not set.
func (d *Disk) happens(probability float64) bool {
	return probability > 0 && d.stream.Chance(probability)
}

// fails decides whether a call meets EIO.
func (d *Disk) fails(probability float64) bool {
	failed := d.happens(probability)
	if failed {
		d.counters.Failed++
	}
	return failed
}

// Counters say how often faults have struck, so that they can prove that they did.
type Counters struct {
	// Failed counts calls that met EIO, Full writes that met ENOSPC.
	Failed, Full uint64
	// Lied counts syncs that were acknowledged and did nothing, Slowed those that took longer.
	Lied, Slowed uint64
}

// Counters returns how often faults have struck so far.
func (d *Disk) Counters() Counters { return d.counters }

// SyncTime is how long the next sync takes. Whoever syncs lets that time pass first, and calls Sync at its end.
func (d *Disk) SyncTime() time.Duration {
	takes := d.faults.SyncTakes
	if takes > 0 || d.faults.SyncVaries > 0 {
		d.counters.Slowed++
	}
	if d.faults.SyncVaries > 0 {
		takes += time.Duration(d.stream.Int64N(int64(d.faults.SyncVaries) + 1))
	}
	return takes
}

// Damage is a bit that has flipped.
type Damage struct {
	// Path is the file's.
	Path string
	// Offset is the byte's, and Bit its number in it, from 0, the lowest.
	Offset int64
	Bit    int
}

// String is the damage in a few words: "/data/log byte 17 bit 3".
func (d Damage) String() string { return fmt.Sprintf("%s byte %d bit %d", d.Path, d.Offset, d.Bit) }

// Rot flips so many bits of what lies on the disk, in files whose paths begin with prefix, wherever chance will have it: a file twice as
// large is hit twice as often. Only what is durable is hit; what a program has changed since and not synced replaces it. If
// there is no such byte, nothing happens.
func (d *Disk) Rot(bits int, prefix string) []Damage {
	files, paths := d.atRest(prefix)
	total := int64(0)
	for _, f := range files {
		total += f.bytesAtRest()
	}
	if total == 0 {
		return nil
	}
	d.seal()
	all := make([]Damage, 0, bits)
	for range bits {
		place := d.stream.Int64N(total)
		which := 0
		for ; place >= files[which].bytesAtRest(); which++ {
			place -= files[which].bytesAtRest()
		}
		hit := Damage{paths[which], files[which].byteAtRest(place), d.stream.IntN(8)}
		files[which].flip(hit.Offset, hit.Bit)
		all = append(all, hit)
	}
	return all
}

// atRest finds the files that would be found after a loss of power under paths that begin with prefix, and their paths.
func (d *Disk) atRest(prefix string) (files []*file, paths []string) {
	var list func(directory *node, path string)
	list = func(directory *node, path string) {
		for _, name := range slices.Sorted(maps.Keys(directory.kept)) {
			n, path := d.nodes[directory.kept[name].inode], path+"/"+name
			switch {
			case n.directory:
				list(n, path)
			case strings.HasPrefix(path, prefix):
				files, paths = append(files, &n.file), append(paths, path)
			}
		}
	}
	list(d.nodes[Root], "")
	return files, paths
}

// bytesAtRest is how many bytes of a file lie on the disk. Its gaps do not.
func (f *file) bytesAtRest() int64 {
	total := int64(0)
	for i := range f.synced {
		total += f.lengthAtRest(i)
	}
	return total
}

func (f *file) lengthAtRest(block int) int64 {
	if f.synced[block] == nil {
		return 0
	}
	return min(blockBytes, f.syncedSize-int64(block)*blockBytes)
}

// byteAtRest is the offset of the byte with that number among those that lie on the disk.
func (f *file) byteAtRest(number int64) int64 {
	block := 0
	for ; number >= f.lengthAtRest(block); block++ {
		number -= f.lengthAtRest(block)
	}
	return int64(block)*blockBytes + number
}

// flip changes a bit of what is durable, and of what is read if that is the same.
func (f *file) flip(offset int64, bit int) {
	i := int(offset / blockBytes)
	old := f.synced[i]
	changed := *old
	changed.epoch = 0 // it is in two places from the beginning, so that it is copied before it is changed
	changed.data[offset%blockBytes] ^= 1 << bit
	f.synced[i] = &changed
	if i < len(f.blocks) && f.blocks[i] == old {
		f.blocks[i] = &changed
	}
}
