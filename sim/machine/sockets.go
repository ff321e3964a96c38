package machine

import (
	"encoding/binary"
	"net/netip"
	"time"

	"muster/sim/network"
	"muster/sim/trace"
)

// exportSocketCalls exports what _overlay/net imports.
func exportSocketCalls(e exporter) {
	e.export("address", "", "i", func(p *Process, _ arguments) uint64 {
		a := p.kernel.Address.As4()
		return uint64(binary.BigEndian.Uint32(a[:]))
	})
	e.add("sock_listen", "iii", func(p *Process, a arguments) errno {
		if p.full() {
			return emfile
		}
		s, err := p.kernel.Network.ListenTCP(p.kernel.Queue, p.kernel.Host, p.name(a[0]), int(a[1]))
		if err != network.OK {
			return errno(err)
		}
		p.putUint32(a[2], uint32(p.openSocket(stream, s)))
		return ok
	})
	e.add("sock_connect", "iii", func(p *Process, a arguments) errno {
		if p.full() {
			return emfile
		}
		s, err := p.kernel.Network.Connect(p.kernel.Queue, p.kernel.Host, p.name(a[0]), p.name(a[1]))
		if err != network.OK {
			return errno(err)
		}
		p.putUint32(a[2], uint32(p.openSocket(stream, s)))
		return ok
	})
	e.add("sock_bind", "iii", func(p *Process, a arguments) errno {
		if p.full() {
			return emfile
		}
		s, err := p.kernel.Network.BindUDP(p.kernel.Queue, p.kernel.Host, p.name(a[0]))
		if err != network.OK {
			return errno(err)
		}
		if a[1] != 0 {
			if err := p.kernel.Network.ConnectUDP(p.kernel.Queue, s, p.name(a[1])); err != network.OK {
				p.kernel.Network.Close(p.kernel.Queue, s)
				return errno(err)
			}
		}
		p.putUint32(a[2], uint32(p.openSocket(datagram, s)))
		return ok
	})
	e.add("sock_error", "i", func(p *Process, a arguments) errno {
		d, err := p.socket(a.fd(0))
		if err != ok {
			return err
		}
		return errno(p.kernel.Network.TakeError(d.socket))
	})
	e.add("sock_names", "iii", func(p *Process, a arguments) errno {
		d, err := p.socket(a.fd(0))
		if err != ok {
			return err
		}
		p.putName(a[1], p.kernel.Network.LocalAddr(d.socket))
		p.putName(a[2], p.kernel.Network.RemoteAddr(d.socket))
		return ok
	})
	e.add("sock_option", "iiI", sockOption)
	e.add("sock_send_to", "iiiii", func(p *Process, a arguments) errno {
		d, err := p.socket(a.fd(0))
		if err != ok {
			return err
		}
		var to netip.AddrPort
		if a[3] != 0 {
			to = p.name(a[3])
		}
		n, err := p.send(a.fd(0), d, p.bytes(a[1], a[2]), to)
		p.putUint32(a[4], uint32(n))
		return err
	})
	e.add("sock_receive_from", "iiiii", func(p *Process, a arguments) errno {
		d, err := p.socket(a.fd(0))
		if err != ok {
			return err
		}
		n, from, failed := p.kernel.Network.ReceiveFrom(p.kernel.Queue, d.socket, p.bytes(a[1], a[2]))
		p.putName(a[3], from)
		p.putUint32(a[4], uint32(n))
		return errno(failed)
	})
}

func (p *Process) openSocket(k kind, s network.Socket) int32 {
	fd := p.open(descriptor{kind: k, socket: s, keep: network.DefaultKeepAlive})
	p.sockets[s] = fd
	return fd
}

// socket finds the descriptor of a socket.
func (p *Process) socket(fd int32) (*descriptor, errno) {
	d := p.get(fd)
	if d == nil {
		return nil, ebadf
	}
	if d.kind != stream && d.kind != datagram {
		return nil, enotsock
	}
	return d, ok
}

// name reads a simName (_overlay/net/net_fake.go).
func (p *Process) name(at uint64) netip.AddrPort {
	var address [4]byte
	binary.BigEndian.PutUint32(address[:], p.uint32(at))
	return netip.AddrPortFrom(netip.AddrFrom4(address), uint16(p.uint32(at+4)))
}

func (p *Process) putName(at uint64, name netip.AddrPort) {
	var ip uint32
	if a := name.Addr().Unmap(); a.Is4() {
		address := a.As4()
		ip = binary.BigEndian.Uint32(address[:])
	}
	p.putUint32(at, ip)
	p.putUint32(at+4, uint32(name.Port()))
}

// send sends bytes on a connection, or a datagram: to the connected peer if to is invalid.
func (p *Process) send(fd int32, d *descriptor, content []byte, to netip.AddrPort) (int, errno) {
	var n int
	var err network.Errno
	if d.kind == datagram {
		n, err = p.kernel.Network.SendTo(p.kernel.Queue, d.socket, content, to)
	} else {
		n, err = p.kernel.Network.Send(p.kernel.Queue, d.socket, content)
	}
	if err == network.OK {
		p.kernel.note(trace.Record{Kind: trace.Send, Number: int64(fd), Destination: to, Size: int64(n), Content: content[:n]})
	}
	return n, errno(err)
}

func sockAccept(p *Process, a arguments) errno {
	d, err := p.socket(a.fd(0))
	if err != ok {
		return err
	}
	if p.full() {
		return emfile
	}
	s, failed := p.kernel.Network.Accept(p.kernel.Queue, d.socket)
	if failed != network.OK {
		return errno(failed)
	}
	p.putUint32(a[2], uint32(p.openSocket(stream, s)))
	return ok
}

func sockShutdown(p *Process, a arguments) errno {
	d, err := p.socket(a.fd(0))
	if err != ok {
		return err
	}
	const read, write = 1, 2
	return errno(p.kernel.Network.Shutdown(p.kernel.Queue, d.socket, a[1]&read != 0, a[1]&write != 0))
}

// What sock_option can set (_overlay/net/sockopt_fake.go).
const (
	keepAliveOn = iota
	keepAliveIdle
	keepAliveInterval
	keepAliveCount
	linger
	readBuffer
	writeBuffer
	noDelay
)

func sockOption(p *Process, a arguments) errno {
	d, err := p.socket(a.fd(0))
	if err != ok {
		return err
	}
	value := int64(a[2])
	switch a[1] {
	case keepAliveOn:
		d.silent = value == 0
	case keepAliveIdle:
		d.keep.Idle = time.Duration(value)
	case keepAliveInterval:
		d.keep.Interval = time.Duration(value)
	case keepAliveCount:
		d.keep.Probes = int(value)
	case linger:
		return errno(p.kernel.Network.SetLinger(d.socket, value != 0))
	case readBuffer:
		return errno(p.kernel.Network.SetReceiveBuffer(d.socket, int(value)))
	case writeBuffer:
		return errno(p.kernel.Network.SetSendBuffer(d.socket, int(value)))
	case noDelay:
		return ok
	default:
		return einval
	}
	keep := d.keep
	if d.silent {
		keep = network.KeepAlive{}
	}
	return errno(p.kernel.Network.SetKeepAlive(p.kernel.Queue, d.socket, keep))
}

// note adds to the trace something that this machine's program did.
func (k *Kernel) note(r trace.Record) {
	r.At, r.Machine = time.Duration(k.Queue.Now()), k.Name
	k.Trace.Add(r)
}
