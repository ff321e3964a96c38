package machine

import "muster/sim/network"

// exportPollCalls exports what _overlay/runtime imports.
func exportPollCalls(e exporter) {
	e.export("words", "i", "", func(p *Process, a arguments) uint64 {
		p.words = a[0]
		p.setWords()
		return 0
	})
	e.export("pollable", "i", "i", func(p *Process, a arguments) uint64 {
		if d := p.get(a.fd(0)); d != nil && (d.kind == stream || d.kind == datagram) {
			return 1
		}
		return 0
	})
	e.export("arm", "ii", "", func(p *Process, a arguments) uint64 {
		p.arm(a.fd(0), direction(a[1]))
		return 0
	})
	e.export("poll", "ii", "i", func(p *Process, a arguments) uint64 {
		return uint64(p.poll(a[0], a[1]))
	})
}

// arm notes that the program wants to be told once when a descriptor becomes ready.
func (p *Process) arm(fd int32, wanted direction) {
	d := p.get(fd)
	if d == nil {
		return
	}
	d.armed |= wanted & (toRead | toWrite)
	p.look(fd, d)
	p.putUint64(p.words+wordReady, uint64(len(p.ready)))
}

// look finds out whether a descriptor is ready for what it is armed for.
func (p *Process) look(fd int32, d *descriptor) {
	now := d.armed // files and consoles are always ready
	if d.kind == stream || d.kind == datagram {
		if now&toRead != 0 && !p.kernel.Network.Readable(d.socket) {
			now &^= toRead
		}
		if now&toWrite != 0 && !p.kernel.Network.Writable(d.socket) {
			now &^= toWrite
		}
	}
	if now == 0 {
		return
	}
	if d.ready == 0 {
		p.ready = append(p.ready, fd)
	}
	d.ready |= now
	d.armed &^= now
}

// poll writes up to n ready descriptors to the program's memory and returns their number.
func (p *Process) poll(at, n uint64) int {
	count := min(int(n), len(p.ready))
	for i, fd := range p.ready[:count] {
		// A descriptor may have been closed since, and perhaps opened again: then there is nothing to tell.
		p.putUint32(at+uint64(i)*4, uint32(fd)<<2|uint32(p.table[fd].ready))
		p.table[fd].ready = 0
	}
	p.ready = p.ready[:copy(p.ready, p.ready[count:])]
	p.putUint64(p.words+wordReady, uint64(len(p.ready)))
	return count
}

// SocketChanged tells a process that waits that a socket of its may have become ready. It returns whether the process wants to know.
func (p *Process) SocketChanged(s network.Socket) bool {
	fd, known := p.sockets[s]
	if !known {
		return false
	}
	d := &p.table[fd]
	if d.armed != 0 {
		p.look(fd, d)
	}
	return d.ready != 0
}
