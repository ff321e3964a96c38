package disk_test

import (
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"muster/sim/disk"
	"muster/sim/random"
)

// object is a file or directory of the reference model: one flat list, searched from end to end for every question.
type object struct {
	directory       bool
	content, synced string
	now, durable    []spot
}

// spot is a name in the directory with that number; the root is 0.
type spot struct {
	parent int
	name   string
}

type reference []object

func (r reference) at(s spot) int {
	for i := range r {
		if i > 0 && slices.Contains(r[i].now, s) {
			return i
		}
	}
	return -1
}

// path is that of an object, by the first of its names.
func (r reference) path(i int) string {
	if i == 0 {
		return ""
	}
	path := r.under(r[i].now[0])
	if r[i].directory {
		path += "/"
	}
	return path
}

func (r reference) under(s spot) string { return r.path(s.parent) + s.name }

func (r reference) tree() []string {
	all := []string{}
	for i := range r {
		if i == 0 {
			continue
		}
		for _, s := range r[i].now {
			line := r.under(s) + "/"
			if !r[i].directory {
				line = r.under(s) + "=" + r[i].content
			}
			all = append(all, line)
		}
	}
	return all
}

// keep makes durable where an object stands, and with it whatever has to have happened before.
func (r reference) keep(i int) {
	if i == 0 {
		return
	}
	for _, s := range r[i].now {
		r.keep(s.parent)
	}
	if slices.Equal(r[i].durable, r[i].now) {
		return
	}
	r[i].durable = slices.Clone(r[i].now)
	for other := range r {
		displaced := slices.ContainsFunc(r[other].durable, func(s spot) bool { return slices.Contains(r[i].now, s) })
		homeless := len(r[i].now) == 0 && r.lists(i, r[other].durable)
		if other != 0 && other != i && (displaced || homeless) {
			r.keep(other)
		}
	}
}

// lists tells whether one of the spots is in a directory.
func (r reference) lists(directory int, spots []spot) bool {
	return slices.ContainsFunc(spots, func(s spot) bool { return s.parent == directory })
}

// leave takes one of its spots from an object.
func (r reference) leave(i int, from spot) {
	r[i].now = slices.DeleteFunc(slices.Clone(r[i].now), func(s spot) bool { return s == from })
}

// short makes lists of trees readable: contents give way to their sizes and checksums.
func short(tree []string) []string {
	for i, line := range tree {
		if path, content, isFile := strings.Cut(line, "="); isFile {
			tree[i] = fmt.Sprintf("%s: %d bytes, %08x", path, len(content), crc32.ChecksumIEEE([]byte(content)))
		}
	}
	slices.Sort(tree)
	return tree
}

func (r reference) sync(i int) {
	r.keep(i)
	if !r[i].directory {
		r[i].synced = r[i].content
		return
	}
	for other := range r {
		if other != 0 && (r.lists(i, r[other].durable) || r.lists(i, r[other].now)) {
			r.keep(other)
		}
	}
}

func (r reference) crash() {
	for i := range r {
		r[i].now, r[i].content = r[i].durable, r[i].synced
	}
}

// pick returns the number of a random object that stands somewhere.
func (r reference) pick(random *rand.Rand, directory bool) int {
	var fit []int
	for i := range r {
		if r[i].directory == directory && (i == 0 || len(r[i].now) > 0) {
			fit = append(fit, i)
		}
	}
	if len(fit) == 0 {
		return -1
	}
	return fit[random.IntN(len(fit))]
}

