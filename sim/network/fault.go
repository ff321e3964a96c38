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

// Reset makes both sides of every connection between two machines see a RST, at once.
func (n *Network) Reset(q *queue.Queue, a, b Host) {
	for _, s := range n.between(a, b) {
		if n.sockets[s.id] == s && (s.state == connecting || s.state == accepting || s.state == open) {
			n.reset(q, s)
		}
	}
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
