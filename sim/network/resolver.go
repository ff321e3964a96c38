package network

import (
	"net/netip"

	"muster/sim/queue"
)

// ResolverAddress is where every machine's resolver takes questions, as that of a Linux machine with systemd-resolved does: on the
// loopback, so that no fault of a link comes in between. It answers from the names of the world.
var ResolverAddress = netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 53}), 53)

// ResolverMode is what a machine's resolver does with questions.
type ResolverMode uint8

// The modes of a resolver.
const (
	ResolverAnswers ResolverMode = iota // as it should
	ResolverSilent                      // it never answers
	ResolverFails                       // it answers that it has failed (SERVFAIL)
)

// String is the mode in one word.
func (m ResolverMode) String() string {
	return [...]string{"answers", "silent", "fails"}[m]
}

// ResolverCounters say what became of the questions that a machine asked its resolver. Each ends in exactly one of the others.
type ResolverCounters struct {
	Asked uint64 `json:"asked"`
	// Answered counts answers, also that a name is unknown.
	Answered uint64 `json:"answered"`
	// Unanswered counts questions that met ResolverSilent, and what was no question.
	Unanswered uint64 `json:"unanswered"`
	// Failed counts questions that met ResolverFails.
	Failed uint64 `json:"failed"`
}

// SetName lets a name stand for addresses, from the next question on, or for none (names.Table.Set).
func (n *Network) SetName(name string, addresses ...netip.Addr) error {
	return n.names.Set(name, addresses...)
}

// NameAddresses returns the addresses that a name stands for.
func (n *Network) NameAddresses(name string) []netip.Addr { return n.names.Addresses(name) }

// SetResolver changes what a machine's resolver does with questions from now on.
func (n *Network) SetResolver(h Host, mode ResolverMode) {
	if owner := n.hosts[h]; owner != nil {
		owner.resolver = mode
	}
}

// Resolver returns what a machine's resolver does with questions.
func (n *Network) Resolver(h Host) ResolverMode {
	if owner := n.hosts[h]; owner != nil {
		return owner.resolver
	}
	return ResolverAnswers
}

// ResolverCounters returns what became of a machine's questions so far.
func (n *Network) ResolverCounters(h Host) ResolverCounters {
	if owner := n.hosts[h]; owner != nil {
		return owner.questions
	}
	return ResolverCounters{}
}

// arriveQuestion has a machine's resolver answer a datagram, or not.
func (n *Network) arriveQuestion(q *queue.Queue, p *packet) {
	owner := n.hosts[p.to]
	owner.questions.Asked++
	if owner.resolver == ResolverSilent {
		owner.questions.Unanswered++
		n.notePacket(q.Now(), NoteDiscarded, p)
		return
	}
	answer, err := n.names.Answer(p.data, owner.resolver == ResolverFails)
	if err != nil { // it was no question, so that there is nothing to answer
		owner.questions.Unanswered++
		n.notePacket(q.Now(), NoteDiscarded, p)
		return
	}
	if owner.resolver == ResolverFails {
		owner.questions.Failed++
	} else {
		owner.questions.Answered++
	}
	n.notePacket(q.Now(), NoteDelivered, p)
	a := p.answer(datagram, q.Now())
	a.data = answer
	n.post(q, a, 0)
}
