//go:build linux

package disk_test

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"muster/sim/disk"
)

// names are the errors that this disk and Linux number differently.
var names = map[syscall.Errno]disk.Errno{
	0: disk.OK, syscall.EBUSY: disk.EBUSY, syscall.EEXIST: disk.EEXIST, syscall.EINVAL: disk.EINVAL, syscall.EISDIR: disk.EISDIR,
	syscall.ELOOP: disk.ELOOP, syscall.ENAMETOOLONG: disk.ENAMETOOLONG, syscall.ENOENT: disk.ENOENT, syscall.ENOTDIR: disk.ENOTDIR,
	syscall.ENOTEMPTY: disk.ENOTEMPTY, syscall.EPERM: disk.EPERM,
}

func errnoOf(t *testing.T, err error) disk.Errno {
	var number syscall.Errno
	if err != nil {
		require.ErrorAs(t, err, &number)
	}
	require.Contains(t, names, number)
	return names[number]
}

// TestLinksAreAsOnTheHost does random things with symbolic and hard links to a disk and to a folder of the host's, and compares what
// comes of it.
func TestLinksAreAsOnTheHost(t *testing.T) {
	loops, followed, named := 0, 0, 0
	for seed := range uint64(60) {
		choices := rand.New(rand.NewPCG(seed, 0))
		host, d := t.TempDir(), disk.New(disk.Options{})
		name := func() string { return string(rune('a' + choices.IntN(5))) }
		path := func() string {
			parts := []string{name()}
			for choices.IntN(2) == 0 {
				parts = append(parts, []string{name(), name(), "..", "."}[choices.IntN(4)])
			}
			return "w/" + strings.Join(parts, "/")
		}
		require.NoError(t, os.Mkdir(host+"/w", 0o755))
		require.Equal(t, disk.OK, d.Mkdir(disk.Root, "w", 1))
		for n := range 150 {
			p, q := path(), path()
			if escapes(p) || escapes(q) {
				continue
			}
			on := host + "/" + p
			var what string
			var want, got disk.Errno
			switch choices.IntN(10) {
			case 0, 1:
				target := []string{name(), "../" + name(), name() + "/" + name(), "."}[choices.IntN(4)]
				what = "symlink " + target + " " + p
				if strings.HasSuffix(p, ".") {
					continue // whichever of two errors comes first
				}
				want, got = errnoOf(t, syscall.Symlink(target, on)), d.Symlink(target, disk.Root, p, 1)
			case 2:
				what = "mkdir " + p
				want, got = errnoOf(t, syscall.Mkdir(on, 0o755)), d.Mkdir(disk.Root, p, 1)
			case 3:
				what = "create " + p
				fd, err := syscall.Open(on, syscall.O_CREAT|syscall.O_RDWR, 0o644)
				want = errnoOf(t, err)
				var i disk.Inode
				if i, got = d.Open(disk.Root, p, disk.Create, true, 1); got == disk.OK && want == disk.OK {
					syscall.Close(fd)
					d.Close(i)
				}
			case 4:
				what = "exclusive " + p
				fd, err := syscall.Open(on, syscall.O_CREAT|syscall.O_EXCL|syscall.O_RDWR, 0o644)
				want = errnoOf(t, err)
				var i disk.Inode
				if i, got = d.Open(disk.Root, p, disk.Create|disk.Exclusive, true, 1); got == disk.OK && want == disk.OK {
					syscall.Close(fd)
					d.Close(i)
				}
			case 5:
				what = "unlink " + p
				want, got = errnoOf(t, syscall.Unlink(on)), d.Unlink(disk.Root, p, 1)
			case 6:
				what = "rename " + p + " " + q
				if strings.HasSuffix(p, ".") || strings.HasSuffix(q, ".") {
					continue // EBUSY on Linux, where this disk says EINVAL
				}
				want, got = errnoOf(t, syscall.Rename(on, host+"/"+q)), d.Rename(disk.Root, p, disk.Root, q, 1)
			case 7, 8:
				what = "link " + p + " " + q
				if strings.HasSuffix(p, ".") || strings.HasSuffix(q, ".") {
					continue // whichever of two errors comes first
				}
				want, got = errnoOf(t, syscall.Link(on, host+"/"+q)), d.Link(disk.Root, p, false, disk.Root, q, 1)
			case 9:
				what = "stat " + p
				var stat syscall.Stat_t
				want = errnoOf(t, syscall.Stat(on, &stat))
				var found disk.Stat
				found, got = d.StatPath(disk.Root, p, true)
				if want == disk.OK && got == disk.OK {
					require.Equal(t, stat.Mode&syscall.S_IFMT == syscall.S_IFDIR, found.Directory)
					followed++
					if !found.Directory {
						require.EqualValues(t, stat.Nlink, found.Names, "seed %d, step %d: %s", seed, n, what)
						named = max(named, found.Names)
					}
				}
				if got == disk.ELOOP {
					loops++
				}
			}
			require.Equal(t, want, got, "seed %d, step %d: %s\n%v", seed, n, what, hostTree(t, host))
			require.Equal(t, hostTree(t, host), linkTree(t, d), "seed %d, step %d: %s", seed, n, what)
		}
	}
	require.Greater(t, loops, 10)
	require.Greater(t, followed, 100)
	require.Greater(t, named, 1)
}

