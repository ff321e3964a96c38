package disk_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"muster/sim/disk"
	"muster/sim/random"
)

// machine is a disk with the calls that tests make most, none of which may fail.
type machine struct {
	*disk.Disk
	t *testing.T
}

func newMachine(t *testing.T) machine { return machine{disk.New(disk.Options{}), t} }

func (m machine) open(path string, flags disk.OpenFlags) disk.Inode {
	m.t.Helper()
	i, err := m.Open(disk.Root, path, flags, flags&(disk.Create|disk.Truncate) != 0, 1)
	require.Equal(m.t, disk.OK, err, path)
	return i
}

func (m machine) write(path, content string) disk.Inode {
	m.t.Helper()
	i := m.open(path, disk.Create|disk.Truncate)
	n, err := m.WriteAt(i, []byte(content), 0, 1)
	require.Equal(m.t, disk.OK, err)
	require.Equal(m.t, len(content), n)
	return i
}

func (m machine) append(i disk.Inode, content string) {
	m.t.Helper()
	_, _, err := m.Append(i, []byte(content), 1)
	require.Equal(m.t, disk.OK, err)
}

func (m machine) sync(i disk.Inode) {
	m.t.Helper()
	require.Equal(m.t, disk.OK, m.Sync(i))
}

func (m machine) syncDirectory(path string) {
	m.t.Helper()
	i := m.open(path, disk.Directory)
	m.sync(i)
	m.Close(i)
}

func (m machine) mkdir(path string) {
	m.t.Helper()
	require.Equal(m.t, disk.OK, m.Mkdir(disk.Root, path, 1))
}

func (m machine) rename(from, to string) {
	m.t.Helper()
	require.Equal(m.t, disk.OK, m.Rename(disk.Root, from, disk.Root, to, 1))
}

func (m machine) unlink(path string) {
	m.t.Helper()
	require.Equal(m.t, disk.OK, m.Unlink(disk.Root, path, 1))
}

func (m machine) link(from, to string) {
	m.t.Helper()
	require.Equal(m.t, disk.OK, m.Link(disk.Root, from, false, disk.Root, to, 1))
}

func (m machine) crash() {
	stream := random.New(1).Stream("crash")
	m.Crash(disk.LoseTail, &stream)
}

// tree lists everything on the disk: directories end in a slash, files are followed by what they hold.
func tree(t *testing.T, d *disk.Disk) []string {
	t.Helper()
	all := []string{}
	var list func(i disk.Inode, path string)
	list = func(i disk.Inode, path string) {
		entries, err := d.ReadDir(i, 0)
		require.Equal(t, disk.OK, err)
		for _, e := range entries {
			if e.Directory {
				all = append(all, path+e.Name+"/")
				list(e.Inode, path+e.Name+"/")
				continue
			}
			content, err := d.ReadFile(path + e.Name)
			require.Equal(t, disk.OK, err)
			all = append(all, path+e.Name+"="+string(content))
		}
	}
	list(disk.Root, "")
	return all
}

