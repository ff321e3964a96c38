package network

import (
	"slices"
	"time"

	"muster/sim/queue"
	"muster/sim/random"
)

// Link is one direction between two machines. A value: read it with Network.Link, change it, set it with SetLink.
type Link struct {
	Latency Latency
	// Loss is the probability that a packet of up to 1448 bytes is lost; a larger one is lost when any of its parts is.
	Loss float64
	// Duplicate is the probability that a datagram arrives twice. (A duplicate of a TCP segment is thrown away unseen.)
	Duplicate float64
	// Reorder is the probability that a datagram takes up to ten times as long as it would have, so that later ones overtake it. The others
	// arrive in the order in which they were sent, as they do where there is one way for all.
	Reorder float64
	// Bandwidth in bytes a second; packets wait for each other. 0: unlimited.
	Bandwidth int64
}

// Latency is a distribution of one-way delays: Min, plus an exponential part that makes the average Mean, plus for a few packets
// another exponential part, the tail, as queues and scheduling cause it.
type Latency struct {
	Min, Mean time.Duration
	// TailShare is the probability that a packet is in the tail; Tail is how much longer such a packet takes on average.
	TailShare float64
	Tail      time.Duration
}

// LAN is the link between two machines of one data centre, and the default: mostly 0.2 to 0.6 ms, one packet in 200 some ms later.
var LAN = Link{Latency: Latency{Min: 200 * time.Microsecond, Mean: 320 * time.Microsecond, TailShare: 0.005, Tail: 2 * time.Millisecond}}

// loopback is the way from a machine to itself. No fault strikes it.
var loopback = Link{Latency: Latency{Min: 15 * time.Microsecond, Mean: 25 * time.Microsecond}}

// draw returns a delay, and whether it is one of the tail.
func (l Latency) draw(stream *random.Stream) (delay int64, inTail bool) {
	d := l.Min + stream.Exponential(l.Mean-l.Min)
	if l.TailShare > 0 && stream.Chance(l.TailShare) {
		d += stream.Exponential(l.Tail)
		inTail = true
	}
	return int64(max(d, 0)), inTail
}

// Counters say what became of the packets that were sent on a link. Each ends in exactly one of the others, or is under way.
type Counters struct {
	Sent uint64 `json:"sent"`
	// Delivered counts packets that reached a running machine (also duplicates, each of which counts as sent).
	Delivered uint64 `json:"delivered"`
	// Cut counts packets that vanished in a Cut.
	Cut uint64 `json:"cut"`
	// Lost counts packets lost by chance (Link.Loss).
	Lost uint64 `json:"lost"`
	// Rejected counts packets that a Reject answered.
	Rejected uint64 `json:"rejected"`
	// Unheard counts packets to a machine that was down.
	Unheard uint64 `json:"unheard"`

	// These say what happened to packets on their way, whatever became of them in the end.

	// Clogged counts packets that had to wait in a Clog.
	Clogged uint64 `json:"clogged"`
	// Delayed counts packets that were in the tail of the latency.
	Delayed uint64 `json:"delayed"`
	// Queued counts packets that waited for others before them, where bandwidth is limited.
	Queued uint64 `json:"queued"`
	// Duplicated counts datagrams that were sent a second time by the network.
	Duplicated uint64 `json:"duplicated"`
	// Reordered counts datagrams that were held back so that later ones could overtake them.
	Reordered uint64 `json:"reordered"`
}

type direction struct{ from, to Host }

// link is the state of one direction.
type link struct {
	Link
	stream   random.Stream
	byHand   bool  // it was set by SetLink, and is not touched by SetDefaultLink
	ordered  int64 // when the last datagram arrives that keeps the order
	free     int64 // when the last byte of the last packet has left; with a Bandwidth only
	cut      bool
	reject   bool
	clogged  bool
	held     []packet // what waits in the clog, in order
	counters Counters
}

// clone copies l. What packets hold is immutable and stays shared.
func (l link) clone() link {
	l.held = slices.Clone(l.held)
	return l
}

// sound tells whether everything that is sent gets through, without waiting for anybody.
func (l *link) sound() bool { return !l.cut && !l.reject && !l.clogged && l.Loss == 0 }

const (
	segmentBytes = 1448 // payload of a TCP segment in an Ethernet frame
	headerBytes  = 66   // Ethernet, IP and TCP headers with time stamps
)

type fate uint8

const (
	arrives fate = iota
	vanishes
	isRejected
	waits
)

// fate decides what becomes of a packet with size bytes of payload, and counts it.
func (l *link) fate(size int) fate {
	l.counters.Sent++
	switch {
	case l.cut:
		l.counters.Cut++
		return vanishes
	case l.reject:
		l.counters.Rejected++
		return isRejected
	case l.clogged:
		l.counters.Clogged++
		return waits
	}
	if l.Loss > 0 {
		for part := 0; part == 0 || part < size; part += segmentBytes {
			if l.stream.Chance(l.Loss) {
				l.counters.Lost++
				return vanishes
			}
		}
	}
	return arrives
}

// delay draws how long a packet with size bytes of payload takes from now on.
func (l *link) delay(now int64, size int) int64 {
	d, inTail := l.Latency.draw(&l.stream)
	if inTail {
		l.counters.Delayed++
	}
	if l.Bandwidth > 0 {
		segments := max(1, (size+segmentBytes-1)/segmentBytes)
		bytes := int64(size + segments*headerBytes)
		if l.free > now {
			l.counters.Queued++
		}
		l.free = max(l.free, now) + bytes*int64(time.Second)/l.Bandwidth
		d += l.free - now
	}
	return d
}

func (n *Network) link(from, to Host) *link {
	key := direction{from, to}
	if l := n.links[key]; l != nil {
		return l
	}
	l := &link{Link: n.standard, stream: n.streams.Stream(streamName(from, to))}
	if from == to {
		l.Link = loopback
	}
	n.links[key] = l
	return l
}

// Link returns how packets travel from one machine to another.
func (n *Network) Link(from, to Host) Link { return n.link(from, to).Link }

// SetLink changes how packets travel from one machine to another from now on; what is under way arrives as it would have. SetDefaultLink
// no longer touches this link.
func (n *Network) SetLink(q *queue.Queue, from, to Host, l Link) {
	if from == to {
		return
	}
	state := n.link(from, to)
	state.Link, state.byHand = l, true
	n.watchBetween(q, from, to)
}

// UnsetLink undoes SetLink: the link is again what SetDefaultLink says.
func (n *Network) UnsetLink(q *queue.Queue, from, to Host) {
	if from == to {
		return
	}
	state := n.link(from, to)
	state.Link, state.byHand = n.standard, false
	n.watchBetween(q, from, to)
}

// DefaultLink returns what SetDefaultLink has set, or LAN.
func (n *Network) DefaultLink() Link { return n.standard }

// SetDefaultLink sets every link between two different machines, present and future, that SetLink has not set.
func (n *Network) SetDefaultLink(q *queue.Queue, l Link) {
	n.standard = l
	for key, state := range n.links {
		if key.from != key.to && !state.byHand {
			state.Link = l
		}
	}
	for _, s := range n.inOrder() {
		n.watch(q, s)
	}
}

// Counters returns what became of the packets sent from one machine to another so far.
func (n *Network) Counters(from, to Host) Counters { return n.link(from, to).counters }
