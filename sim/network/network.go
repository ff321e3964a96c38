package network

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"muster/sim/names"
	"muster/sim/queue"
	"muster/sim/random"
)

// Host is a machine on the network.
type Host int32

// Socket names a socket. Numbers are positive and never used twice.
type Socket int32

// The kinds of events that the network pushes and that must be given back to Handle.
const (
	KindPacket      = queue.FirstOfNetwork + iota // a packet reaches its host; ID is its place in the table of packets
	KindTimer                                     // a socket's retransmission timer fires; Arg tells a timer from those before it
	KindKeepAlive                                 // a socket's keep-alive timer fires; Arg likewise
	KindUnreachable                               // a socket learns that nobody has the address that it connects to
	KindLast        = queue.FirstOfNetwork + 63
)

// Network is the network of a world. Use New.
type Network struct {
	streams   random.Streams
	standard  Link // of links that were never set
	links     map[direction]*link
	hosts     map[Host]*host
	addresses map[netip.Addr]Host

	sockets map[Socket]*socket
	last    Socket // the last number given out
	ports   map[port][]Socket
	names   names.Table

	packets []packet // under way, and holes
	holes   []int32  // places in packets that are free

	ahead             int64 // of the world's clock: that of the program that runs
	ready, spareReady []Socket
	wanted            NoteSet
	notes, spareNotes []Note
}

// host is what the network knows of a machine.
type host struct {
	address   netip.Addr
	former    []netip.Addr // that it had before
	down      bool
	ephemeral [2]uint16 // the ephemeral port given out last, of TCP and UDP
	resolver  ResolverMode
	questions ResolverCounters
}

// New returns a network without machines, whose links are like LAN and whose random choices come from streams named "network/…".
func New(streams random.Streams) *Network {
	return &Network{
		streams:   streams,
		standard:  LAN,
		links:     map[direction]*link{},
		hosts:     map[Host]*host{},
		addresses: map[netip.Addr]Host{},
		sockets:   map[Socket]*socket{},
		ports:     map[port][]Socket{},
	}
}

// Clone returns a network that is in the same state and has nothing else in common with n.
func (n *Network) Clone() *Network {
	c := *n
	c.links = cloneValues(n.links, link.clone)
	c.hosts = cloneValues(n.hosts, func(h host) host { return h })
	c.addresses = maps.Clone(n.addresses)
	c.sockets = cloneValues(n.sockets, socket.clone)
	c.ports = make(map[port][]Socket, len(n.ports))
	for p, bound := range n.ports {
		c.ports[p] = slices.Clone(bound)
	}
	c.names = n.names.Clone()
	c.packets, c.holes = slices.Clone(n.packets), slices.Clone(n.holes)
	c.ready, c.spareReady = slices.Clone(n.ready), nil
	c.notes, c.spareNotes = slices.Clone(n.notes), nil
	return &c
}

func cloneValues[K comparable, V any](m map[K]*V, clone func(V) V) map[K]*V {
	c := make(map[K]*V, len(m))
	for k, v := range m {
		copied := clone(*v)
		c[k] = &copied
	}
	return c
}

// Reseed makes all random choices from now on depend on other streams: the same past with another future.
func (n *Network) Reseed(streams random.Streams) {
	n.streams = streams
	for key, l := range n.links {
		l.stream = streams.Stream(streamName(key.from, key.to))
	}
}

func streamName(from, to Host) string {
	return "network/" + strconv.Itoa(int(from)) + ">" + strconv.Itoa(int(to))
}

// AddHost connects a machine to the network under an address. Besides it, every machine has 127.0.0.0/8 and ::1 for itself.
func (n *Network) AddHost(h Host, address netip.Addr) error {
	address = address.Unmap()
	if err := n.checkAddress(address); err != nil {
		return fmt.Errorf("network: add host %d: %w", h, err)
	}
	if _, known := n.hosts[h]; known {
		return fmt.Errorf("network: add host %d: it is there already", h)
	}
	n.hosts[h] = &host{address: address, ephemeral: [2]uint16{lastEphemeral, lastEphemeral}}
	n.addresses[address] = h
	return nil
}

