package network

import (
	"net/netip"

	"muster/sim/queue"
)

// BindUDP opens a UDP socket. An unspecified or invalid address means all of the machine's addresses, port 0 one that is free.
// Errors: EADDRINUSE, EADDRNOTAVAIL, EINVAL (no such machine, or it is down).
func (n *Network) BindUDP(q *queue.Queue, h Host, local netip.AddrPort) (Socket, Errno) {
	local, err := n.bind(h, canonical(local), true)
	if err != OK {
		return 0, err
	}
	s := n.create(h, udp)
	s.local = local
	n.hold(s)
	return s.id, OK
}

// ConnectUDP makes a UDP socket send to one address unless told otherwise, and receive from it only. Such a socket also hears
// that nobody listens there: ECONNREFUSED from a later call. Errors: EBADF, EINVAL (not a UDP socket), EADDRNOTAVAIL (no address).
func (n *Network) ConnectUDP(q *queue.Queue, id Socket, remote netip.AddrPort) Errno {
	s := n.get(id)
	remote = canonical(remote)
	switch {
	case s == nil:
		return EBADF
	case s.state != udp:
		return EINVAL
	case wildcard(remote.Addr()):
		return EADDRNOTAVAIL
	}
	s.remote = remote
	s.local = n.sourceFor(s.host, s.local, remote)
	return OK
}

// SendTo sends a datagram; to a connected socket's address where to is invalid. It succeeds when the datagram has left, whatever
// becomes of it. Errors: EMSGSIZE (over 65507 bytes), EDESTADDRREQ, EINVAL (from loopback to elsewhere, or to port 0), EBADF, and what an
// earlier datagram met: ECONNREFUSED.
func (n *Network) SendTo(q *queue.Queue, id Socket, p []byte, to netip.AddrPort) (int, Errno) {
	s := n.get(id)
	if s == nil || s.state != udp {
		return 0, EBADF
	}
	if s.err != OK {
		return 0, s.takeError()
	}
	to = canonical(to)
	if !to.IsValid() {
		to = s.remote
	}
	switch {
	case !to.IsValid():
		return 0, EDESTADDRREQ
	case to.Port() == 0 && to != s.remote:
		return 0, EINVAL
	case len(p) > largestDatagram:
		return 0, EMSGSIZE
	case s.local.Addr().IsLoopback() && !to.Addr().IsLoopback():
		return 0, EINVAL
	}
	host, known := n.hostAt(s.host, to.Addr())
	if !known {
		return len(p), OK
	}
	d := packet{kind: datagram, from: s.host, to: host, source: s.id, left: q.Now(),
		sourceAddress: n.sourceFor(s.host, s.local, to), destinationAddress: to, data: append([]byte(nil), p...)}
	n.post(q, d, 0)
	if l := n.link(s.host, host); l.Duplicate > 0 && l.stream.Chance(l.Duplicate) {
		l.counters.Duplicated++
		n.post(q, d, 0)
	}
	return len(p), OK
}

// ReceiveFrom reads the datagram that has waited longest and returns its size; what does not fit into p is lost. Errors: EAGAIN, EBADF,
// ECONNREFUSED.
func (n *Network) ReceiveFrom(q *queue.Queue, id Socket, p []byte) (int, netip.AddrPort, Errno) {
	s := n.get(id)
	if s == nil || s.state != udp {
		return 0, netip.AddrPort{}, EBADF
	}
	if s.err != OK {
		return 0, netip.AddrPort{}, s.takeError()
	}
	if len(s.datagrams) == 0 {
		return 0, netip.AddrPort{}, EAGAIN
	}
	m := s.datagrams[0]
	s.datagrams[0] = message{}
	s.datagrams = s.datagrams[1:]
	s.charge -= len(m.data) + datagramCharge
	copy(p, m.data)
	return len(m.data), m.from, OK
}

// arriveDatagram gives a datagram to whom it is for.
func (n *Network) arriveDatagram(q *queue.Queue, p *packet) {
	if p.destinationAddress == ResolverAddress {
		n.arriveQuestion(q, p)
		return
	}
	s := n.holder(p.to, p.destinationAddress, udp)
	if s == nil || s.remote.IsValid() && s.remote != p.sourceAddress {
		n.notePacket(q.Now(), NoteDiscarded, p)
		n.refuse(q, p)
		return
	}
	charge := len(p.data) + datagramCharge
	if s.charge+charge > s.receiveLimit {
		n.notePacket(q.Now(), NoteDiscarded, p)
		return
	}
	s.charge += charge
	s.datagrams = append(s.datagrams, message{p.sourceAddress, p.data})
	n.notePacket(q.Now(), NoteDelivered, p)
	n.wake(s)
}

// arriveUnreachable tells a connected socket that nobody listens. Others do not hear of it, as in Linux.
func (n *Network) arriveUnreachable(p *packet) {
	if s := n.sockets[p.destination]; s != nil && s.state == udp && s.remote == p.sourceAddress {
		s.err = ECONNREFUSED
		n.wake(s)
	}
}
