package machine

import (
	"muster/sim/disk"
	"muster/sim/trace"
)

// Rights that path_open is asked for, as WASI numbers them. Only these two matter here.
const (
	rightRead  = 1 << 1
	rightWrite = 1 << 6
)

// lookupFollow asks for what a symbolic link at the end of a path leads to.
const lookupFollow = 1 << 0

// What path_filestat_set_times is to set.
const (
	setAccessed    = 1 << 0
	setAccessedNow = 1 << 1
	setModified    = 1 << 2
	setModifiedNow = 1 << 3
)

// exportPathCalls exports the calls on names.
func exportPathCalls(e exporter) {
	e.add("path_open", "iiiiiIIii", pathOpen)
	for _, call := range []struct {
		name, what string
		change     func(d *disk.Disk, at disk.Inode, path string, now int64) disk.Errno
	}{
		{"path_create_directory", "mkdir", (*disk.Disk).Mkdir},
		{"path_remove_directory", "rmdir", (*disk.Disk).Rmdir},
		{"path_unlink_file", "unlink", (*disk.Disk).Unlink},
	} {
		e.add(call.name, "iii", func(p *Process, a arguments) errno {
			at, path, err := p.path(a, 0, 1)
			if err != ok {
				return err
			}
			return p.changed(call.change(p.kernel.Disk, at, path, p.wall()), call.what+" "+path)
		})
	}
	e.add("path_rename", "iiiiii", func(p *Process, a arguments) errno {
		fromAt, from, err := p.path(a, 0, 1)
		if err != ok {
			return err
		}
		toAt, to, err := p.path(a, 3, 4)
		if err != ok {
			return err
		}
		return p.changed(p.kernel.Disk.Rename(fromAt, from, toAt, to, p.wall()), "rename "+from+" "+to)
	})
	e.add("path_filestat_get", "iiiii", func(p *Process, a arguments) errno {
		at, path, err := p.path(a, 0, 2)
		if err != ok {
			return err
		}
		stat, failed := p.kernel.Disk.StatPath(at, path, a[1]&lookupFollow != 0)
		if failed != disk.OK {
			return errno(failed)
		}
		p.putStat(a[4], stat)
		return ok
	})
	e.add("path_filestat_set_times", "iiiiIIi", pathSetTimes)
	e.add("path_readlink", "iiiiii", func(p *Process, a arguments) errno {
		at, path, err := p.path(a, 0, 1)
		if err != ok {
			return err
		}
		target, failed := p.kernel.Disk.Readlink(at, path)
		if failed != disk.OK {
			return errno(failed)
		}
		p.putUint32(a[5], uint32(copy(p.bytes(a[3], a[4]), target)))
		return ok
	})
	e.add("path_symlink", "iiiii", func(p *Process, a arguments) errno {
		at, path, err := p.path(a, 2, 3)
		if err != ok {
			return err
		}
		if a[1] >= longestPath {
			return enametoolong
		}
		target := string(p.bytes(a[0], a[1]))
		return p.changed(p.kernel.Disk.Symlink(target, at, path, p.wall()), "symlink "+path+" "+target)
	})
	e.add("path_link", "iiiiiii", func(p *Process, a arguments) errno {
		fromAt, from, err := p.path(a, 0, 2)
		if err != ok {
			return err
		}
		toAt, to, err := p.path(a, 4, 5)
		if err != ok {
			return err
		}
		return p.changed(p.kernel.Disk.Link(fromAt, from, a[1]&lookupFollow != 0, toAt, to, p.wall()), "link "+from+" "+to)
	})
}

// path reads a directory and a path relative to it from the arguments; the path's length follows it.
func (p *Process) path(a arguments, directoryAt, pathAt int) (disk.Inode, string, errno) {
	d := p.get(a.fd(directoryAt))
	switch {
	case d == nil:
		return 0, "", ebadf
	case d.kind != directory:
		return 0, "", enotdir
	}
	if a[pathAt+1] >= longestPath {
		return 0, "", enametoolong
	}
	return d.inode, string(p.bytes(a[pathAt], a[pathAt+1])), ok
}

// longestPath is Linux's PATH_MAX, which counts a zero at the end.
const longestPath = 4096

// changed notes a change of a directory, if it came about.
func (p *Process) changed(err disk.Errno, what string) errno {
	if err == disk.OK {
		p.kernel.note(trace.Record{Kind: trace.Disk, Text: what})
	}
	return errno(err)
}

func pathOpen(p *Process, a arguments) errno {
	at, path, err := p.path(a, 0, 2)
	if err != ok {
		return err
	}
	if p.full() {
		return emfile
	}
	flags := disk.OpenFlags(a[4]) & (disk.Create | disk.Directory | disk.Exclusive | disk.Truncate)
	if a[1]&lookupFollow == 0 {
		flags |= disk.NoFollow
	}
	write := a[5]&rightWrite != 0
	inode, failed := p.kernel.Disk.Open(at, path, flags, write, p.wall())
	if failed != disk.OK {
		return errno(failed)
	}
	if flags&(disk.Create|disk.Truncate) != 0 {
		p.kernel.note(trace.Record{Kind: trace.Disk, Number: int64(inode), Text: "open " + path})
	}
	opened := descriptor{kind: file, flags: uint16(a[7]), inode: inode, readable: a[5]&rightRead != 0, writable: write}
	// What was opened a moment ago has a description.
	if stat, _ := p.kernel.Disk.Stat(inode); stat.Directory {
		opened.kind = directory
	}
	p.putUint32(a[8], uint32(p.open(opened)))
	return ok
}

func pathSetTimes(p *Process, a arguments) errno {
	at, path, err := p.path(a, 0, 2)
	if err != ok {
		return err
	}
	stat, failed := p.kernel.Disk.StatPath(at, path, a[1]&lookupFollow != 0)
	if failed != disk.OK {
		return errno(failed)
	}
	return p.setTimes(stat.Inode, int64(a[4]), int64(a[5]), a[6])
}

// setTimes sets those of a file's times that are named.
func (p *Process) setTimes(i disk.Inode, accessed, modified int64, which uint64) errno {
	stat, err := p.kernel.Disk.Stat(i)
	if err != disk.OK {
		return errno(err)
	}
	set := func(time *int64, given int64, toGiven, toNow uint64) {
		if which&toGiven != 0 {
			*time = given
		}
		if which&toNow != 0 {
			*time = p.wall()
		}
	}
	set(&stat.Accessed, accessed, setAccessed, setAccessedNow)
	set(&stat.Modified, modified, setModified, setModifiedNow)
	return errno(p.kernel.Disk.SetTimes(i, stat.Accessed, stat.Modified))
}
