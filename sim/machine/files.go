package machine

import (
	"encoding/binary"
	"net/netip"

	"muster/sim/disk"
	"muster/sim/network"
	"muster/sim/trace"
)

// Flags of a descriptor, as WASI numbers them.
const (
	flagAppend = 1 << 0
	flagDsync  = 1 << 1
	flagSync   = 1 << 4
)

// exportFileCalls exports the calls on open descriptors.
func exportFileCalls(e exporter) {
	e.add("fd_close", "i", func(p *Process, a arguments) errno { return p.close(a.fd(0)) })
	e.add("fd_write", "iiii", fdWrite)
	e.add("fd_read", "iiii", fdRead)
	e.add("fd_pwrite", "iiiIi", func(p *Process, a arguments) errno {
		d, err := p.file(a.fd(0))
		if err != ok {
			return err
		}
		offset, total := int64(a[3]), 0
		err = p.vectors(a[1], a[2], func(piece []byte) (bool, errno) {
			n, err := p.writeFile(d, piece, offset, false)
			offset, total = offset+int64(n), total+n
			return n < len(piece), err
		})
		p.putUint32(a[4], uint32(total))
		return err
	})
	e.add("fd_pread", "iiiIi", func(p *Process, a arguments) errno {
		d, err := p.file(a.fd(0))
		if err != ok {
			return err
		}
		offset, total := int64(a[3]), 0
		err = p.vectors(a[1], a[2], func(piece []byte) (bool, errno) {
			n, err := p.readFile(d, piece, offset)
			offset, total = offset+int64(n), total+n
			return n < len(piece), err
		})
		p.putUint32(a[4], uint32(total))
		return err
	})
	e.add("fd_seek", "iIii", fdSeek)
	e.add("fd_tell", "ii", func(p *Process, a arguments) errno {
		d, err := p.file(a.fd(0))
		if err == ok {
			p.putUint64(a[1], uint64(d.offset))
		}
		return err
	})
	for _, name := range []string{"fd_sync", "fd_datasync"} {
		e.add(name, "i", func(p *Process, a arguments) errno {
			d := p.get(a.fd(0))
			switch {
			case d == nil:
				return ebadf
			case d.kind != file && d.kind != directory:
				return einval
			}
			return p.sync(d)
		})
	}
	e.add("fd_advise", "iIIi", func(p *Process, a arguments) errno {
		_, err := p.file(a.fd(0))
		return err // advice is not needed
	})
	e.add("fd_fdstat_set_rights", "iII", func(p *Process, a arguments) errno {
		if p.get(a.fd(0)) == nil {
			return ebadf
		}
		return ok // everybody has all rights
	})
	e.add("fd_filestat_set_times", "iIIi", func(p *Process, a arguments) errno {
		d := p.get(a.fd(0))
		switch {
		case d == nil:
			return ebadf
		case d.kind != file && d.kind != directory:
			return einval
		}
		return p.setTimes(d.inode, int64(a[1]), int64(a[2]), a[3])
	})
	e.add("fd_readdir", "iiiIi", fdReadDir)
	e.add("fd_fdstat_get", "ii", func(p *Process, a arguments) errno {
		d := p.get(a.fd(0))
		if d == nil {
			return ebadf
		}
		stat := p.bytes(a[1], 24)
		clear(stat)
		stat[0] = byte(d.kind)
		binary.LittleEndian.PutUint16(stat[2:], d.flags)
		binary.LittleEndian.PutUint64(stat[8:], ^uint64(0)) // all rights
		binary.LittleEndian.PutUint64(stat[16:], ^uint64(0))
		return ok
	})
	e.add("fd_fdstat_set_flags", "ii", func(p *Process, a arguments) errno {
		d := p.get(a.fd(0))
		if d == nil {
			return ebadf
		}
		d.flags = uint16(a[1])
		return ok
	})
	e.add("fd_filestat_get", "ii", func(p *Process, a arguments) errno {
		d := p.get(a.fd(0))
		switch {
		case d == nil:
			return ebadf
		case d.kind != file && d.kind != directory:
			stat := p.bytes(a[1], statSize)
			clear(stat)
			stat[statType] = byte(d.kind)
			return ok
		}
		stat, err := p.kernel.Disk.Stat(d.inode)
		if err != disk.OK {
			return errno(err)
		}
		p.putStat(a[1], stat)
		return ok
	})
	e.add("fd_filestat_set_size", "iI", func(p *Process, a arguments) errno {
		d, err := p.file(a.fd(0))
		if err != ok {
			return err
		}
		if !d.writable {
			return einval
		}
		size := int64(a[1])
		p.kernel.note(trace.Record{Kind: trace.Disk, Number: int64(d.inode), Size: size, Text: "truncate"})
		return errno(p.kernel.Disk.Truncate(d.inode, size, p.wall()))
	})
	e.add("fd_prestat_get", "ii", func(p *Process, a arguments) errno {
		if a.fd(0) != rootDirectory {
			return ebadf
		}
		p.putUint32(a[1], 0) // a directory
		p.putUint32(a[1]+4, 1)
		return ok
	})
	e.add("fd_prestat_dir_name", "iii", func(p *Process, a arguments) errno {
		if a.fd(0) != rootDirectory {
			return ebadf
		}
		copy(p.bytes(a[1], a[2]), "/")
		return ok
	})
}

