package disk

import (
	"cmp"
	"slices"
	"strings"
)

const longestName = 255

// found is what a path leads to.
type found struct {
	parent *node  // the directory that lists it, or would; nil for a path without a name of its own: "/", ".", ".."
	name   string // its name there
	node   *node  // nil: there is nothing
	slash  bool   // the path ends in a slash, and so means a directory
}

// mostLinks is how many symbolic links may be followed for one path, as on Linux; one more meets ELOOP.
const mostLinks = 40

// walk follows a path from a directory, or from the root if it begins with a slash. ".." of the root is the root. A symbolic link on the
// way is followed; one at the end only if follow says so.
func (d *Disk) walk(at Inode, path string, follow bool) (found, Errno) {
	start := d.nodes[at]
	switch {
	case start == nil:
		return found{}, EBADF
	case path == "":
		return found{}, ENOENT
	case strings.IndexByte(path, 0) >= 0:
		return found{}, EINVAL
	case path[0] == '/':
		start = d.nodes[Root]
	}
	f := found{node: start, slash: strings.HasSuffix(path, "/")}
	links := 0
	for rest := strings.TrimLeft(path, "/"); rest != ""; {
		name, after, _ := strings.Cut(rest, "/")
		rest = strings.TrimLeft(after, "/")
		switch {
		case f.node == nil:
			return found{}, ENOENT
		case !f.node.directory:
			return found{}, ENOTDIR
		case len(name) > longestName:
			return found{}, ENAMETOOLONG
		}
		d.step(&f, name)
		if f.node == nil || f.node.link == "" || rest == "" && !follow {
			continue
		}
		if links++; links > mostLinks {
			return found{}, ELOOP
		}
		link := f.node.link
		f.slash = f.slash || rest == "" && strings.HasSuffix(link, "/")
		f.node, f.parent, f.name = f.parent, nil, ""
		if link[0] == '/' {
			f.node = d.nodes[Root]
		}
		rest = strings.TrimLeft(link, "/") + "/" + rest
		rest = strings.TrimLeft(rest, "/")
	}
	switch {
	case f.parent == nil && f.node == nil, f.parent != nil && len(f.parent.now) == 0:
		return found{}, ENOENT // the directory that this would be in has been removed
	case f.slash && f.node != nil && !f.node.directory:
		return found{}, ENOTDIR
	}
	return f, OK
}

// step follows one name in a directory.
func (d *Disk) step(f *found, name string) {
	switch name {
	case ".":
		f.parent, f.name = nil, ""
	case "..":
		f.parent, f.name, f.node = nil, "", d.above(f.node)
	default:
		f.parent, f.name = f.node, name
		f.node = d.nodes[f.parent.entries[name].inode]
	}
}

// OpenFlags say how to open, with the values of WASI's oflags.
type OpenFlags uint16

// The flags of Open.
const (
	Create    OpenFlags = 1 << iota // make the file if there is none
	Directory                       // fail unless it is a directory
	Exclusive                       // with Create: fail if there is something
	Truncate                        // empty the file
	NoFollow                        // fail if it is a symbolic link; no flag of WASI's, which asks for it in another way
)

// Open finds a file or directory, or makes a file, and counts a use of it until Close. Paths are relative to the directory at.
// Errors: ENOENT, ENOTDIR, EISDIR (a directory cannot be written), EEXIST, EINVAL, ENAMETOOLONG, ELOOP, EBADF (no directory at), EIO.
func (d *Disk) Open(at Inode, path string, flags OpenFlags, write bool, now int64) (Inode, Errno) {
	if flags&Create != 0 && flags&Directory != 0 {
		return 0, EINVAL
	}
	f, err := d.walk(at, path, flags&NoFollow == 0 && flags&(Create|Exclusive) != Create|Exclusive)
	switch {
	case err != OK:
		return 0, err
	case f.node == nil && flags&Create == 0:
		return 0, ENOENT
	case f.node == nil && f.slash:
		return 0, EISDIR
	case f.node == nil:
		if d.fails(d.faults.WriteFails) {
			return 0, EIO
		}
		f.node = d.create(false, now)
		d.enter(f.node, place{f.parent.number, f.name}, now)
	case flags&Create != 0 && flags&Exclusive != 0:
		return 0, EEXIST
	case f.node.link != "":
		return 0, ELOOP
	case f.node.directory && (write || flags&(Create|Truncate) != 0):
		return 0, EISDIR
	case !f.node.directory && flags&Directory != 0:
		return 0, ENOTDIR
	case flags&Truncate != 0:
		if err := d.Truncate(f.node.number, 0, now); err != OK {
			return 0, err
		}
	}
	f.node.uses++
	return f.node.number, OK
}

