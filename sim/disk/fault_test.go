package disk_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/sim/disk"
	"muster/sim/random"
)

func TestFaultsInWords(t *testing.T) {
	for want, f := range map[string]disk.Faults{
		"none":                                  {},
		"reads fail 0.5, syncs lie 1":           {ReadFails: 0.5, SyncLies: 1},
		"writes fail 0.1, syncs take 5ms":       {WriteFails: 0.1, SyncTakes: 5 * time.Millisecond},
		"syncs fail 0.2, syncs take 5ms to 8ms": {SyncFails: 0.2, SyncTakes: 5 * time.Millisecond, SyncVaries: 3 * time.Millisecond},
	} {
		require.Equal(t, want, f.String())
		require.NoError(t, f.Check())
	}
	require.ErrorContains(t, disk.Faults{SyncLies: 1.5}.Check(), "syncs lie with probability 1.5: want one from 0 to 1")
	require.ErrorContains(t, disk.Faults{SyncVaries: -1}.Check(), "not negative")
}

func TestSyncThatLies(t *testing.T) {
	m := newMachine(t)
	i := m.synced("log", "one")
	m.SetFaults(disk.Faults{SyncLies: 1})
	m.append(i, "two")
	m.sync(i)
	m.mkdir("a")
	m.syncDirectory("/")
	lied := m.Clone()
	lied.Crash(disk.LoseTail, nil)
	require.Equal(t, []string{"log=one"}, tree(t, lied))
	m.SetFaults(disk.Faults{})
	m.sync(i)
	m.crash()
	require.Equal(t, []string{"log=onetwo"}, tree(t, m.Disk), "a later sync makes up for it")
}

func TestSyncTime(t *testing.T) {
	m := disk.New(disk.Options{Stream: random.New(1).Stream("disk")})
	require.Zero(t, m.SyncTime())
	m.SetFaults(disk.Faults{SyncTakes: time.Millisecond, SyncVaries: 2 * time.Millisecond})
	shortest, longest := time.Hour, time.Duration(0)
	for range 1000 {
		took := m.SyncTime()
		shortest, longest = min(shortest, took), max(longest, took)
	}
	require.InDelta(t, time.Millisecond, shortest, float64(20*time.Microsecond))
	require.InDelta(t, 3*time.Millisecond, longest, float64(20*time.Microsecond))
}

func TestCapacityChanges(t *testing.T) {
	m := newMachine(t)
	i := m.synced("log", strings.Repeat("x", 10_000))
	m.SetCapacity(4096)
	require.EqualValues(t, 4096, m.Capacity())
	m.append(i, strings.Repeat("y", 3*4096-10_000))
	_, _, err := m.Append(i, []byte("z"), 1)
	require.Equal(t, disk.ENOSPC, err)
	m.sync(i)
	m.Crash(disk.LoseTail, nil)
	content, _ := m.ReadFile("log")
	require.Len(t, content, 3*4096, "nothing is lost")
	m.SetCapacity(0)
	m.append(i, "z")
}

func TestRot(t *testing.T) {
	stream := random.New(1)
	d := disk.New(disk.Options{Stream: stream.Stream("disk")})
	m := machine{d, t}
	m.mkdir("data")
	m.synced("data/large", strings.Repeat("a", 30_000))
	m.synced("data/small", strings.Repeat("b", 10_000))
	m.synced("other", strings.Repeat("c", 10_000))
	dirty := m.synced("data/dirty", strings.Repeat("d", 5000))
	_, err := m.WriteAt(dirty, []byte("D"), 0, 1) // the first block is written again, the second one is not
	require.Equal(t, disk.OK, err)
	gap := m.synced("data/gap", "")
	_, err = m.WriteAt(gap, []byte("x"), 1<<20, 1)
	require.Equal(t, disk.OK, err)
	m.sync(gap)
	m.append(gap, "unsynced")
	before := m.Clone()

	hits := m.Rot(2000, "/data/")
	require.Len(t, hits, 2000)
	count := map[string]int{}
	want := map[string][]byte{} // after a loss of power
	for _, hit := range hits {
		count[hit.Path]++
		if want[hit.Path] == nil {
			want[hit.Path] = durable(before, hit.Path)
		}
		want[hit.Path][hit.Offset] ^= 1 << hit.Bit
	}
	require.NotContains(t, count, "/other")
	require.InDelta(t, 3, float64(count["/data/large"])/float64(count["/data/small"]), 0.6)
	require.Contains(t, count, "/data/dirty")
	present, _ := m.ReadFile("data/dirty")
	require.True(t, bytes.HasPrefix(present, []byte("D"+strings.Repeat("d", 4095))), "what was written since is not hit")
	require.NotEqual(t, strings.Repeat("d", 904), string(present[4096:]), "what lies on the disk is read")
	for path := range want {
		require.Equal(t, want[path], durable(m.Disk, path), path)
	}
	for path := range want {
		content, _ := before.ReadFile(path)
		require.Zero(t, bytes.Count(content, []byte{content[0] ^ 1}), "a clone keeps its own")
	}
	require.Empty(t, disk.New(disk.Options{}).Rot(5, "/"))
	require.Equal(t, "/log byte 17 bit 3", fmt.Sprint(disk.Damage{Path: "/log", Offset: 17, Bit: 3}))
}