// exportSyncTime exports what _overlay/internal/poll imports.
func exportSyncTime(e exporter) {
	e.export("sync_time", "i", "I", func(p *Process, a arguments) uint64 {
		if d := p.get(a.fd(0)); d != nil && (d.kind == file || d.kind == directory) {
			return uint64(p.kernel.Disk.SyncTime())
		}
		return 0
	})
}

// wall is the time that the machine's files are stamped with.
func (p *Process) wall() int64 { return p.kernel.Clock.Wall(p.kernel.Queue.Now()) }

// file finds the descriptor of a file.
func (p *Process) file(fd int32) (*descriptor, errno) {
	d := p.get(fd)
	if d == nil {
		return nil, ebadf
	}
	switch d.kind {
	case file:
		return d, ok
	case directory:
		return nil, eisdir
	}
	return nil, espipe
}

func fdWrite(p *Process, a arguments) errno {
	fd := a.fd(0)
	d := p.get(fd)
	if d == nil {
		return ebadf
	}
	total := 0
	err := p.vectors(a[1], a[2], func(piece []byte) (bool, errno) {
		n, err := len(piece), ok
		switch d.kind {
		case console:
			if fd == stdin {
				return true, ebadf
			}
			p.print(fd, piece)
		case stream, datagram:
			n, err = p.send(fd, d, piece, netip.AddrPort{})
		case file:
			n, err = p.writeFile(d, piece, d.offset, d.flags&flagAppend != 0)
		default:
			return true, ebadf // a directory is never open for writing
		}
		total += n
		return n < len(piece), err
	})
	if total > 0 && err == eagain {
		err = ok // a part is better than nothing
	}
	p.putUint32(a[3], uint32(total))
	return err
}

func fdRead(p *Process, a arguments) errno {
	d := p.get(a.fd(0))
	if d == nil {
		return ebadf
	}
	total := 0
	err := p.vectors(a[1], a[2], func(piece []byte) (bool, errno) {
		var n int
		err := ok
		switch d.kind {
		case console: // nobody types
		case stream, datagram:
			var failed network.Errno
			n, failed = p.kernel.Network.Receive(p.kernel.Queue, d.socket, piece)
			err = errno(failed)
		case file:
			n, err = p.readFile(d, piece, d.offset)
			d.offset += int64(n)
		default:
			return true, eisdir
		}
		total += n
		return n < len(piece), err
	})
	if total > 0 && err == eagain {
		err = ok
	}
	p.putUint32(a[3], uint32(total))
	return err
}

func (p *Process) readFile(d *descriptor, piece []byte, offset int64) (int, errno) {
	if !d.readable {
		return 0, ebadf
	}
	n, err := p.kernel.Disk.ReadAt(d.inode, piece, offset)
	return n, errno(err)
}