// TestWhatSurvives is the model of doc.go, sentence by sentence.
func TestWhatSurvives(t *testing.T) {
	for _, test := range []struct {
		name string
		does func(m machine)
		want []string
	}{
		{"a file never synced does not", func(m machine) { m.write("log", "x") }, []string{}},
		{"a file whose directory was synced is empty", func(m machine) { m.write("log", "x"); m.sync(disk.Root) }, []string{"log="}},
		{"a synced file does, its name too", func(m machine) { m.sync(m.write("log", "x")) }, []string{"log=x"}},
		{"and the directories above it", func(m machine) {
			m.mkdir("a")
			m.mkdir("a/b")
			m.mkdir("a/c")
			m.sync(m.write("a/b/log", "x"))
		}, []string{"a/", "a/b/", "a/b/log=x"}},
		{"a name that it got later does not", func(m machine) {
			m.synced("log", "x")
			m.link("log", "other")
		}, []string{"log=x"}},
		{"unless it is synced by any of its names", func(m machine) {
			m.synced("log", "x")
			m.link("log", "other")
			i := m.open("other", 0)
			m.append(i, "y")
			m.sync(i)
		}, []string{"log=xy", "other=xy"}},
		{"one that was taken away is there again", func(m machine) {
			m.synced("log", "x")
			m.link("log", "other")
			m.sync(disk.Root)
			m.unlink("log")
		}, []string{"log=x", "other=x"}},
		{"unless its directory was synced", func(m machine) {
			m.synced("log", "x")
			m.link("log", "other")
			m.unlink("log")
			m.sync(disk.Root)
		}, []string{"other=x"}},
		{"but nothing else", func(m machine) {
			m.write("other", "y")
			m.sync(m.write("log", "x"))
		}, []string{"log=x"}},
		{"what was written since does not", func(m machine) {
			i := m.write("log", "one")
			m.sync(i)
			m.append(i, "two")
		}, []string{"log=one"}},
		{"what was overwritten since comes back", func(m machine) {
			m.sync(m.write("log", strings.Repeat("one", 3000)))
			m.write("log", "two")
		}, []string{"log=" + strings.Repeat("one", 3000)}},
		{"what was cut off since comes back", func(m machine) {
			i := m.write("log", strings.Repeat("one", 3000))
			m.sync(i)
			m.Truncate(i, 5000, 1)
			m.Truncate(i, 9001, 1)
		}, []string{"log=" + strings.Repeat("one", 3000)}},
		{"a synced cut does", func(m machine) {
			i := m.write("log", strings.Repeat("one", 3000))
			m.sync(i)
			m.Truncate(i, 4, 1)
			m.sync(i)
		}, []string{"log=oneo"}},
		{"a removed file comes back", func(m machine) {
			m.Close(m.synced("log", "x"))
			m.unlink("log")
		}, []string{"log=x"}},
		{"unless its directory was synced", func(m machine) {
			m.Close(m.synced("log", "x"))
			m.unlink("log")
			m.syncDirectory("/")
		}, []string{}},
		{"a removed file that was open is gone, too", func(m machine) {
			m.synced("log", "x")
			m.unlink("log")
			m.syncDirectory("/")
		}, []string{}},
		{"a file made again under its name is another", func(m machine) {
			m.synced("log", "x")
			m.unlink("log")
			m.write("log", "new")
		}, []string{"log=x"}},
		{"a rename is undone", func(m machine) {
			m.synced("new", "x")
			m.synced("old", "y")
			m.rename("new", "old")
		}, []string{"new=x", "old=y"}},
		{"unless the directory was synced", func(m machine) {
			m.synced("new", "x")
			m.synced("old", "y")
			m.rename("new", "old")
			m.syncDirectory("/")
		}, []string{"old=x"}},
		{"or the file", func(m machine) {
			i := m.synced("new", "x")
			m.synced("old", "y")
			m.rename("new", "old")
			m.sync(i)
		}, []string{"old=x"}},
		{"a rename does not write the file", func(m machine) {
			m.synced("old", "y")
			m.write("new", "x")
			m.rename("new", "old")
			m.syncDirectory("/")
		}, []string{"old="}},
		{"a rename between directories is whole, whichever was synced: source", func(m machine) {
			m.moveBetween()
			m.syncDirectory("a")
		}, []string{"a/", "b/", "b/log=x"}},
		{"target", func(m machine) {
			m.moveBetween()
			m.syncDirectory("b")
		}, []string{"a/", "b/", "b/log=x"}},
		{"neither", func(m machine) { m.moveBetween() }, []string{"a/", "a/log=x", "b/"}},
		{"names that moved on make room", func(m machine) {
			m.synced("one", "1")
			two := m.synced("two", "2")
			m.rename("one", "three")
			m.rename("two", "one")
			m.sync(two)
		}, []string{"one=2", "three=1"}},
		{"a directory that was emptied and removed lets go of nothing", func(m machine) {
			m.mkdir("a")
			m.synced("a/log", "x")
			m.rename("a/log", "log")
			require.Equal(m.t, disk.OK, m.Rmdir(disk.Root, "a", 1))
			m.syncDirectory("/")
		}, []string{"log=x"}},
		{"nor does one that was emptied and replaced", func(m machine) {
			m.mkdir("a")
			m.mkdir("b")
			m.synced("a/log", "x")
			m.rename("a/log", "log")
			m.rename("b", "a")
			m.syncDirectory("a")
		}, []string{"a/", "log=x"}},
		{"directories that change places", func(m machine) {
			m.mkdir("a")
			m.mkdir("a/b")
			m.synced("a/b/log", "x")
			m.rename("a/b", "b")
			m.rename("a", "b/a")
			m.syncDirectory("b/a")
		}, []string{"b/", "b/a/", "b/log=x"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := newMachine(t)
			test.does(m)
			m.crash()
			require.ElementsMatch(t, test.want, tree(t, m.Disk))
			m.crash()
			require.ElementsMatch(t, test.want, tree(t, m.Disk), "what is found afterwards is durable")
		})
	}
}

