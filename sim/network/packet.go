package network

import (
	"net/netip"
	"slices"

	"muster/sim/queue"
)

type packetKind uint8

const (
	syn         packetKind = iota // opens a connection; from here on in the order of a connection's life
	synAck                        // agrees to it
	opened                        // the third packet
	data                          // bytes from sequence on
	fin                           // the end of the stream, at sequence
	ack                           // acknowledges, or tells that the window has opened
	probe                         // asks for an ack
	reset                         // RST
	datagram                      // UDP
	unreachable                   // ICMP: nobody takes datagrams there
)

// packet is something under way from one machine to another.
type packet struct {
	kind                              packetKind
	from, to                          Host
	source, destination               Socket // 0 where the sender cannot know it
	sourceAddress, destinationAddress netip.AddrPort
	sequence                          uint64
	acknowledged, edge                uint64 // in synAck, syn and ack: what was received, and where the window ends
	left                              int64  // when it was sent
	data                              []byte
}

// packetFrom addresses a packet to the other end of a connection.
func (s *socket) packetFrom(kind packetKind, now int64) packet {
	return packet{kind: kind, from: s.host, to: s.remoteHost, source: s.id, destination: s.peer,
		sourceAddress: s.local, destinationAddress: s.remote, left: now}
}

// answer addresses a packet to where p came from.
func (p *packet) answer(kind packetKind, now int64) packet {
	return packet{kind: kind, from: p.to, to: p.from, source: p.destination, destination: p.source,
		sourceAddress: p.destinationAddress, destinationAddress: p.sourceAddress, left: now}
}

// sendFrom sends a packet of a connection, after all that it sent before.
func (n *Network) sendFrom(q *queue.Queue, s *socket, p packet) {
	s.arrival = n.post(q, p, s.arrival)
}

// post sends a packet, to arrive not before a time. It returns when it arrives, and notBefore if it does not.
func (n *Network) post(q *queue.Queue, p packet, notBefore int64) int64 {
	l := n.link(p.from, p.to)
	switch f := l.fate(len(p.data)); f {
	case arrives:
		return n.launch(q, l, p, notBefore)
	case waits:
		l.held = append(l.held, p)
		n.notePacket(q.Now(), NoteClogged, &p)
		n.lose(q, &p) // as far as the sender can tell
	default:
		n.drop(q, l, f, &p)
	}
	return notBefore
}

// launch puts a packet on its way, to arrive not before a time. It returns when it arrives.
func (n *Network) launch(q *queue.Queue, l *link, p packet, notBefore int64) int64 {
	now := q.Now() + n.ahead // by the clock of the program that sends it
	delay := l.delay(now, len(p.data))
	at := max(now+delay, notBefore)
	switch {
	case p.kind != datagram:
	case l.Reorder > 0 && l.stream.Chance(l.Reorder):
		at += l.stream.Int64N(9*delay + 1)
		l.counters.Reordered++
	default:
		at = max(at, l.ordered)
		l.ordered = at
	}
	var place int32
	if last := len(n.holes) - 1; last >= 0 {
		place = n.holes[last]
		n.holes = n.holes[:last]
		n.packets[place] = p
	} else {
		place = int32(len(n.packets))
		n.packets = append(n.packets, p)
	}
	q.Push(at-q.Now(), queue.Event{Kind: KindPacket, Host: int32(p.to), ID: place})
	return at
}

// drop does what follows from a packet that did not get through its link.
func (n *Network) drop(q *queue.Queue, l *link, f fate, p *packet) {
	switch {
	case f == isRejected:
		n.notePacket(q.Now(), NoteRejected, p)
		n.refuse(q, p)
	case l.cut:
		n.notePacket(q.Now(), NoteCut, p)
	default:
		n.notePacket(q.Now(), NoteLost, p)
	}
	n.lose(q, p)
}

// refuse tells the sender of a packet that there is nobody for it.
func (n *Network) refuse(q *queue.Queue, p *packet) {
	switch p.kind {
	case reset, unreachable:
	case datagram:
		n.post(q, p.answer(unreachable, q.Now()), 0)
	default:
		n.post(q, p.answer(reset, q.Now()), 0)
	}
}

// lose starts the timers that will find out, in time, that a packet was lost. While nothing is lost no timer runs, because an
// acknowledgement is certain to come first.
func (n *Network) lose(q *queue.Queue, p *packet) {
	source, destination := n.sockets[p.source], n.sockets[p.destination]
	switch p.kind {
	case syn, data, fin:
		n.arm(q, source, p.left)
	case synAck: // both sides wait in vain
		n.arm(q, source, p.left)
		if destination != nil && destination.state == connecting {
			n.arm(q, destination, destination.sent)
		}
	case opened:
		if destination != nil && destination.state == accepting {
			n.arm(q, destination, destination.sent)
		}
	case ack, reset: // the other side goes on waiting
		switch {
		case destination == nil:
		case destination.state == connecting:
			n.arm(q, destination, destination.sent)
		case destination.next > destination.unacknowledged:
			n.arm(q, destination, q.Now())
		default:
			n.watch(q, destination)
		}
	}
}