// Mkdir makes a directory. Errors: EEXIST and those of Open.
func (d *Disk) Mkdir(at Inode, path string, now int64) Errno {
	f, err := d.walk(at, path, false)
	switch {
	case err != OK:
		return err
	case f.node != nil:
		return EEXIST
	case d.fails(d.faults.WriteFails):
		return EIO
	}
	d.enter(d.create(true, now), place{f.parent.number, f.name}, now)
	return OK
}

// Symlink makes a symbolic link to a target, which need not be there. It becomes durable with its name. Errors: EEXIST and those of Open.
func (d *Disk) Symlink(target string, at Inode, path string, now int64) Errno {
	f, err := d.walk(at, path, false)
	switch {
	case err != OK:
		return err
	case f.node != nil:
		return EEXIST
	case target == "", f.slash:
		return ENOENT
	case strings.IndexByte(target, 0) >= 0:
		return EINVAL
	case d.fails(d.faults.WriteFails):
		return EIO
	}
	n := d.create(false, now)
	n.link = target
	d.enter(n, place{f.parent.number, f.name}, now)
	return OK
}

// Link gives a file another name; with follow, a symbolic link at the end of the path to it is followed, and otherwise gets the name
// itself. It becomes durable with the file. Errors: EPERM (a directory), EEXIST and those of Open.
func (d *Disk) Link(fromAt Inode, from string, follow bool, toAt Inode, to string, now int64) Errno {
	source, err := d.walk(fromAt, from, follow)
	switch {
	case err != OK:
		return err
	case source.node == nil:
		return ENOENT
	}
	target, err := d.walk(toAt, to, false)
	switch {
	case err != OK:
		return err
	case target.node != nil:
		return EEXIST
	case target.slash:
		return ENOENT
	case source.node.directory:
		return EPERM
	case d.fails(d.faults.WriteFails):
		return EIO
	}
	d.enter(source.node, place{target.parent.number, target.name}, now)
	return OK
}

// Readlink returns the target of a symbolic link. Errors: EINVAL (it is none) and those of StatPath.
func (d *Disk) Readlink(at Inode, path string) (string, Errno) {
	f, err := d.walk(at, path, false)
	switch {
	case err != OK:
		return "", err
	case f.node == nil:
		return "", ENOENT
	case f.node.link == "":
		return "", EINVAL
	case d.fails(d.faults.ReadFails):
		return "", EIO
	}
	return f.node.link, OK
}

// Unlink removes a name of a file or symbolic link; who has it open keeps it. Errors: EISDIR and those of Open.
func (d *Disk) Unlink(at Inode, path string, now int64) Errno {
	return d.remove(at, path, now, func(f found) Errno {
		if f.node.directory {
			return EISDIR
		}
		return OK
	})
}

// Rmdir removes an empty directory. Errors: ENOTEMPTY, EBUSY (the root), EINVAL (".", ".."), and those of Open.
func (d *Disk) Rmdir(at Inode, path string, now int64) Errno {
	return d.remove(at, path, now, func(f found) Errno {
		switch {
		case !f.node.directory:
			return ENOTDIR
		case f.node.number == Root:
			return EBUSY
		case f.parent == nil:
			return EINVAL
		case len(f.node.entries) > 0:
			return ENOTEMPTY
		}
		return OK
	})
}

// remove takes away what a path leads to, unless that is refused.
func (d *Disk) remove(at Inode, path string, now int64, refuse func(found) Errno) Errno {
	f, err := d.walk(at, path, false)
	switch {
	case err != OK:
		return err
	case f.node == nil:
		return ENOENT
	}
	if err := refuse(f); err != OK {
		return err
	}
	if d.fails(d.faults.WriteFails) {
		return EIO
	}
	d.leave(f.node, place{f.parent.number, f.name}, now)
	d.release(f.node)
	return OK
}

