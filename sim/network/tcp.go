package network

import (
	"net/netip"

	"muster/sim/queue"
)

// ListenTCP opens a listening socket. An unspecified or invalid address means all of the machine's addresses, port 0 one that is
// free. As many connections wait to be accepted as backlog says, and one more, as
// in Linux. Errors: EADDRINUSE, EADDRNOTAVAIL, EINVAL (no such machine, or it is down).
func (n *Network) ListenTCP(q *queue.Queue, h Host, local netip.AddrPort, backlog int) (Socket, Errno) {
	local, err := n.bind(h, canonical(local), false)
	if err != OK {
		return 0, err
	}
	s := n.create(h, listening)
	s.local, s.backlog = local, max(backlog, 0)
	n.hold(s)
	return s.id, OK
}

// Connect begins to open a connection. It is open, or has failed, when the socket is writable; TakeError then tells which:
// ECONNREFUSED, ETIMEDOUT, EHOSTUNREACH (no machine has that address), ECONNRESET. An unspecified or invalid local address
// is chosen, and so is port 0. Errors at once: EADDRINUSE, EADDRNOTAVAIL (also: no port is left), EINVAL.
func (n *Network) Connect(q *queue.Queue, h Host, local, remote netip.AddrPort) (Socket, Errno) {
	local, remote = canonical(local), canonical(remote)
	if a := remote.Addr(); wildcard(a) { // connecting to 0.0.0.0 means this machine, in Linux and in Go
		remote = netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), remote.Port())
	}
	if local.Addr().IsLoopback() && !remote.Addr().IsLoopback() {
		return 0, EINVAL
	}
	bound := local.Port() != 0
	local, err := n.bind(h, n.sourceFor(h, local, remote), false)
	if err == EADDRINUSE && !bound {
		return 0, EADDRNOTAVAIL
	}
	if err != OK {
		return 0, err
	}
	s := n.create(h, connecting)
	s.local, s.remote = local, remote
	s.keep = DefaultKeepAlive
	n.hold(s)
	to, known := n.hostAt(h, remote.Addr())
	s.remoteHost = to
	n.noteSocket(q.Now(), NoteConnect, s)
	if !known {
		q.Push(unreachableAfter, queue.Event{Kind: KindUnreachable, Host: int32(h), ID: int32(s.id)})
		return s.id, OK
	}
	n.synchronize(q, s)
	return s.id, OK
}