// arrive takes a packet off the link.
func (n *Network) arrive(q *queue.Queue, p *packet) {
	l := n.link(p.from, p.to)
	if h := n.hosts[p.to]; h == nil || h.down || slices.Contains(h.former, p.destinationAddress.Addr()) {
		l.counters.Unheard++
		n.notePacket(q.Now(), NoteUnheard, p)
		n.lose(q, p)
		return
	}
	l.counters.Delivered++
	switch p.kind {
	case syn:
		n.arriveSyn(q, p)
		return
	case datagram:
		n.arriveDatagram(q, p)
		return
	case unreachable:
		n.arriveUnreachable(p)
		return
	}
	s := n.sockets[p.destination]
	if s == nil || s.state == dead || s.peer != p.source && s.state != connecting {
		n.refuse(q, p)
		return
	}
	n.arriveSegment(q, s, p)
}

// arriveSegment handles a packet for a connection, at its socket s.
func (n *Network) arriveSegment(q *queue.Queue, s *socket, p *packet) {
	s.heard, s.probes = q.Now(), 0
	if s.state == accepting && p.kind != reset && !n.accepted(q, s, p) {
		return
	}
	switch p.kind {
	case synAck:
		if s.state == connecting {
			n.connected(q, s, p)
		}
		n.sendFrom(q, s, s.packetFrom(opened, q.Now()))
	case data:
		n.arriveData(q, s, p)
	case fin:
		n.arriveFin(q, s, p)
	case ack:
		n.acknowledged(q, s, p.acknowledged, p.edge)
	case probe:
		n.sendAck(q, s)
	case reset:
		n.reset(q, s)
	}
}

// arriveData takes bytes in.
func (n *Network) arriveData(q *queue.Queue, s *socket, p *packet) {
	if s.orphan { // nobody will read them
		n.abort(q, s)
		return
	}
	if p.sequence > s.received {
		n.notePacket(q.Now(), NoteDiscarded, p) // what came before was lost; the timer that sends both again runs
		return
	}
	end := p.sequence + uint64(len(p.data))
	if s.received < end {
		fresh := p.data[s.received-p.sequence:]
		s.unread = append(s.unread, fresh)
		s.unreadSize += len(fresh)
		s.received = end
		n.notePacket(q.Now(), NoteDelivered, p)
		n.wake(s)
	}
	n.acknowledge(q, s)
}

// arriveFin takes in that the other side sends no more.
func (n *Network) arriveFin(q *queue.Queue, s *socket, p *packet) {
	if p.sequence > s.received {
		return // as in arriveData
	}
	if !s.finished {
		s.finished = true
		s.received++
		n.noteSocket(q.Now(), NoteFinished, s)
		n.wake(s)
	}
	n.acknowledge(q, s)
	if s.orphan && s.done() {
		n.remove(q, s)
	}
}

// acknowledge tells the other side what s has received and where its window ends. Where the other side does not wait for that, it
// takes effect at once, without a packet of its own: that a sender's buffer drains some 0.3 ms early shows nowhere, and saves half of all
// events.
func (n *Network) acknowledge(q *queue.Queue, s *socket) {
	peer := n.sockets[s.peer]
	if peer == nil || peer.peer != s.id {
		return
	}
	l := n.link(s.host, s.remoteHost)
	if peer.blocked || peer.recovering || peer.end > peer.edge || l.clogged {
		n.sendAck(q, s)
		return
	}
	if f := l.fate(0); f != arrives {
		p := s.packetFrom(ack, q.Now())
		n.drop(q, l, f, &p)
		return
	}
	l.counters.Delivered++
	s.advertised = s.window()
	n.acknowledged(q, peer, s.received, s.advertised)
}

// sendAck acknowledges with a packet.
func (n *Network) sendAck(q *queue.Queue, s *socket) {
	s.advertised = s.window()
	p := s.packetFrom(ack, q.Now())
	p.acknowledged, p.edge = s.received, s.advertised
	n.sendFrom(q, s, p)
}

// reset ends a connection because the other side, or somebody on the way, said so.
func (n *Network) reset(q *queue.Queue, s *socket) {
	switch {
	case s.state == accepting:
		n.remove(q, s)
		return
	case s.state == connecting:
		n.noteSocket(q.Now(), NoteRefused, s)
		n.die(q, s, ECONNREFUSED)
		return
	case s.finished && s.finishing: // both sides had said all
		n.die(q, s, OK)
		return
	}
	n.noteSocket(q.Now(), NoteReset, s)
	if s.finished {
		n.die(q, s, EPIPE) // as Linux answers in CLOSE_WAIT
	} else {
		n.die(q, s, ECONNRESET)
	}
}

// fail gives a connection up, or the attempt at one.
func (n *Network) fail(q *queue.Queue, s *socket, err Errno) {
	n.noteSocket(q.Now(), NoteTimedOut, s)
	n.die(q, s, err)
}

// die ends a connection with an error for its program. What has been received can still be read.
func (n *Network) die(q *queue.Queue, s *socket, err Errno) {
	s.state, s.err = dead, err
	s.timing, s.watching, s.blocked = false, false, false
	s.chunks = nil
	if s.orphan {
		n.remove(q, s)
		return
	}
	n.wake(s)
}
