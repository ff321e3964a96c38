package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// enter makes a new folder and goes there.
func enter() {
	folder := must(os.MkdirTemp("", "reality"))
	label("folder", folder)
	mustDo(os.Chdir(folder))
}

// files reads and writes.
func files() {
	enter()
	say("write", os.WriteFile("one", []byte("first\n"), 0o644))
	f := must(os.OpenFile("one", os.O_APPEND|os.O_WRONLY, 0))
	n, err := f.WriteString("second\n")
	say("append", n, err)
	_, err = f.WriteAt([]byte("x"), 0)
	say("write at a place in a file for appending", err)
	_, err = f.Read(make([]byte, 1))
	say("read a file for writing", err)
	say("close", f.Close())
	say("close twice", f.Close())
	_, err = f.WriteString("x")
	say("write to a closed file", err, errors.Is(err, os.ErrClosed))
	content, err := os.ReadFile("one")
	say("content", string(bytes.ReplaceAll(content, []byte("\n"), []byte("/"))), err)

	f = must(os.Create("two"))
	say("name", f.Name())
	n, err = f.WriteAt([]byte("tail"), 10)
	say("write behind the end", n, err)
	n, err = f.WriteString("head")
	say("write at the beginning", n, err)
	say("seek", errorOf(f.Seek(-100, io.SeekCurrent)))
	say("seek nowhere", errorOf(f.Seek(0, 9)))
	offset, err := f.Seek(-2, io.SeekEnd)
	say("seek to the end", offset, err)
	rest, err := io.ReadAll(f)
	say("rest", fmt.Sprintf("%q", rest), err)
	n, err = f.Read(make([]byte, 1))
	say("end", n, err)
	n, err = f.Read(nil)
	say("read nothing", n, err)
	say("hole", fmt.Sprintf("%q", must(os.ReadFile("two"))))
	_, err = f.ReadAt(make([]byte, 1), -1)
	say("read before the beginning", err)
	part := make([]byte, 10)
	n, err = f.ReadAt(part, 8)
	say("read to behind the end", fmt.Sprintf("%q", part[:n]), err)
	n, err = f.ReadAt(part, 100)
	say("read behind the end", n, err)
	say("truncate", f.Truncate(5), must(f.Stat()).Size())
	say("grow", f.Truncate(8), fmt.Sprintf("%q", must(os.ReadFile("two"))))
	say("truncate to less than nothing", f.Truncate(-1))
	say("sync", f.Sync())
	offset, err = f.Seek(20, io.SeekStart)
	say("seek behind the end", offset, err)
	n, err = f.Read(part)
	say("read there", n, err)
	n, err = f.Write([]byte("!"))
	say("write there", n, err, must(f.Stat()).Size())
	say("remove an open file", os.Remove("two"))
	n, err = f.WriteAt([]byte("still there"), 0)
	say("write to it", n, err, must(f.Stat()).Size())
	say("close", f.Close())
	_, err = os.Open("two")
	say("open a removed file", err)

	f = must(os.Open("one"))
	_, err = f.WriteString("x")
	say("write to a file for reading", err)
	say("truncate a file for reading", f.Truncate(0))
	f.Close()
	_, err = os.OpenFile("one", os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o644)
	say("create a file that exists", err, errors.Is(err, fs.ErrExist))
	f = must(os.OpenFile("one", os.O_RDWR|os.O_TRUNC, 0))
	say("open and truncate", must(f.Stat()).Size())
	f.Close()
	say("truncate by name", os.Truncate("one", 3), must(os.Stat("one")).Size())
	say("truncate what is not there", os.Truncate("nothing", 3))

	big := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	say("write a megabyte", os.WriteFile("big", big, 0o600))
	say("read a megabyte", bytes.Equal(big, must(os.ReadFile("big"))))
	from, to := must(os.Open("big")), must(os.Create("copy"))
	copied, err := io.Copy(to, from)
	say("copy", copied, err)
	from.Close()
	to.Close()

	when := time.Date(2001, 2, 3, 4, 5, 6, 7000, time.UTC)
	say("set times", os.Chtimes("one", when, when))
	say("time", must(os.Stat("one")).ModTime().UTC())
	mustDo(os.WriteFile("one", []byte("again"), 0o644))
	say("time moves on", must(os.Stat("one")).ModTime().After(when))
	mustDo(os.Chtimes("one", time.Time{}, when))
	say("set one time", must(os.Stat("one")).ModTime().UTC())
	stat := must(os.Stat("one"))
	say("stat", stat.Name(), stat.Size(), stat.IsDir(), stat.Mode().Type())
	say("mode", must(os.Stat("big")).Mode())
	say("change mode", os.Chmod("big", 0o400))
	say("same file", os.SameFile(stat, must(os.Lstat("./one"))), os.SameFile(stat, must(os.Stat("big"))))
	temporary := must(os.CreateTemp("", "pattern-*.txt"))
	say("temporary", strings.HasPrefix(temporary.Name(), os.TempDir()+"/pattern-"), strings.HasSuffix(temporary.Name(), ".txt"))
	temporary.Close()
	mustDo(os.Remove(temporary.Name()))
	f = must(os.Open("big"))
	say("deadline of a file", f.SetDeadline(time.Now()))
	raw := must(f.SyscallConn())
	say("raw", raw.Control(func(uintptr) {}))
	f.Close()
	for i, err := range []error{syscall.ENOENT, syscall.EACCES, syscall.EEXIST, syscall.ENOSPC, syscall.EIO, syscall.EROFS, syscall.EMFILE,
		syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.EPIPE, syscall.ETIMEDOUT, syscall.EHOSTUNREACH, syscall.EADDRINUSE,
		syscall.EADDRNOTAVAIL, syscall.EAGAIN, syscall.EINTR, syscall.ENOTEMPTY, syscall.ENAMETOOLONG, syscall.EINVAL, syscall.ENOSYS} {
		timeout, _ := err.(interface{ Timeout() bool })
		say(fmt.Sprint("error ", i), err, timeout.Timeout(), errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission), errors.Is(err, fs.ErrExist))
	}
}