// Rename moves a file or directory, in one step. It replaces a file by a file, and an empty directory by a directory; two names of one file
// both stay (rename(2)). Errors: EISDIR, ENOTDIR, ENOTEMPTY, EINVAL (a directory into itself; ".", ".."), EBUSY (the root), and those of
// Open.
func (d *Disk) Rename(fromAt Inode, from string, toAt Inode, to string, now int64) Errno {
	source, err := d.walk(fromAt, from, false)
	if err != OK {
		return err
	}
	target, err := d.walk(toAt, to, false)
	switch {
	case err != OK:
		return err
	case source.node == nil:
		return ENOENT
	case source.node.number == Root || target.node != nil && target.node.number == Root:
		return EBUSY
	case source.parent == nil || target.parent == nil:
		return EINVAL
	case source.node == target.node:
		return OK
	case source.node.directory && d.within(target.parent, source.node):
		return EINVAL
	case target.node != nil && target.node.directory && d.within(source.parent, target.node):
		return ENOTEMPTY
	case !source.node.directory && target.slash:
		return ENOTDIR
	case target.node != nil && source.node.directory && !target.node.directory:
		return ENOTDIR
	case target.node != nil && !source.node.directory && target.node.directory:
		return EISDIR
	case target.node != nil && len(target.node.entries) > 0:
		return ENOTEMPTY
	case d.fails(d.faults.WriteFails):
		return EIO
	}
	at := place{target.parent.number, target.name}
	if target.node != nil {
		d.leave(target.node, at, now)
		d.release(target.node)
	}
	d.leave(source.node, place{source.parent.number, source.name}, now)
	d.enter(source.node, at, now)
	return OK
}

// within tells whether n is the directory or somewhere below it.
func (d *Disk) within(n, directory *node) bool {
	for n != directory {
		if n.number == Root {
			return false
		}
		n = d.above(n)
	}
	return true
}

// Stat is what is known of a file or directory.
type Stat struct {
	Inode     Inode
	Directory bool
	Link      bool // it is a symbolic link
	Names     int  // under how many it stands; 1 for a directory, as on btrfs
	Size      int64
	// Accessed and Modified are what callers said that the time was.
	Accessed, Modified int64
}

func (n *node) stat() Stat {
	return Stat{Inode: n.number, Directory: n.directory, Link: n.link != "", Names: len(n.now), Size: n.size + int64(len(n.link)),
		Accessed: n.accessed, Modified: n.modified}
}

// Stat describes a file or directory. Error: EBADF.
func (d *Disk) Stat(i Inode) (Stat, Errno) {
	n := d.nodes[i]
	if n == nil {
		return Stat{}, EBADF
	}
	return n.stat(), OK
}

// StatPath describes what a path leads to: beyond a symbolic link at its end, or the link itself. Errors: ENOENT, ENOTDIR, EINVAL,
// ENAMETOOLONG, ELOOP, EBADF (no directory at).
func (d *Disk) StatPath(at Inode, path string, follow bool) (Stat, Errno) {
	f, err := d.walk(at, path, follow)
	switch {
	case err != OK:
		return Stat{}, err
	case f.node == nil:
		return Stat{}, ENOENT
	}
	return f.node.stat(), OK
}

// SetTimes sets what Stat tells. Error: EBADF.
func (d *Disk) SetTimes(i Inode, accessed, modified int64) Errno {
	n := d.nodes[i]
	if n == nil {
		return EBADF
	}
	n.accessed, n.modified = accessed, modified
	return OK
}

// Entry is one name in a directory.
type Entry struct {
	Name      string
	Inode     Inode
	Directory bool
	Link      bool // it is a symbolic link
	// Next is the cookie with which ReadDir goes on after this entry.
	Next uint64
}

// ReadDir lists a directory from a cookie on, 0 being the beginning, in the order in which the names were made. "." and ".." are left out.
// A cookie stays good whatever is made or removed meanwhile. Errors: EBADF, ENOTDIR, EIO.
func (d *Disk) ReadDir(i Inode, cookie uint64) ([]Entry, Errno) {
	n := d.nodes[i]
	switch {
	case n == nil:
		return nil, EBADF
	case !n.directory:
		return nil, ENOTDIR
	case d.fails(d.faults.ReadFails):
		return nil, EIO
	}
	list := []Entry{}
	for name, e := range n.entries {
		if e.order > cookie {
			n := d.nodes[e.inode]
			list = append(list, Entry{name, e.inode, n.directory, n.link != "", e.order})
		}
	}
	slices.SortFunc(list, func(a, b Entry) int { return cmp.Compare(a.Next, b.Next) })
	return list, OK
}
