package network

import "muster/sim/queue"

// Cut makes packets from one machine to another vanish without a word, from now on; what is under way still arrives. The way
// back is another link. A machine's way to itself cannot be cut.
func (n *Network) Cut(q *queue.Queue, from, to Host) {
	if from == to {
		return
	}
	n.link(from, to).cut = true
	n.watchBetween(q, from, to)
}

// Reject answers packets from one machine to another as a firewall does (iptables -j REJECT --reject-with tcp-reset): connections
// and attempts at them meet a RST, datagrams an ICMP message.
func (n *Network) Reject(q *queue.Queue, from, to Host) {
	if from == to {
		return
	}
	n.link(from, to).reject = true
	n.watchBetween(q, from, to)
}

// Uncut undoes Cut and Reject. Connections find out when they send next: perhaps only when their back-off ends.
func (n *Network) Uncut(q *queue.Queue, from, to Host) {
	l := n.link(from, to)
	l.cut, l.reject = false, false
}

// Clog makes packets from one machine to another wait, from now on; what is under way still arrives. None is lost, so Unclog lets
// them all arrive; but senders do not know that, and send again what seems to be lost, and give up in the end.
func (n *Network) Clog(q *queue.Queue, from, to Host) {
	if from == to {
		return
	}
	n.link(from, to).clogged = true
	n.watchBetween(q, from, to)
}

// Unclog undoes Clog: what has waited travels on now, and arrives in the order in which it was sent. A Cut that was struck meanwhile does
// not touch it.
func (n *Network) Unclog(q *queue.Queue, from, to Host) {
	l := n.link(from, to)
	held := l.held
	l.clogged, l.held = false, nil
	var last int64
	for _, p := range held {
		s := n.sockets[p.source]
		if s == nil || p.kind == datagram {
			last = n.launch(q, l, p, last)
			continue
		}
		last = n.launch(q, l, p, max(last, s.arrival))
		s.arrival = last
	}
}

// Reset makes both sides of every connection between two machines see a RST, at once. It returns how many sides did.
func (n *Network) Reset(q *queue.Queue, a, b Host) int {
	count := 0
	for _, s := range n.between(a, b) {
		if n.sockets[s.id] == s && (s.state == connecting || s.state == accepting || s.state == open) {
			n.reset(q, s)
			count++
		}
	}
	return count
}

// HostDown takes a machine's power away: its sockets vanish, packets to it are lost, and nobody is told.
func (n *Network) HostDown(q *queue.Queue, h Host) {
	if owner := n.hosts[h]; owner != nil {
		owner.down = true
	}
	for _, s := range n.inOrder() {
		if s.host == h {
			n.remove(q, s)
		}
	}
}

// HostUp gives the power back. What arrives for connections from before is answered with a RST.
func (n *Network) HostUp(q *queue.Queue, h Host) {
	if owner := n.hosts[h]; owner != nil {
		owner.down = false
	}
}

// ProcessDied ends a machine's program while its kernel lives on: every socket is closed, as Close does it.
func (n *Network) ProcessDied(q *queue.Queue, h Host) {
	for _, s := range n.inOrder() {
		if s.host == h && s.listener == 0 {
			n.Close(q, s.id)
		}
	}
}

// between returns the sockets of all connections between two machines.
func (n *Network) between(a, b Host) []*socket {
	var found []*socket
	for _, s := range n.inOrder() {
		if s.state != listening && s.state != udp && (s.host == a && s.remoteHost == b || s.host == b && s.remoteHost == a) {
			found = append(found, s)
		}
	}
	return found
}

// watchBetween has the connections between two machines find out, in time, that they do not reach each other.
func (n *Network) watchBetween(q *queue.Queue, a, b Host) {
	for _, s := range n.between(a, b) {
		n.watch(q, s)
	}
}