// folders makes, lists, renames and removes.
func folders() {
	enter()
	say("make", os.Mkdir("a", 0o755))
	say("make twice", os.Mkdir("a", 0o755))
	say("make in nothing", os.Mkdir("x/y", 0o755))
	say("make all", os.MkdirAll("a/b/c", 0o755), os.MkdirAll("a/b/c", 0o755))
	mustDo(os.WriteFile("file", nil, 0o644))
	say("make over a file", os.Mkdir("file", 0o755))
	say("make all over a file", os.MkdirAll("file/x", 0o755))
	_, err := os.Create("file/x")
	say("create in a file", err)
	_, err = os.Stat("file/x")
	say("stat in a file", err)
	_, err = os.Open("file/")
	say("open a file as a folder", err)
	_, err = os.OpenFile("a", os.O_RDWR, 0)
	say("open a folder for writing", err)
	_, err = os.Create("a")
	say("create over a folder", err)
	_, err = os.ReadFile("a")
	say("read a folder", err)
	_, err = os.ReadDir("file")
	say("list a file", err)
	_, err = os.ReadDir("nothing")
	say("list nothing", err)
	say("remove a full folder", os.Remove("a"))
	say("remove nothing", os.Remove("nothing"))
	say("remove all of nothing", os.RemoveAll("nothing"))

	for _, name := range []string{"z", "m", "A", "10", "9", ".hidden", "ü", "with space"} {
		mustDo(os.WriteFile("a/b/"+name, []byte(name), 0o644))
	}
	list := must(os.ReadDir("a/b"))
	for _, entry := range list {
		info := must(entry.Info())
		say("entry", entry.Name(), entry.IsDir(), entry.Type(), info.IsDir() || info.Size() > 0)
	}
	open := must(os.Open("a/b"))
	first, err := open.Readdirnames(4)
	say("some names", len(first), err)
	others, err := open.Readdirnames(100)
	say("other names", len(others), err)
	_, err = open.Readdirnames(1)
	say("no more names", err)
	say("sync a folder", open.Sync())
	_, err = open.Write([]byte("x"))
	say("write to a folder", err)
	open.Close()

	say("rename", os.Rename("a/b/z", "a/zz"), must(os.Stat("a/zz")).Name())
	say("rename over a file", os.Rename("a/zz", "a/b/m"), string(must(os.ReadFile("a/b/m"))))
	say("rename nothing", os.Rename("nothing", "x"))
	say("rename into nothing", os.Rename("file", "x/y"))
	say("rename a file over a folder", os.Rename("file", "a"))
	say("rename a folder over a file", os.Rename("a", "file"))
	mustDo(os.Mkdir("empty", 0o755))
	mustDo(os.Mkdir("full", 0o755))
	mustDo(os.WriteFile("full/x", nil, 0o644))
	say("rename a folder over an empty one", os.Rename("full", "empty"), must(os.Stat("empty/x")).Size())
	say("rename a folder over a full one", os.Rename("empty", "a"))
	say("rename a folder into itself", os.Rename("a", "a/b/inside"))
	say("rename to itself", os.Rename("file", "file"))

	mustDo(filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		say("walk", path, d.IsDir(), err)
		return nil
	}))
	say("matches", must(filepath.Glob("*/*/[a-z]*")))
	say("copy a tree", os.CopyFS("copied", os.DirFS("a")), must(os.Stat("copied/b/m")).Size())
	say("remove all", os.RemoveAll("a"), os.RemoveAll("copied"))
	_, err = os.Stat("a")
	say("gone", errors.Is(err, fs.ErrNotExist))
	for i := range 300 {
		mustDo(os.WriteFile(fmt.Sprintf("empty/many-%03d", i), nil, 0o644))
	}
	many := must(os.ReadDir("empty"))
	say("many", len(many), many[0].Name(), many[299].Name(), many[300].Name())
	say("remove while listing", os.RemoveAll("empty"))
	mustDo(os.Mkdir("open", 0o755))
	open = must(os.Open("open"))
	mustDo(os.Remove("open"))
	names, err := open.Readdirnames(-1)
	say("list a removed folder", names, err)
	open.Close()
}