// writeFile writes to a file: at its end, or at an offset. It moves the descriptor's own offset if it is there.
func (p *Process) writeFile(d *descriptor, piece []byte, offset int64, atEnd bool) (int, errno) {
	if !d.writable {
		return 0, ebadf
	}
	var n int
	var err disk.Errno
	if atEnd {
		n, d.offset, err = p.kernel.Disk.Append(d.inode, piece, p.wall())
	} else {
		n, err = p.kernel.Disk.WriteAt(d.inode, piece, offset, p.wall())
		if offset == d.offset {
			d.offset += int64(n)
		}
	}
	if err != disk.OK {
		return n, errno(err)
	}
	p.kernel.note(trace.Record{Kind: trace.Write, Number: int64(d.inode), Size: int64(n), Content: piece[:n]})
	if d.flags&(flagSync|flagDsync) != 0 {
		p.spend(p.kernel.Disk.SyncTime()) // the whole program waits, since a write cannot be left in its middle
		return n, p.sync(d)
	}
	return n, ok
}

func (p *Process) sync(d *descriptor) errno {
	p.kernel.note(trace.Record{Kind: trace.Sync, Number: int64(d.inode)})
	return errno(p.kernel.Disk.Sync(d.inode))
}

func fdSeek(p *Process, a arguments) errno {
	d, err := p.file(a.fd(0))
	if err != ok {
		return err
	}
	offset := int64(a[1])
	const set, current, end = 0, 1, 2
	switch a[2] {
	case set:
	case current:
		offset += d.offset
	case end:
		stat, err := p.kernel.Disk.Stat(d.inode)
		if err != disk.OK {
			return errno(err)
		}
		offset += stat.Size
	default:
		return einval
	}
	if offset < 0 {
		return einval
	}
	d.offset = offset
	p.putUint64(a[3], uint64(offset))
	return ok
}

// direntSize is the size of a directory entry before its name.
const direntSize = 24

func fdReadDir(p *Process, a arguments) errno {
	d := p.get(a.fd(0))
	switch {
	case d == nil:
		return ebadf
	case d.kind != directory:
		return enotdir
	}
	entries, err := p.kernel.Disk.ReadDir(d.inode, a[3])
	if err != disk.OK {
		return errno(err)
	}
	buffer := p.bytes(a[1], a[2])
	written := 0
	// An entry that does not fit is cut off: a full buffer tells the program that there is more.
	for _, entry := range entries {
		if written == len(buffer) {
			break
		}
		var head [direntSize]byte
		binary.LittleEndian.PutUint64(head[0:], entry.Next)
		binary.LittleEndian.PutUint64(head[8:], uint64(entry.Inode))
		binary.LittleEndian.PutUint32(head[16:], uint32(len(entry.Name)))
		head[20] = byte(kindOf(entry.Directory, entry.Link))
		written += copy(buffer[written:], head[:])
		written += copy(buffer[written:], entry.Name)
	}
	p.putUint32(a[4], uint32(written))
	return ok
}

// kindOf is the WASI file type of what stands on a disk.
func kindOf(isDirectory, isLink bool) kind {
	switch {
	case isDirectory:
		return directory
	case isLink:
		return symbolicLink
	}
	return file
}

// A WASI filestat.
const (
	statSize = 64
	statType = 16
)

func (p *Process) putStat(at uint64, s disk.Stat) {
	b := p.bytes(at, statSize)
	clear(b)
	binary.LittleEndian.PutUint64(b[0:], 1) // device
	binary.LittleEndian.PutUint64(b[8:], uint64(s.Inode))
	b[statType] = byte(kindOf(s.Directory, s.Link))
	binary.LittleEndian.PutUint64(b[24:], uint64(s.Names)) // links
	binary.LittleEndian.PutUint64(b[32:], uint64(s.Size))
	binary.LittleEndian.PutUint64(b[40:], uint64(s.Accessed))
	binary.LittleEndian.PutUint64(b[48:], uint64(s.Modified))
	binary.LittleEndian.PutUint64(b[56:], uint64(s.Modified)) // changed
}
