package machine

import (
	"muster/sim/disk"
	"muster/sim/network"
)

// kind says what a descriptor stands for. Its values are WASI file types, as far as there are any.
type kind uint8

const (
	unused    kind = 0
	console   kind = 2 // a character device
	directory kind = 3
	file      kind = 4
	datagram  kind = 5
	stream    kind = 6

	symbolicLink kind = 7 // which no descriptor stands for
)

// direction is a set of directions in which a descriptor can be ready.
type direction uint8

const (
	toRead  direction = 1
	toWrite direction = 2
)

// descriptor is an entry of a process's table. It is plain data.
type descriptor struct {
	kind  kind
	flags uint16 // WASI fdflags

	// Of a file or directory.
	inode    disk.Inode
	offset   int64
	readable bool
	writable bool

	// Of a socket.
	socket network.Socket
	keep   network.KeepAlive // how it is to be probed,
	silent bool              // unless the program asked for silence
	armed  direction         // directions that the program wants to be woken for
	ready  direction         // directions that it will be told of
}

const (
	stdin, stdout, stderr = 0, 1, 2
	rootDirectory         = 3 // preopened, as "/"
)

// standardTable is the descriptor table of a process that starts.
func standardTable() []descriptor {
	return []descriptor{
		stdin:         {kind: console},
		stdout:        {kind: console},
		stderr:        {kind: console},
		rootDirectory: {kind: directory, inode: disk.Root},
	}
}

// mostDescriptors is how many descriptors a process can have, as setrlimit(RLIMIT_NOFILE) would say; one more meets EMFILE.
const mostDescriptors = 1 << 16

// full tells whether there is no place in the table.
func (p *Process) full() bool {
	for p.firstFree < len(p.table) && p.table[p.firstFree].kind != unused {
		p.firstFree++
	}
	return p.firstFree >= mostDescriptors
}

// open puts d into the lowest free place of the table.
func (p *Process) open(d descriptor) int32 {
	for fd := p.firstFree; ; fd++ {
		if fd == len(p.table) {
			p.table = append(p.table, d)
		} else if p.table[fd].kind == unused {
			p.table[fd] = d
		} else {
			continue
		}
		p.firstFree = fd + 1
		return int32(fd)
	}
}

// get finds an open descriptor; nil if there is none of that number. The pointer is good until the next open.
func (p *Process) get(fd int32) *descriptor {
	if fd < 0 || int(fd) >= len(p.table) || p.table[fd].kind == unused {
		return nil
	}
	return &p.table[fd]
}

// close takes a descriptor out of the table.
func (p *Process) close(fd int32) errno {
	d := p.get(fd)
	if d == nil {
		return ebadf
	}
	closed := *d
	*d = descriptor{}
	p.firstFree = min(p.firstFree, int(fd))
	switch closed.kind {
	case file, directory:
		p.kernel.Disk.Close(closed.inode)
	case stream, datagram:
		delete(p.sockets, closed.socket)
		return errno(p.kernel.Network.Close(p.kernel.Queue, closed.socket))
	}
	return ok
}
