package disk_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"muster/sim/disk"
)

// furnished has a/file, a/b/deep, empty/ and file.
func furnished(t *testing.T) machine {
	m := newMachine(t)
	m.mkdir("a")
	m.mkdir("a/b")
	m.mkdir("empty")
	for _, path := range []string{"file", "a/file", "a/b/deep"} {
		m.Close(m.write(path, path))
	}
	return m
}

func TestPaths(t *testing.T) {
	m := furnished(t)
	directory := m.open("a", disk.Directory)
	for _, test := range []struct {
		at   disk.Inode
		path string
		want disk.Errno
		size int64
	}{
		{disk.Root, "a/file", disk.OK, 6},
		{disk.Root, "/a/file", disk.OK, 6},
		{disk.Root, "a//./b/../file", disk.OK, 6},
		{disk.Root, "../../a/file", disk.OK, 6},
		{disk.Root, "a/file/", disk.ENOTDIR, 0},
		{disk.Root, "a/", disk.OK, 0},
		{disk.Root, "/", disk.OK, 0},
		{disk.Root, ".", disk.OK, 0},
		{disk.Root, "", disk.ENOENT, 0},
		{disk.Root, "a/missing", disk.ENOENT, 0},
		{disk.Root, "missing/file", disk.ENOENT, 0},
		{disk.Root, "file/x", disk.ENOTDIR, 0},
		{disk.Root, "file/..", disk.ENOTDIR, 0},
		{disk.Root, "a\x00b", disk.EINVAL, 0},
		{disk.Root, strings.Repeat("x", 256), disk.ENAMETOOLONG, 0},
		{disk.Root, strings.Repeat("x", 255), disk.ENOENT, 0},
		{directory, "file", disk.OK, 6},
		{directory, "../file", disk.OK, 4},
		{directory, "b/deep", disk.OK, 8},
		{directory, "/file", disk.OK, 4},
		{99, "file", disk.EBADF, 0},
	} {
		stat, err := m.StatPath(test.at, test.path, true)
		require.Equal(t, test.want, err, test.path)
		require.Equal(t, test.size, stat.Size, test.path)
	}
}

func TestOpen(t *testing.T) {
	for _, test := range []struct {
		path  string
		flags disk.OpenFlags
		write bool
		want  disk.Errno
		after string // content of path, when it is a file
	}{
		{"file", 0, false, disk.OK, "file"},
		{"file", 0, true, disk.OK, "file"},
		{"file", disk.Create, true, disk.OK, "file"},
		{"file", disk.Truncate, true, disk.OK, ""},
		{"file", disk.Create | disk.Exclusive, true, disk.EEXIST, "file"},
		{"file", disk.Directory, false, disk.ENOTDIR, "file"},
		{"new", 0, true, disk.ENOENT, ""},
		{"new", disk.Create, true, disk.OK, ""},
		{"new", disk.Create | disk.Exclusive, true, disk.OK, ""},
		{"new/", disk.Create, true, disk.EISDIR, ""},
		{"new", disk.Create | disk.Directory, true, disk.EINVAL, ""},
		{"missing/new", disk.Create, true, disk.ENOENT, ""},
		{"a", 0, false, disk.OK, ""},
		{"a", disk.Directory, false, disk.OK, ""},
		{"a", 0, true, disk.EISDIR, ""},
		{"a", disk.Create, false, disk.EISDIR, ""},
		{"a", disk.Truncate, false, disk.EISDIR, ""},
		{".", disk.Directory, false, disk.OK, ""},
	} {
		name := fmt.Sprintf("%s %d %v", test.path, test.flags, test.write)
		m := furnished(t)
		i, err := m.Open(disk.Root, test.path, test.flags, test.write, 1)
		require.Equal(t, test.want, err, name)
		require.Equal(t, err == disk.OK, i != 0, name)
		content, _ := m.ReadFile(test.path)
		require.Equal(t, test.after, string(content), name)
	}
}