// durable is what would be found after a loss of power.
func durable(d *disk.Disk, path string) []byte {
	lost := d.Clone()
	lost.Crash(disk.LoseTail, nil)
	content, _ := lost.ReadFile(path)
	return content
}

func TestGarbledTail(t *testing.T) {
	stream := random.New(1).Stream("crash")
	zeros, noise := 0, 0
	for range 300 {
		m := newMachine(t)
		i := m.synced("log", strings.Repeat("s", 700))
		m.append(i, strings.Repeat("t", 3000))
		m.SetCapacity(4096)
		m.Crash(disk.GarbleTail, &stream)
		content, _ := m.ReadFile("log")
		require.True(t, bytes.HasPrefix(content, bytes.Repeat([]byte("s"), 700)))
		tail := content[700:]
		good := bytes.TrimLeft(tail, "t")
		switch {
		case len(good) == 0:
		case len(bytes.Trim(good, "\x00")) == 0:
			zeros++
		default:
			noise++
		}
		if from := len(content) - len(good); len(good) > 0 && from > 700 {
			require.Zero(t, from%512, "what is not written is whole sectors")
		}
	}
	require.Greater(t, zeros, 50)
	require.Greater(t, noise, 50)
}

func TestTailsHaveNames(t *testing.T) {
	for want, tail := range map[string]disk.Tail{
		"lose": disk.LoseTail, "tear": disk.TearTail, "keep": disk.KeepTail, "garble": disk.GarbleTail, "scatter": disk.ScatterPages,
	} {
		require.Equal(t, want, tail.String())
	}
}

func TestScatteredPages(t *testing.T) {
	const page = 4096
	stream := random.New(1).Stream("crash")
	seen := map[string]int{}
	for range 200 {
		m := newMachine(t)
		i := m.synced("log", strings.Repeat("o", 3*page+100))
		_, err := m.WriteAt(i, bytes.Repeat([]byte("n"), page), page, 1)
		require.Equal(t, disk.OK, err)
		m.append(i, strings.Repeat("n", 2*page))
		cut := m.synced("cut", strings.Repeat("o", 2*page))
		require.Equal(t, disk.OK, m.Truncate(cut, 10, 1))
		m.synced("still", "x")
		m.Crash(disk.ScatterPages, &stream)

		content, _ := m.ReadFile("log")
		require.Contains(t, []int{3*page + 100, 5*page + 100}, len(content))
		require.Equal(t, strings.Repeat("o", page), string(content[:page]), "it was not written")
		second := content[page : 2*page]
		require.Equal(t, bytes.Repeat(second[:1], page), second, "a page is old or new")
		require.Equal(t, strings.Repeat("o", page), string(content[2*page:3*page]))
		require.Equal(t, strings.Repeat("o", 100), string(content[3*page:3*page+100]))
		shape := fmt.Sprint(len(content)/page, string(second[:1]))
		if len(content) > 4*page {
			last := content[4*page : 4*page+1][0]
			require.Contains(t, []byte{0, 'n'}, last)
			shape += fmt.Sprint(last, content[3*page+100])
		}
		seen[shape]++
		content, _ = m.ReadFile("cut")
		require.Contains(t, []string{strings.Repeat("o", 10), strings.Repeat("o", 2*page), strings.Repeat("o", 10) + strings.Repeat("\x00", page-10) + strings.Repeat("o", page)}, string(content))
		content, _ = m.ReadFile("still")
		require.Equal(t, "x", string(content))
		used := m.Used()
		before := tree(t, m.Disk)
		m.crash()
		require.Equal(t, before, tree(t, m.Disk), "what was found is durable")
		require.Equal(t, used, m.Used())
	}
	require.Len(t, seen, 2+8, "each page and the size for themselves: %v", seen)
}

func TestFailedLinksAreCounted(t *testing.T) {
	d := disk.New(disk.Options{})
	require.Equal(t, disk.OK, d.Symlink("there", disk.Root, "link", 1))
	d.SetFaults(disk.Faults{ReadFails: 1, WriteFails: 1})
	require.Equal(t, disk.EIO, d.Symlink("there", disk.Root, "other", 1))
	_, err := d.Readlink(disk.Root, "link")
	require.Equal(t, disk.EIO, err)
	require.Equal(t, disk.Counters{Failed: 2}, d.Counters())
}
