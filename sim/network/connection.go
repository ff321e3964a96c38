package network

import (
	"slices"
	"time"

	"muster/sim/queue"
)

// Linux's times and counts.
const (
	unreachableAfter = int64(3 * time.Second)        // three ARP requests
	firstSyn         = int64(time.Second)            // TCP_TIMEOUT_INIT
	firstRetry       = int64(200 * time.Millisecond) // TCP_RTO_MIN, which Linux adds to the round-trip time
	longestRetry     = int64(120 * time.Second)      // TCP_RTO_MAX
	synRetries       = 6                             // net.ipv4.tcp_syn_retries: 127 s in all
	synAckRetries    = 5                             // net.ipv4.tcp_synack_retries: 63 s
	retries          = 15                            // net.ipv4.tcp_retries2: 924 s
	orphanRetries    = 8                             // net.ipv4.tcp_orphan_retries: 102 s
	longestSilence   = int64(924 * time.Second)      // as retries, for a side that waits for a window
)

// KeepAlive says how an idle connection is probed: after Idle without a sign of life, then every Interval, and after Probes without an
// answer it fails with ETIMEDOUT. Idle 0: never.
type KeepAlive struct {
	Idle, Interval time.Duration
	Probes         int
}

// DefaultKeepAlive is what Go sets on every connection (net.KeepAliveConfig), and what connections have here from the start.
var DefaultKeepAlive = KeepAlive{Idle: 15 * time.Second, Interval: 15 * time.Second, Probes: 9}

// SetKeepAlive changes how a connection is probed; one accepted from a listening socket starts with DefaultKeepAlive. Errors: EBADF,
// ENOTCONN, EINVAL.
func (n *Network) SetKeepAlive(q *queue.Queue, id Socket, k KeepAlive) Errno {
	s := n.get(id)
	switch {
	case s == nil:
		return EBADF
	case s.state == listening || s.state == udp:
		return ENOTCONN
	case k.Idle < 0 || k.Idle > 0 && (k.Interval <= 0 || k.Probes < 1):
		return EINVAL
	}
	s.keep = k
	s.watching = false
	n.watch(q, s)
	return OK
}

// synchronize sends the SYN of s.
func (n *Network) synchronize(q *queue.Queue, s *socket) {
	s.sent = q.Now()
	s.advertised = s.window()
	p := s.packetFrom(syn, q.Now())
	p.edge = s.advertised
	n.sendFrom(q, s, p)
}

// agree answers a SYN.
func (n *Network) agree(q *queue.Queue, s *socket) {
	s.sent = q.Now()
	s.advertised = s.window()
	p := s.packetFrom(synAck, q.Now())
	p.edge = s.advertised
	n.sendFrom(q, s, p)
}

// arriveSyn handles a request for a connection.
func (n *Network) arriveSyn(q *queue.Queue, p *packet) {
	l := n.holder(p.to, p.destinationAddress, listening)
	if l == nil {
		n.refuse(q, p)
		return
	}
	if client := n.sockets[p.source]; client != nil && client.state != connecting {
		return // it was sent again while an earlier one waited somewhere, and that one has opened the connection
	}
	for _, child := range l.half {
		if n.sockets[child].peer == p.source {
			return // the answer was lost, and will be sent again at about this time
		}
	}
	if l.full() {
		n.notePacket(q.Now(), NoteDiscarded, p)
		n.lose(q, p)
		return
	}
	s := n.create(p.to, accepting)
	s.local, s.remote = p.destinationAddress, p.sourceAddress
	s.remoteHost, s.peer = p.from, p.source
	s.keep, s.listener, s.edge = DefaultKeepAlive, l.id, p.edge
	l.half = append(l.half, s.id)
	n.agree(q, s)
}

// full tells whether no more connections can wait at a listening socket.
func (s *socket) full() bool { return len(s.whole) > s.backlog }