func TestChangesOfDirectories(t *testing.T) {
	rename := func(from, to string) func(machine) disk.Errno {
		return func(m machine) disk.Errno { return m.Rename(disk.Root, from, disk.Root, to, 1) }
	}
	mkdir := func(path string) func(machine) disk.Errno {
		return func(m machine) disk.Errno { return m.Mkdir(disk.Root, path, 1) }
	}
	rmdir := func(path string) func(machine) disk.Errno {
		return func(m machine) disk.Errno { return m.Rmdir(disk.Root, path, 1) }
	}
	unlink := func(path string) func(machine) disk.Errno {
		return func(m machine) disk.Errno { return m.Unlink(disk.Root, path, 1) }
	}
	before := []string{"a/", "a/b/", "a/b/deep=a/b/deep", "a/file=a/file", "empty/", "file=file"}
	for _, test := range []struct {
		name string
		call func(machine) disk.Errno
		want disk.Errno
		tree []string // nil: as before
	}{
		{"mkdir", mkdir("a/new/"), disk.OK, append([]string{"a/new/"}, before...)},
		{"mkdir of a directory", mkdir("a"), disk.EEXIST, nil},
		{"mkdir of a file", mkdir("file"), disk.EEXIST, nil},
		{"mkdir of the root", mkdir("/"), disk.EEXIST, nil},
		{"mkdir in nothing", mkdir("missing/new"), disk.ENOENT, nil},
		{"rmdir", rmdir("empty/"), disk.OK, []string{"a/", "a/b/", "a/b/deep=a/b/deep", "a/file=a/file", "file=file"}},
		{"rmdir of a full one", rmdir("a"), disk.ENOTEMPTY, nil},
		{"rmdir of a file", rmdir("file"), disk.ENOTDIR, nil},
		{"rmdir of nothing", rmdir("missing"), disk.ENOENT, nil},
		{"rmdir of the root", rmdir("/"), disk.EBUSY, nil},
		{"rmdir of a dot", rmdir("empty/."), disk.EINVAL, nil},
		{"unlink", unlink("file"), disk.OK, before[:5]},
		{"unlink of a directory", unlink("empty"), disk.EISDIR, nil},
		{"unlink of nothing", unlink("missing"), disk.ENOENT, nil},
		{"unlink of a file with a slash", unlink("file/"), disk.ENOTDIR, nil},
		{"rename of a file", rename("file", "a/new"), disk.OK, append([]string{"a/new=file"}, before[:5]...)},
		{"rename over a file", rename("file", "a/file"), disk.OK, []string{"a/", "a/b/", "a/b/deep=a/b/deep", "a/file=file", "empty/"}},
		{"rename to itself", rename("file", "a/../file"), disk.OK, nil},
		{"rename of a directory", rename("a/b", "b/"), disk.OK, []string{"a/", "a/file=a/file", "b/", "b/deep=a/b/deep", "empty/", "file=file"}},
		{"rename over an empty directory", rename("a/b", "empty"), disk.OK, []string{"a/", "a/file=a/file", "empty/", "empty/deep=a/b/deep", "file=file"}},
		{"rename over a full directory", rename("empty", "a"), disk.ENOTEMPTY, nil},
		{"rename of a file over a directory", rename("file", "empty"), disk.EISDIR, nil},
		{"rename of a directory over a file", rename("empty", "file"), disk.ENOTDIR, nil},
		{"rename of a file to a directory's name", rename("file", "new/"), disk.ENOTDIR, nil},
		{"rename into itself", rename("a", "a/b/c"), disk.EINVAL, nil},
		{"rename of nothing", rename("missing", "new"), disk.ENOENT, nil},
		{"rename into nothing", rename("file", "missing/new"), disk.ENOENT, nil},
		{"rename of the root", rename("/", "a/new"), disk.EBUSY, nil},
		{"rename over the root", rename("a", "/"), disk.EBUSY, nil},
		{"rename of a dot", rename("a/.", "new"), disk.EINVAL, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := furnished(t)
			require.Equal(t, test.want, test.call(m))
			want := test.tree
			if want == nil {
				want = before
			}
			require.ElementsMatch(t, want, tree(t, m.Disk))
		})
	}
}

func TestRemovedDirectoryTakesNothing(t *testing.T) {
	m := furnished(t)
	i := m.open("empty", disk.Directory)
	require.Equal(t, disk.OK, m.Rmdir(disk.Root, "empty", 1))
	require.Equal(t, disk.ENOENT, m.Mkdir(i, "new", 1))
	_, err := m.Open(i, "new", disk.Create, true, 1)
	require.Equal(t, disk.ENOENT, err)
	_, err = m.StatPath(i, "..", true)
	require.Equal(t, disk.ENOENT, err)
	require.Equal(t, disk.ENOENT, m.Mkdir(i, "../new", 1))
	_, err = m.Open(i, ".", disk.Directory, false, 1)
	require.Equal(t, disk.OK, err)
}

// TestListingGoesOnWhileNamesComeAndGo lists as os.ReadDir does, in parts, and removes what it found.
func TestListingGoesOnWhileNamesComeAndGo(t *testing.T) {
	m := newMachine(t)
	const files = 50
	for n := range files {
		m.write(fmt.Sprint(n), "")
	}
	var cookie uint64
	for n := range files {
		entries, err := m.ReadDir(disk.Root, cookie)
		require.Equal(t, disk.OK, err)
		require.Equal(t, fmt.Sprint(n), entries[0].Name)
		require.False(t, entries[0].Directory)
		cookie = entries[0].Next
		m.unlink(fmt.Sprint(n))
	}
	m.write("late", "")
	entries, err := m.ReadDir(disk.Root, cookie)
	require.Equal(t, disk.OK, err)
	require.Len(t, entries, 1)
	require.Equal(t, "late", entries[0].Name)
}