func (m machine) synced(path, content string) disk.Inode {
	i := m.write(path, content)
	m.sync(i)
	return i
}

func (m machine) moveBetween() {
	m.mkdir("a")
	m.mkdir("b")
	m.syncDirectory("b")
	m.synced("a/log", "x")
	m.rename("a/log", "b/log")
}

func TestTornTail(t *testing.T) {
	stream := random.New(1).Stream("crash")
	lengths := map[int]bool{}
	for range 200 {
		m := newMachine(t)
		i := m.synced("log", "synced")
		m.append(i, "tail")
		rewritten := m.synced("data", "synced")
		m.append(rewritten, "tail")
		_, err := m.WriteAt(rewritten, []byte("S"), 0, 1)
		require.Equal(t, disk.OK, err)

		kept := m.Clone()
		kept.Crash(disk.KeepTail, &stream)
		require.Equal(t, []string{"log=syncedtail", "data=synced"}, tree(t, kept))

		m.Crash(disk.TearTail, &stream)
		content, _ := m.ReadFile("log")
		require.True(t, strings.HasPrefix("syncedtail", string(content)), "%q", content)
		require.GreaterOrEqual(t, len(content), len("synced"))
		lengths[len(content)] = true
		content, _ = m.ReadFile("data")
		require.Equal(t, "synced", string(content), "more than its tail had changed")

		again := m.open("log", 0)
		require.Equal(t, disk.OK, m.Truncate(again, 20, 1))
		content, _ = m.ReadFile("log")
		require.Equal(t, strings.Repeat("\x00", 10), string(content[10:]), "nothing of the tail is left")
		_, err = m.WriteAt(again, []byte("S"), 0, 1)
		require.Equal(t, disk.OK, err)
		m.crash()
		content, _ = m.ReadFile("log")
		require.True(t, strings.HasPrefix("syncedtail", string(content)), "%q", content)
	}
	require.Len(t, lengths, 5, "torn at every byte")
}

func TestKillKeepsEverything(t *testing.T) {
	m := newMachine(t)
	m.mkdir("a")
	m.write("a/log", "never synced")
	gone := m.write("gone", "removed while open")
	m.unlink("gone")
	m.Kill()
	require.Equal(t, []string{"a/", "a/log=never synced"}, tree(t, m.Disk))
	_, err := m.Stat(gone)
	require.Equal(t, disk.EBADF, err)
	require.EqualValues(t, 4096, m.Used())
}

