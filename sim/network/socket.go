package network

import (
	"net/netip"
	"slices"

	"muster/sim/queue"
)

type state uint8

const (
	listening  state = iota // accepts connections
	connecting              // sent a SYN
	accepting               // answered a SYN, waits for the third packet
	open                    // a connection, perhaps closed on one side or both
	dead                    // was a connection; its program has not closed it yet
	udp
)

// Linux's defaults, about.
const (
	sendBuffer      = 256 << 10 // bytes that a connection takes before Send makes its program wait
	receiveBuffer   = 256 << 10 // bytes that a connection holds for a program that does not read: its largest window
	datagramBuffer  = 208 << 10 // net.core.rmem_default
	datagramCharge  = 768       // what a datagram costs of it besides its bytes (SKB_TRUESIZE)
	largestDatagram = 65507

	firstEphemeral uint16 = 32768 // net.ipv4.ip_local_port_range
	lastEphemeral  uint16 = 60999
)

// socket is one socket as its machine's kernel keeps it. Offsets count the bytes of a stream from its beginning.
type socket struct {
	id            Socket
	host          Host
	state         state
	local, remote netip.AddrPort
	bound         bool  // it stands in Network.ports
	listed        bool  // it stands in Network.ready
	orphan        bool  // its program closed it; the kernel brings what was sent to an end
	err           Errno // what SO_ERROR holds
	sendLimit     int   // bytes; see SetSendBuffer
	receiveLimit  int   // bytes; see SetReceiveBuffer
	abrupt        bool  // closing it resets it

	// Of a listening socket.
	backlog int      // see ListenTCP
	half    []Socket // children that are accepting
	whole   []Socket // children that are open, for Accept

	// Of a connection.
	remoteHost Host
	peer       Socket // 0: not known yet
	listener   Socket // of a child that nobody accepted yet
	roundTrip  int64  // as measured while connecting
	arrival    int64  // when the last packet sent arrives; none overtakes another
	sent       int64  // when the last SYN left
	heard      int64  // when the other side last gave a sign of life

	// What it sends.
	unacknowledged uint64   // the other side has everything before
	next           uint64   // the next byte to transmit
	end            uint64   // the end of what Send took
	edge           uint64   // the end of the other side's window
	chunks         [][]byte // the bytes from base to end, as Send took them; immutable
	base           uint64   // where chunks begins, at or before unacknowledged
	cursor         int      // the chunk that holds next
	cursorBase     uint64   // where that chunk begins
	finishing      bool     // a FIN follows end, and counts as one byte
	blocked        bool     // its program waits until it can send
	recovering     bool     // sends one packet at a time until something is acknowledged
	timing         bool     // a retransmission timer runs
	timer          uint64   // and this is its number
	retries        int      // how often it fired since the last progress
	progress       int64    // when something was acknowledged last

	// What it receives.
	received   uint64 // it has everything before
	advertised uint64 // the end of the window as last told to the other side
	unread     [][]byte
	unreadSize int
	finished   bool // a FIN came
	deaf       bool // its program closed the reading side

	// Keep-alive.
	keep     KeepAlive
	watching bool   // a keep-alive timer runs
	watch    uint64 // and this is its number
	probes   int    // sent since it heard something

	// Of a UDP socket.
	datagrams []message
	charge    int // of receive buffer
}

// message is a datagram that waits to be read.
type message struct {
	from netip.AddrPort
	data []byte
}

// clone copies s. Bytes are immutable and stay shared.
func (s socket) clone() socket {
	s.half, s.whole = slices.Clone(s.half), slices.Clone(s.whole)
	s.chunks, s.unread, s.datagrams = slices.Clone(s.chunks), slices.Clone(s.unread), slices.Clone(s.datagrams)
	return s
}

// port is one port of one machine. TCP and UDP have ports of their own.
type port struct {
	host   Host
	udp    bool
	number uint16
}

func overlap(a, b netip.Addr) bool {
	return a == b || wildcard(a) || wildcard(b)
}

func wildcard(a netip.Addr) bool { return !a.IsValid() || a.IsUnspecified() }

// canonical writes an IPv4 address in one way only, so that addresses can be compared.
func canonical(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}

// create makes a socket.
func (n *Network) create(h Host, st state) *socket {
	n.last++
	s := &socket{id: n.last, host: h, state: st, sendLimit: sendBuffer, receiveLimit: receiveBuffer}
	if st == udp {
		s.receiveLimit = datagramBuffer
	}
	n.sockets[s.id] = s
	return s
}