// escapes tells whether a path might lead out of the folder.
func escapes(path string) bool {
	return strings.Count(path, "..") > 1 || strings.HasPrefix(path, "w/..")
}

func hostTree(t *testing.T, root string) []string {
	var all []string
	require.NoError(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == root {
			return err
		}
		line, _ := filepath.Rel(root, path)
		switch {
		case entry.IsDir():
			line += "/"
		case entry.Type() == fs.ModeSymlink:
			target, err := os.Readlink(path)
			line += " > " + target
			return errors.Join(err, appendTo(&all, line))
		}
		return appendTo(&all, line)
	}))
	return all
}

func appendTo(all *[]string, line string) error {
	*all = append(*all, line)
	return nil
}

// linkTree lists a disk as hostTree lists a folder.
func linkTree(t *testing.T, d *disk.Disk) (all []string) {
	var list func(i disk.Inode, path string)
	list = func(i disk.Inode, path string) {
		entries, err := d.ReadDir(i, 0)
		require.Equal(t, disk.OK, err)
		byName := map[string]disk.Entry{}
		for _, e := range entries {
			byName[e.Name] = e
		}
		for name := 'a'; name <= 'z'; name++ {
			switch e, ok := byName[string(name)]; {
			case !ok:
			case e.Directory:
				all = append(all, path+e.Name+"/")
				list(e.Inode, path+e.Name+"/")
			case e.Link:
				target, err := d.Readlink(disk.Root, path+e.Name)
				require.Equal(t, disk.OK, err)
				all = append(all, fmt.Sprintf("%s%s > %s", path, e.Name, target))
			default:
				all = append(all, path+e.Name)
			}
		}
	}
	list(disk.Root, "")
	return all
}

func TestLinksSurviveWithTheirNames(t *testing.T) {
	m := newMachine(t)
	m.synced("log", "x")
	require.Equal(t, disk.OK, m.Symlink("log", disk.Root, "kept", 1))
	m.sync(disk.Root)
	require.Equal(t, disk.OK, m.Symlink("/log", disk.Root, "lost", 1))
	content, err := m.ReadFile("/lost")
	require.Equal(t, disk.OK, err)
	require.Equal(t, "x", string(content))
	_, err = m.Open(disk.Root, "kept", disk.NoFollow, false, 1)
	require.Equal(t, disk.ELOOP, err)
	stat, err := m.StatPath(disk.Root, "kept", false)
	require.Equal(t, disk.OK, err)
	require.True(t, stat.Link)
	require.EqualValues(t, 3, stat.Size)
	m.crash()
	target, err := m.Readlink(disk.Root, "kept")
	require.Equal(t, disk.OK, err)
	require.Equal(t, "log", target)
	_, err = m.Readlink(disk.Root, "lost")
	require.Equal(t, disk.ENOENT, err)
	_, err = m.Readlink(disk.Root, "log")
	require.Equal(t, disk.EINVAL, err)
}