func TestRemovedFileLivesWhileOpen(t *testing.T) {
	m := newMachine(t)
	i := m.write("log", "x")
	m.unlink("log")
	m.append(i, "y")
	p := make([]byte, 10)
	n, err := m.ReadAt(i, p, 0)
	require.Equal(t, disk.OK, err)
	require.Equal(t, "xy", string(p[:n]))
	require.Equal(t, disk.OK, m.Close(i))
	require.Equal(t, disk.EBADF, m.Close(i))
	_, err = m.ReadAt(i, p, 0)
	require.Equal(t, disk.EBADF, err)
	require.Zero(t, m.Used())
}

func TestReadAndWrite(t *testing.T) {
	m := newMachine(t)
	i := m.write("file", "hello")
	n, err := m.WriteAt(i, []byte("far"), 10_000, 7)
	require.Equal(t, disk.OK, err)
	require.Equal(t, 3, n)
	content, _ := m.ReadFile("file")
	require.Equal(t, "hello"+strings.Repeat("\x00", 9995)+"far", string(content))
	require.EqualValues(t, 2*4096, m.Used(), "the gap takes no room")
	stat, err := m.Stat(i)
	require.Equal(t, disk.OK, err)
	require.Equal(t, disk.Stat{Inode: i, Names: 1, Size: 10_003, Accessed: 1, Modified: 7}, stat)
	require.Equal(t, disk.OK, m.SetTimes(i, 8, 9))
	stat, err = m.StatPath(disk.Root, "file", true)
	require.Equal(t, disk.OK, err)
	require.Equal(t, disk.Stat{Inode: i, Names: 1, Size: 10_003, Accessed: 8, Modified: 9}, stat)

	for _, test := range []struct {
		name string
		call func() disk.Errno
		want disk.Errno
	}{
		{"read at the end", func() disk.Errno { n, err := m.ReadAt(i, make([]byte, 1), 10_003); require.Zero(t, n); return err }, disk.OK},
		{"read before the beginning", func() disk.Errno { _, err := m.ReadAt(i, nil, -1); return err }, disk.EINVAL},
		{"write before the beginning", func() disk.Errno { _, err := m.WriteAt(i, nil, -1, 1); return err }, disk.EINVAL},
		{"write far away", func() disk.Errno { _, err := m.WriteAt(i, []byte("x"), 1<<40, 1); return err }, disk.EFBIG},
		{"truncate to nothing less", func() disk.Errno { return m.Truncate(i, -1, 1) }, disk.EINVAL},
		{"truncate far away", func() disk.Errno { return m.Truncate(i, 1<<40, 1) }, disk.EFBIG},
		{"read a directory", func() disk.Errno { _, err := m.ReadAt(disk.Root, nil, 0); return err }, disk.EISDIR},
		{"append to nothing", func() disk.Errno { _, _, err := m.Append(99, nil, 1); return err }, disk.EBADF},
		{"list a file", func() disk.Errno { _, err := m.ReadDir(i, 0); return err }, disk.ENOTDIR},
		{"list nothing", func() disk.Errno { _, err := m.ReadDir(99, 0); return err }, disk.EBADF},
		{"sync nothing", func() disk.Errno { return m.Sync(99) }, disk.EBADF},
		{"date nothing", func() disk.Errno { return m.SetTimes(99, 1, 1) }, disk.EBADF},
	} {
		require.Equal(t, test.want, test.call(), test.name)
	}
}

func TestFullDisk(t *testing.T) {
	d := disk.New(disk.Options{Capacity: 3 * 4096})
	i, err := d.Open(disk.Root, "log", disk.Create, true, 1)
	require.Equal(t, disk.OK, err)
	n, err := d.WriteAt(i, make([]byte, 20_000), 0, 1)
	require.Equal(t, disk.OK, err)
	require.Equal(t, 3*4096, n, "as much as there is room for")
	_, _, err = d.Append(i, []byte("x"), 1)
	require.Equal(t, disk.ENOSPC, err)
	_, err = d.WriteAt(i, []byte("x"), 0, 1)
	require.Equal(t, disk.OK, err, "what is there can be changed")
	require.Equal(t, disk.OK, d.Truncate(i, 4096, 1))
	_, _, err = d.Append(i, []byte("x"), 1)
	require.Equal(t, disk.OK, err)
	stat, _ := d.Stat(i)
	require.EqualValues(t, 4097, stat.Size)
	require.Equal(t, disk.OK, d.WriteFile("big", make([]byte, 10_000), 1), "from outside there is always room")
	require.EqualValues(t, 3*4096, d.Capacity())
	other, err := d.Open(disk.Root, "other", disk.Create, true, 1)
	require.Equal(t, disk.OK, err)
	_, err = d.WriteAt(other, []byte("x"), 0, 1)
	require.Equal(t, disk.ENOSPC, err)
}