// checkAddress tells whether a machine can be given an address.
func (n *Network) checkAddress(address netip.Addr) error {
	if !address.IsValid() || address.IsUnspecified() || address.IsLoopback() || address.IsMulticast() {
		return fmt.Errorf("address %q: want a unicast address other than loopback, for example 10.0.0.1", address)
	}
	if other, taken := n.addresses[address]; taken {
		return fmt.Errorf("address %s belongs to host %d", address, other)
	}
	return nil
}

// MoveHost gives a machine another address. What it had under the old one is gone without a word: its sockets, and packets that are on
// their way there.
func (n *Network) MoveHost(q *queue.Queue, h Host, address netip.Addr) error {
	address = address.Unmap()
	if err := n.checkAddress(address); err != nil {
		return fmt.Errorf("network: move host %d: %w", h, err)
	}
	moved, known := n.hosts[h]
	if !known {
		return fmt.Errorf("network: move host %d: there is none", h)
	}
	for _, s := range n.inOrder() {
		if s.host == h {
			n.remove(q, s)
		}
	}
	delete(n.addresses, moved.address)
	moved.former = append(slices.Clone(moved.former), moved.address)
	moved.former = slices.DeleteFunc(moved.former, func(a netip.Addr) bool { return a == address })
	moved.address = address
	n.addresses[address] = h
	return nil
}

// SetAhead says that the program that runs now has been at work for so long since the world's clock stood still for it: what it sends
// leaves that much later. 0 when it has run.
func (n *Network) SetAhead(d time.Duration) { n.ahead = int64(d) }

// hostAt finds the machine that has an address, seen from the machine from.
func (n *Network) hostAt(from Host, address netip.Addr) (Host, bool) {
	if address.IsLoopback() {
		return from, true
	}
	h, ok := n.addresses[address]
	return h, ok
}

// TakeReady returns the sockets whose readiness may have changed since the last call, each once, in the order in which it
// happened. The slice is the caller's until the next call.
func (n *Network) TakeReady() []Socket {
	taken := n.ready
	n.ready, n.spareReady = n.spareReady[:0], taken
	for _, id := range taken {
		if s := n.sockets[id]; s != nil {
			s.listed = false
		}
	}
	return taken
}

// wake lists s for TakeReady, if a program holds it.
func (n *Network) wake(s *socket) {
	if !s.listed && !s.orphan && s.listener == 0 {
		s.listed = true
		n.ready = append(n.ready, s.id)
	}
}

// inOrder returns all sockets, the oldest first.
func (n *Network) inOrder() []*socket {
	all := make([]*socket, 0, len(n.sockets))
	for _, id := range slices.Sorted(maps.Keys(n.sockets)) {
		all = append(all, n.sockets[id])
	}
	return all
}

// Handle does what an event says that the network pushed. Events of other kinds are ignored.
func (n *Network) Handle(q *queue.Queue, e queue.Event) {
	switch e.Kind {
	case KindPacket:
		p := n.packets[e.ID]
		n.packets[e.ID] = packet{}
		n.holes = append(n.holes, e.ID)
		n.arrive(q, &p)
	case KindTimer:
		if s := n.sockets[Socket(e.ID)]; s != nil && s.timing && s.timer == e.Arg {
			s.timing = false
			n.timeout(q, s)
		}
	case KindKeepAlive:
		if s := n.sockets[Socket(e.ID)]; s != nil && s.watching && s.watch == e.Arg {
			s.watching = false
			n.keepAlive(q, s)
		}
	case KindUnreachable:
		if s := n.sockets[Socket(e.ID)]; s != nil && s.state == connecting {
			n.fail(q, s, EHOSTUNREACH)
		}
	}
}