// step does one random thing to a disk and to the model of it. What the disk refuses, the model leaves.
func step(t *testing.T, random *rand.Rand, d *disk.Disk, r *reference) {
	file, directory := r.pick(random, false), r.pick(random, true)
	target := spot{r.pick(random, true), string(rune('a' + random.IntN(4)))}
	path := (*r).path(target.parent) + target.name
	there := r.at(target)
	open := func(i int) disk.Inode {
		number, err := d.Open(disk.Root, "/"+r.path(i), 0, false, 1)
		require.Equal(t, disk.OK, err)
		return number
	}
	switch what := random.IntN(22); {
	case what < 3:
		number, err := d.Open(disk.Root, path, disk.Create|disk.Exclusive, true, 1)
		require.Equal(t, there < 0, err == disk.OK)
		if err == disk.OK {
			require.Equal(t, disk.OK, d.Close(number))
			*r = append(*r, object{now: []spot{target}})
		}
	case what < 5:
		err := d.Mkdir(disk.Root, path, 1)
		require.Equal(t, there < 0, err == disk.OK)
		if err == disk.OK {
			*r = append(*r, object{directory: true, now: []spot{target}})
		}
	case what < 8 && file >= 0:
		number := open(file)
		content := []byte((*r)[file].content)
		if offset := random.IntN(9000); random.IntN(3) == 0 {
			require.Equal(t, disk.OK, d.Truncate(number, int64(offset), 1))
			content = append(content, make([]byte, max(0, offset-len(content)))...)[:offset]
		} else {
			piece := make([]byte, random.IntN(6000))
			for i := range piece {
				piece[i] = byte(random.Uint32())
			}
			if random.IntN(2) == 0 {
				offset = len(content)
			}
			n, err := d.WriteAt(number, piece, int64(offset), 1)
			require.Equal(t, disk.OK, err)
			require.Equal(t, len(piece), n)
			if n > 0 {
				content = append(content, make([]byte, max(0, offset+n-len(content)))...)
				copy(content[offset:], piece)
			}
		}
		(*r)[file].content = string(content)
		require.Equal(t, disk.OK, d.Close(number))
	case what < 10 && file >= 0:
		if d.Unlink(disk.Root, r.path(file), 1) == disk.OK {
			r.leave(file, (*r)[file].now[0])
		}
	case what < 11 && directory > 0:
		if d.Rmdir(disk.Root, r.path(directory), 1) == disk.OK {
			(*r)[directory].now = nil
		}
	case what < 15:
		source := r.pick(random, random.IntN(3) == 0)
		if source <= 0 || source == there {
			return
		}
		if d.Rename(disk.Root, r.path(source), disk.Root, path, 1) == disk.OK {
			if there >= 0 {
				r.leave(there, target)
			}
			r.leave(source, (*r)[source].now[0])
			(*r)[source].now = append((*r)[source].now, target)
		}
	case what < 17 && file >= 0:
		number := open(file)
		require.Equal(t, disk.OK, d.Sync(number))
		require.Equal(t, disk.OK, d.Close(number))
		r.sync(file)
	case what < 18:
		number := open(directory)
		require.Equal(t, disk.OK, d.Sync(number))
		require.Equal(t, disk.OK, d.Close(number))
		r.sync(directory)
	case what == 18:
		d.Kill()
	case what > 19 && file >= 0:
		err := d.Link(disk.Root, r.path(file), false, disk.Root, path, 1)
		require.Equal(t, there < 0, err == disk.OK)
		if err == disk.OK {
			(*r)[file].now = append(slices.Clone((*r)[file].now), target)
		}
	}
}

// TestDiskIsAsTheModelSays does random things to a disk and to a simple model of it, and compares them, also after losses of power.
func TestDiskIsAsTheModelSays(t *testing.T) {
	for seed := range uint64(100) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			choices := rand.New(rand.NewPCG(seed, 0))
			stream := random.New(seed).Stream("crash")
			d, r := disk.New(disk.Options{}), reference{{directory: true}}
			for n := range 400 {
				step(t, choices, d, &r)
				if n%10 == 0 {
					require.Equal(t, short(r.tree()), short(tree(t, d)))
				}
				if n%5 == 0 {
					lost, after := d.Clone(), slices.Clone(r)
					lost.Crash(disk.LoseTail, &stream)
					after.crash()
					require.Equal(t, short(after.tree()), short(tree(t, lost)))
				}
				if choices.IntN(60) == 0 {
					d.Crash(disk.LoseTail, &stream)
					r.crash()
				}
			}
			require.Equal(t, short(r.tree()), short(tree(t, d)))
			used := d.Used()
			d.Kill()
			require.Equal(t, used, d.Used(), "nothing is open")
		})
	}
}

// TestCloneGoesOnAlike shows that a clone does what its original does, and that neither touches the other.
func TestCloneGoesOnAlike(t *testing.T) {
	for seed := range uint64(20) {
		choices := rand.New(rand.NewPCG(seed, 0))
		d, r := disk.New(disk.Options{}), reference{{directory: true}}
		for range 100 {
			step(t, choices, d, &r)
		}
		live := func(d *disk.Disk) (all [][]string) {
			choices, r := rand.New(rand.NewPCG(seed, 1)), slices.Clone(r)
			for n := range 100 {
				step(t, choices, d, &r)
				if n%10 == 0 {
					all = append(all, tree(t, d))
				}
			}
			stream := random.New(seed).Stream("crash")
			d.Crash(disk.TearTail, &stream)
			return append(all, tree(t, d))
		}
		before := tree(t, d)
		first, second := d.Clone(), d.Clone()
		want := live(first)
		require.Equal(t, before, tree(t, d))
		require.Equal(t, want, live(second))
		require.Equal(t, want, live(d))
	}
}

// BenchmarkAppendAndSync is what a log does for each entry.
func BenchmarkAppendAndSync(b *testing.B) {
	d := disk.New(disk.Options{})
	i, _ := d.Open(disk.Root, "log", disk.Create, true, 1)
	entry := make([]byte, 200)
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		if n%50_000 == 0 { // a new segment
			d.Truncate(i, 0, 1)
		}
		d.Append(i, entry, 1)
		d.Sync(i)
	}
}

// BenchmarkClone is a disk of 100 files of 100 kB.
func BenchmarkClone(b *testing.B) {
	d := disk.New(disk.Options{})
	for n := range 100 {
		d.WriteFile(fmt.Sprint("dir/", n), make([]byte, 100_000), 1)
	}
	b.ReportAllocs()
	for b.Loop() {
		d.Clone()
	}
}

// BenchmarkRead is 4 kB from a file.
func BenchmarkRead(b *testing.B) {
	d := disk.New(disk.Options{})
	d.WriteFile("file", make([]byte, 1<<20), 1)
	i, _ := d.Open(disk.Root, "file", 0, false, 1)
	p := make([]byte, 4096)
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		d.ReadAt(i, p, int64(n%200)*5000)
	}
}