// paths finds files in all the ways that one can write.
func paths() {
	enter()
	mustDo(os.MkdirAll("a/b", 0o755))
	mustDo(os.WriteFile("a/file", []byte("x"), 0o644))
	for _, path := range []string{"", ".", "./a/file", "a//file", "a/../a/file", "a/b/../file", "a/b/../../a/file", "a/file/", "a/file/..", "/", "//",
		"/..", strings.Repeat("x", 255), strings.Repeat("x", 256), strings.Repeat("x/", 2100), "nul\x00byte", "a/./b/.", "a/nothing/../file"} {
		stat, err := os.Stat(path)
		shown := path
		if len(shown) > 20 {
			shown = fmt.Sprint(len(shown), " bytes")
		}
		if err != nil {
			var failed *fs.PathError
			errors.As(err, &failed)
			say("stat "+shown, failed.Op, failed.Err)
			continue
		}
		say("stat "+shown, stat.Name(), stat.IsDir())
	}
	where := must(os.Getwd())
	say("where", where)
	say("go in", os.Chdir("a/b"), must(os.Getwd()))
	say("above", must(os.Stat("../file")).Size())
	say("absolute", must(filepath.Abs("x")))
	say("go nowhere", os.Chdir("nothing"))
	say("go into a file", os.Chdir("../file"))
	say("go back", os.Chdir(where))
	root := must(os.OpenRoot("a"))
	_, err := root.Stat("file")
	say("in a root", err)
	_, err = root.Stat("../a/file")
	say("out of a root", err)
	say("create in a root", root.Mkdir("c", 0o755), must(os.Stat("a/c")).IsDir())
	say("close a root", root.Close())
	_, err = fs.Stat(os.DirFS("a"), "../a/file")
	say("out of a file system", err)
}

// named is under how many names a file stands.
func named(path string) uint64 {
	return uint64(must(os.Stat(path)).Sys().(*syscall.Stat_t).Nlink)
}

// links makes links.
func links() {
	enter()
	mustDo(os.WriteFile("file", []byte("x"), 0o644))
	say("link", os.Link("file", "hard"), os.Link("file", "hard"), os.Link("nothing", "other"), os.Link(".", "folder"))
	mustDo(os.WriteFile("hard", []byte("xy"), 0o644))
	say("one file by two names", must(os.Stat("file")).Size(), os.SameFile(must(os.Stat("file")), must(os.Stat("hard"))), named("file"))
	say("one less", os.Remove("file"), named("hard"), os.Link("hard", "file"), named("file"))
	say("rename to itself", os.Rename("file", "hard"), named("file"))
	opened := must(os.Open("file"))
	say("one more name of what is open", os.Link("file", "again"), must(opened.Stat()).Size(), os.Remove("again"))
	opened.Close()
	say("symbolic link", os.Symlink("file", "soft"))
	_, err := os.Readlink("file")
	say("read what is no link", err)
	_, err = os.Readlink("nothing")
	say("read nothing", err)
	target, err := os.Readlink("soft")
	say("read a link", target, err)
	content, err := os.ReadFile("soft")
	say("read through a link", string(content), err)
	_, err = os.Lstat("soft")
	say("look at a link", err)
	say("remove a link", os.Remove("soft"), os.Remove("hard"))
	say("the file is there", must(os.Stat("file")).Size())
	resolved, err := filepath.EvalSymlinks("file")
	say("resolve", resolved, err)
	_, _, err = os.Pipe()
	say("pipe", err)
}