// connected opens the connection of a client.
func (n *Network) connected(q *queue.Queue, s *socket, p *packet) {
	s.state, s.peer, s.edge = open, p.source, p.edge
	s.roundTrip = q.Now() - s.sent
	s.timing, s.blocked, s.retries = false, false, 0
	n.noteSocket(q.Now(), NoteEstablished, s)
	n.wake(s)
	n.watch(q, s)
}

// accepted opens the connection of a server, when the third packet, or one after it, has come. If no more connections can wait, that packet
// is as good as lost, as in Linux (tcp_abort_on_overflow = 0): the client takes the connection for open and sends again what is not
// acknowledged; the server answers its SYN again until there is room, or gives up. It returns whether the connection is open.
func (n *Network) accepted(q *queue.Queue, s *socket, p *packet) bool {
	if l := n.sockets[s.listener]; l != nil && l.full() {
		n.notePacket(q.Now(), NoteDiscarded, p)
		n.lose(q, p)
		n.arm(q, s, s.sent)
		return false
	}
	s.state = open
	if !s.timing { // nothing was lost, so that this is the answer to the last packet
		s.roundTrip = q.Now() - s.sent
	}
	s.timing, s.retries = false, 0
	if l := n.sockets[s.listener]; l != nil {
		l.half = slices.DeleteFunc(l.half, func(id Socket) bool { return id == s.id })
		l.whole = append(l.whole, s.id)
		n.wake(l)
	}
	n.watch(q, s)
	return true
}

// transmit sends what s has and the other side has room for.
func (n *Network) transmit(q *queue.Queue, s *socket) {
	for !s.recovering || s.next == s.unacknowledged {
		switch {
		case s.next < s.end && s.next < s.edge:
			chunk := s.chunks[s.cursor][s.next-s.cursorBase:]
			chunk = chunk[:min(uint64(len(chunk)), s.edge-s.next)]
			p := s.packetFrom(data, q.Now())
			p.sequence, p.data = s.next, chunk
			s.advance(s.next + uint64(len(chunk)))
			n.sendFrom(q, s, p)
		case s.next == s.end && s.finishing:
			p := s.packetFrom(fin, q.Now())
			p.sequence = s.next
			s.next++
			n.sendFrom(q, s, p)
		default:
			if s.next == s.unacknowledged && s.next < s.end {
				n.arm(q, s, q.Now()) // to ask for the window, should the word that it has opened be lost
			}
			return
		}
	}
}

// advance moves next forward and keeps cursor at the chunk that holds it.
func (s *socket) advance(next uint64) {
	s.next = next
	for s.cursor < len(s.chunks) && s.next >= s.cursorBase+uint64(len(s.chunks[s.cursor])) {
		s.cursorBase += uint64(len(s.chunks[s.cursor]))
		s.cursor++
	}
}

// release lets go of what has been acknowledged.
func (s *socket) release() {
	for len(s.chunks) > 0 && s.base+uint64(len(s.chunks[0])) <= s.unacknowledged {
		s.base += uint64(len(s.chunks[0]))
		s.chunks[0] = nil
		s.chunks = s.chunks[1:]
		s.cursor--
	}
	if s.cursor < 0 {
		s.cursor, s.cursorBase = 0, s.base
	}
	s.advance(max(s.next, s.unacknowledged))
}

// acknowledged takes in what the other side has received and where its window ends.
func (n *Network) acknowledged(q *queue.Queue, s *socket, received, edge uint64) {
	s.heard, s.probes = q.Now(), 0
	if s.state != open {
		return
	}
	news := edge > s.edge
	s.edge = max(s.edge, edge)
	if received > s.unacknowledged {
		news = true
		s.unacknowledged = received
		s.release()
		s.progress, s.retries, s.recovering = q.Now(), 0, false
	}
	if news && s.next == s.unacknowledged { // nothing is under way; what is sent next has a timer of its own
		s.timing, s.retries = false, 0
	}
	n.transmit(q, s)
	if s.blocked && s.writable() {
		s.blocked = false
		n.wake(s)
	}
	if s.orphan && s.done() && s.finished {
		n.remove(q, s)
	}
}