// sourceFor fills in the address from which a machine speaks to another.
func (n *Network) sourceFor(h Host, local, remote netip.AddrPort) netip.AddrPort {
	owner := n.hosts[h]
	if owner == nil || !wildcard(local.Addr()) {
		return local
	}
	address := owner.address
	if remote.Addr().IsLoopback() {
		address = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	return netip.AddrPortFrom(address, local.Port())
}

// Accept takes the connection that has waited longest. Errors: EAGAIN, EBADF, EINVAL (not listening).
func (n *Network) Accept(q *queue.Queue, id Socket) (Socket, Errno) {
	l := n.get(id)
	switch {
	case l == nil:
		return 0, EBADF
	case l.state != listening:
		return 0, EINVAL
	case len(l.whole) == 0:
		return 0, EAGAIN
	}
	s := n.sockets[l.whole[0]]
	l.whole = l.whole[1:]
	s.listener = 0
	n.noteSocket(q.Now(), NoteAccept, s)
	return s.id, OK
}

// Send takes bytes to be sent: as many as the send buffer holds, at least one, or EAGAIN. Other errors: EPIPE (this side closed, or
// the connection is gone), ECONNRESET, ETIMEDOUT (once; EPIPE afterwards), ENOTCONN, EBADF. On a connected UDP socket it sends a datagram.
func (n *Network) Send(q *queue.Queue, id Socket, p []byte) (int, Errno) {
	s := n.get(id)
	if s == nil {
		return 0, EBADF
	}
	switch s.state {
	case udp:
		return n.SendTo(q, id, p, netip.AddrPort{})
	case listening:
		return 0, ENOTCONN
	case connecting, accepting:
		s.blocked = true
		return 0, EAGAIN
	}
	if s.err != OK {
		return 0, s.takeError()
	}
	if s.state == dead || s.finishing {
		return 0, EPIPE
	}
	if len(p) == 0 {
		return 0, OK
	}
	room := s.sendLimit - int(s.end-s.unacknowledged)
	if room <= 0 {
		s.blocked = true
		return 0, EAGAIN
	}
	if len(p) > room {
		p = p[:room]
		s.blocked = true
	}
	s.chunks = append(s.chunks, append([]byte(nil), p...))
	s.end += uint64(len(p))
	n.transmit(q, s)
	return len(p), OK
}

// Receive reads what has come. 0 bytes without an error mean that the other side sends no more. Errors: EAGAIN, ECONNRESET, ETIMEDOUT
// (once; the end of the stream afterwards), ENOTCONN, EBADF. On a UDP socket it reads a datagram.
func (n *Network) Receive(q *queue.Queue, id Socket, p []byte) (int, Errno) {
	s := n.get(id)
	if s == nil {
		return 0, EBADF
	}
	switch s.state {
	case udp:
		size, _, err := n.ReceiveFrom(q, id, p)
		return min(size, len(p)), err
	case listening:
		return 0, ENOTCONN
	case connecting, accepting:
		return 0, EAGAIN
	}
	if s.unreadSize == 0 {
		switch {
		case s.err != OK:
			return 0, s.takeError()
		case s.finished || s.deaf || s.state == dead || len(p) == 0:
			return 0, OK
		}
		return 0, EAGAIN
	}
	size := 0
	for size < len(p) && len(s.unread) > 0 {
		copied := copy(p[size:], s.unread[0])
		size += copied
		if copied == len(s.unread[0]) {
			s.unread[0] = nil
			s.unread = s.unread[1:]
		} else {
			s.unread[0] = s.unread[0][copied:]
		}
	}
	s.unreadSize -= size
	if s.state == open && !s.finished && s.window() >= s.advertised+uint64(s.receiveLimit/2) {
		n.acknowledge(q, s)
	}
	return size, OK
}

// window is the end of what s can receive now.
func (s *socket) window() uint64 { return s.received + uint64(max(s.receiveLimit-s.unreadSize, 0)) }

// Shutdown closes one direction of a connection, or both. The other side hears of the end of writing. Errors: ENOTCONN, EBADF.
func (n *Network) Shutdown(q *queue.Queue, id Socket, read, write bool) Errno {
	s := n.get(id)
	switch {
	case s == nil:
		return EBADF
	case s.state != open:
		return ENOTCONN
	}
	if read {
		s.deaf = true // what comes nevertheless is acknowledged and can be read, as in Linux
		n.wake(s)
	}
	if write && !s.finishing {
		s.finishing = true
		n.transmit(q, s)
		n.wake(s)
	}
	return OK
}

// Close gives a socket up. What was sent still arrives, and then a FIN; but if something unread is thrown away the other side is
// told by a RST at once, as Linux does, and so it is if SetLinger says so. Connections that wait to be accepted are reset. Error: EBADF.
func (n *Network) Close(q *queue.Queue, id Socket) Errno {
	s := n.get(id)
	if s == nil {
		return EBADF
	}
	switch s.state {
	case listening:
		for _, child := range s.half {
			n.sockets[child].listener = 0
			n.remove(q, n.sockets[child])
		}
		for _, child := range s.whole {
			n.sockets[child].listener = 0
			n.abort(q, n.sockets[child])
		}
	case open:
		if s.unreadSize > 0 || s.abrupt {
			n.abort(q, s)
			return OK
		}
		s.orphan = true
		if !s.finishing {
			s.finishing = true
			n.transmit(q, s)
		}
		if !s.done() || !s.finished {
			return OK
		}
	}
	n.remove(q, s)
	return OK
}

// abort resets a connection from this side.
func (n *Network) abort(q *queue.Queue, s *socket) {
	n.sendFrom(q, s, s.packetFrom(reset, q.Now()))
	n.remove(q, s)
}