func TestFaults(t *testing.T) {
	d := disk.New(disk.Options{Stream: random.New(1).Stream("disk")})
	i, err := d.Open(disk.Root, "log", disk.Create, true, 1)
	require.Equal(t, disk.OK, err)
	read := func() disk.Errno { _, err := d.ReadAt(i, make([]byte, 1), 0); return err }
	write := func() disk.Errno { _, err := d.WriteAt(i, []byte("x"), 0, 1); return err }
	sync := func() disk.Errno { return d.Sync(i) }
	mkdir := func() disk.Errno { return d.Mkdir(disk.Root, "a", 1) }
	for _, test := range []struct {
		faults                   disk.Faults
		read, write, sync, mkdir disk.Errno
	}{
		{faults: disk.Faults{WriteFails: 1}, write: disk.EIO, mkdir: disk.EIO},
		{faults: disk.Faults{ReadFails: 1}, read: disk.EIO},
		{faults: disk.Faults{SyncFails: 1}, sync: disk.EIO, mkdir: disk.EEXIST},
		{faults: disk.Faults{}, mkdir: disk.EEXIST},
	} {
		d.SetFaults(test.faults)
		require.Equal(t, test.read, read())
		require.Equal(t, test.write, write())
		require.Equal(t, test.sync, sync())
		require.Equal(t, test.mkdir, mkdir())
	}
	d.SetFaults(disk.Faults{SyncFails: 1})
	_, err = d.WriteAt(i, []byte("y"), 0, 1)
	require.Equal(t, disk.OK, err)
	require.Equal(t, disk.EIO, d.Sync(i))
	d.Crash(disk.LoseTail, nil)
	content, _ := d.ReadFile("log")
	require.Equal(t, "x", string(content))
}

func TestFaultsStrikeBySeed(t *testing.T) {
	failures := func(d *disk.Disk) (failed []bool) {
		for range 100 {
			failed = append(failed, d.Sync(disk.Root) == disk.EIO)
		}
		return failed
	}
	d := disk.New(disk.Options{Stream: random.New(1).Stream("disk")})
	d.SetFaults(disk.Faults{SyncFails: 0.5})
	clone := d.Clone()
	pattern := failures(d)
	require.Contains(t, pattern, true)
	require.Contains(t, pattern, false)
	require.Equal(t, pattern, failures(clone))
}

func TestFilesFromOutside(t *testing.T) {
	m := newMachine(t)
	require.Equal(t, disk.OK, m.WriteFile("/etc/app/config", []byte("x=1"), 1))
	require.Equal(t, disk.OK, m.WriteFile("etc/app/config", []byte("x=2"), 1))
	m.crash()
	require.Equal(t, []string{"etc/", "etc/app/", "etc/app/config=x=2"}, tree(t, m.Disk))
	require.Equal(t, disk.EISDIR, m.WriteFile("/etc", nil, 1))
	require.Equal(t, disk.EISDIR, m.WriteFile("/etc/new/", nil, 1))
	require.Equal(t, disk.ENOTDIR, m.WriteFile("/etc/app/config/x", nil, 1))
	_, err := m.ReadFile("/etc")
	require.Equal(t, disk.EISDIR, err)
	_, err = m.ReadFile("/nothing")
	require.Equal(t, disk.ENOENT, err)
}