// bind finds out whether a machine may use an address, and chooses a port where it asks for port 0.
func (n *Network) bind(h Host, local netip.AddrPort, isUDP bool) (netip.AddrPort, Errno) {
	owner, ok := n.hosts[h]
	if !ok || owner.down {
		return local, EINVAL
	}
	if a := local.Addr(); !wildcard(a) && !a.IsLoopback() && a != owner.address {
		return local, EADDRNOTAVAIL
	}
	if local == ResolverAddress && isUDP {
		return local, EADDRINUSE
	}
	if local.Port() != 0 {
		for _, id := range n.ports[port{h, isUDP, local.Port()}] {
			if overlap(n.sockets[id].local.Addr(), local.Addr()) {
				return local, EADDRINUSE
			}
		}
		return local, OK
	}
	next := &owner.ephemeral[0]
	if isUDP {
		next = &owner.ephemeral[1]
	}
	for range int(lastEphemeral-firstEphemeral) + 1 {
		if *next++; *next > lastEphemeral {
			*next = firstEphemeral
		}
		if len(n.ports[port{h, isUDP, *next}]) == 0 {
			return netip.AddrPortFrom(local.Addr(), *next), OK
		}
	}
	return local, EADDRINUSE
}

// hold makes s the owner of its local port.
func (n *Network) hold(s *socket) {
	key := port{s.host, s.state == udp, s.local.Port()}
	n.ports[key] = append(n.ports[key], s.id)
	s.bound = true
}

// holder finds the socket of a state that an address belongs to: one bound to just this address before one bound to all.
func (n *Network) holder(h Host, address netip.AddrPort, st state) *socket {
	var general *socket
	for _, id := range n.ports[port{h, st == udp, address.Port()}] {
		s := n.sockets[id]
		switch {
		case s.state != st:
		case s.local.Addr() == address.Addr():
			return s
		case wildcard(s.local.Addr()):
			general = s
		}
	}
	return general
}

// remove takes a socket away without a word. If the other end of a connection was not told, it will have to find out.
func (n *Network) remove(q *queue.Queue, s *socket) {
	if n.sockets[s.id] != s {
		return
	}
	if s.bound {
		key := port{s.host, s.state == udp, s.local.Port()}
		rest := slices.DeleteFunc(n.ports[key], func(id Socket) bool { return id == s.id })
		if len(rest) == 0 {
			delete(n.ports, key)
		} else {
			n.ports[key] = rest
		}
	}
	if l := n.sockets[s.listener]; l != nil {
		isChild := func(id Socket) bool { return id == s.id }
		l.half, l.whole = slices.DeleteFunc(l.half, isChild), slices.DeleteFunc(l.whole, isChild)
	}
	delete(n.sockets, s.id)
	if peer := n.sockets[s.peer]; peer != nil {
		if peer.orphan && peer.done() {
			n.remove(q, peer) // it only waited for a FIN that will never come
			return
		}
		n.watch(q, peer)
	}
}

// done tells whether everything that s was to send, its FIN too, has been acknowledged.
func (s *socket) done() bool { return s.finishing && s.unacknowledged == s.end+1 }

// get returns a socket that its program still holds.
func (n *Network) get(id Socket) *socket {
	if s := n.sockets[id]; s != nil && !s.orphan {
		return s
	}
	return nil
}

// Readable tells whether Receive, ReceiveFrom or Accept would return at once with something other than EAGAIN.
func (n *Network) Readable(id Socket) bool {
	s := n.get(id)
	if s == nil {
		return true
	}
	switch s.state {
	case listening:
		return len(s.whole) > 0
	case connecting, accepting:
		return false
	case udp:
		return len(s.datagrams) > 0 || s.err != OK
	}
	return s.unreadSize > 0 || s.finished || s.deaf || s.err != OK || s.state == dead
}

// Writable tells whether Send would return at once with something other than EAGAIN, and take a good part of what it is given: a
// third of the send buffer is free, as Linux has it. A connection that is being opened becomes writable when it is open or has failed.
func (n *Network) Writable(id Socket) bool {
	s := n.get(id)
	if s == nil {
		return true
	}
	return s.writable()
}

func (s *socket) writable() bool {
	switch s.state {
	case listening, connecting, accepting:
		return false
	case open:
		return s.finishing || s.err != OK || 3*(s.end-s.unacknowledged) <= 2*uint64(s.sendLimit)
	}
	return true
}

// TakeError returns what went wrong with a socket since the last call, as getsockopt(SO_ERROR) does.
func (n *Network) TakeError(id Socket) Errno {
	s := n.get(id)
	if s == nil {
		return EBADF
	}
	return s.takeError()
}

func (s *socket) takeError() Errno {
	err := s.err
	s.err = OK
	return err
}

// LocalAddr returns the address of a socket itself; of a wildcard listener, the wildcard. Zero for no socket.
func (n *Network) LocalAddr(id Socket) netip.AddrPort {
	if s := n.sockets[id]; s != nil {
		return s.local
	}
	return netip.AddrPort{}
}

// RemoteAddr returns the address that a socket is connected to; zero if to none.
func (n *Network) RemoteAddr(id Socket) netip.AddrPort {
	if s := n.sockets[id]; s != nil {
		return s.remote
	}
	return netip.AddrPort{}
}

// HostOf returns the machine that a socket belongs to, and whether there is such a socket.
func (n *Network) HostOf(id Socket) (Host, bool) {
	if s := n.sockets[id]; s != nil {
		return s.host, true
	}
	return 0, false
}