// patience is how long s waits before it sends again.
func (s *socket) patience() int64 {
	first := firstRetry + s.roundTrip
	if s.state == connecting || s.state == accepting {
		first = firstSyn
	}
	return min(first<<min(s.retries, 20), longestRetry)
}

// arm starts the retransmission timer of s, if none runs, for something that it sent at a time.
func (n *Network) arm(q *queue.Queue, s *socket, since int64) {
	if s == nil || s.timing || s.state == dead {
		return
	}
	s.timing = true
	s.timer++
	q.Push(since+s.patience()-q.Now(), queue.Event{Kind: KindTimer, Host: int32(s.host), ID: int32(s.id), Arg: s.timer})
}

// timeout sends again what was lost, or gives up.
func (n *Network) timeout(q *queue.Queue, s *socket) {
	now := q.Now()
	switch {
	case s.state == connecting:
		if s.retries++; s.retries > synRetries {
			n.fail(q, s, ETIMEDOUT)
			return
		}
		n.synchronize(q, s)
	case s.state == accepting:
		if s.retries++; s.retries > synAckRetries {
			n.remove(q, s)
			return
		}
		n.agree(q, s)
	case s.next > s.unacknowledged:
		if s.retries == 0 && s.progress+s.patience() > now {
			n.arm(q, s, s.progress) // something else has been acknowledged since
			return
		}
		limit := retries
		if s.orphan {
			limit = orphanRetries
		}
		if s.retries++; s.retries > limit {
			n.fail(q, s, ETIMEDOUT)
			return
		}
		s.recovering = true
		s.next, s.cursor, s.cursorBase = s.unacknowledged, 0, s.base
		if n.wanted.Has(NoteRetransmit) {
			n.noteSocket(now, NoteRetransmit, s)
		}
		n.transmit(q, s)
	case s.next < s.end: // the window is closed
		if s.retries++; s.retries > retries && now-s.heard > longestSilence {
			n.fail(q, s, ETIMEDOUT)
			return
		}
		n.sendFrom(q, s, s.packetFrom(probe, now))
		n.arm(q, s, now)
	}
}

// sound tells whether the other end of a connection is there and everything reaches it and comes back.
func (n *Network) sound(s *socket) bool {
	if s.host == s.remoteHost {
		return true
	}
	peer := n.sockets[s.peer]
	return peer != nil && peer.peer == s.id && peer.state != dead &&
		n.link(s.host, s.remoteHost).sound() && n.link(s.remoteHost, s.host).sound()
}

// watch starts the keep-alive timer of s, if none runs and there is something to find out. On a sound connection every probe
// would be answered, so none is sent: only that they would have been is reckoned with.
func (n *Network) watch(q *queue.Queue, s *socket) {
	if s.watching || s.orphan || s.state != open || s.keep.Idle == 0 || n.sound(s) {
		return
	}
	idle := int64(s.keep.Idle)
	s.heard += (q.Now() - s.heard) / idle * idle
	n.watchAfter(q, s, s.heard+idle-q.Now())
}

func (n *Network) watchAfter(q *queue.Queue, s *socket, delay int64) {
	s.watching = true
	s.watch++
	q.Push(delay, queue.Event{Kind: KindKeepAlive, Host: int32(s.host), ID: int32(s.id), Arg: s.watch})
}

// keepAlive probes an idle connection, or gives it up.
func (n *Network) keepAlive(q *queue.Queue, s *socket) {
	now, idle := q.Now(), int64(s.keep.Idle)
	switch {
	case s.state != open || s.orphan:
	case s.next > s.unacknowledged || s.next < s.end: // what is under way finds out
		n.watchAfter(q, s, idle)
	case s.probes == 0 && now-s.heard < idle:
		if !n.sound(s) {
			n.watchAfter(q, s, s.heard+idle-now)
		}
	case s.probes >= s.keep.Probes:
		n.sendFrom(q, s, s.packetFrom(reset, now))
		n.fail(q, s, ETIMEDOUT)
	default:
		s.probes++
		n.sendFrom(q, s, s.packetFrom(probe, now))
		n.watchAfter(q, s, int64(s.keep.Interval))
	}
}
