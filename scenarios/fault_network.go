package scenarios

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"muster/model/run"
)

// Isolate cuts nodes off from all other nodes. Clients still reach them.
func Isolate(roles ...Role) Fault { return Fault{Kind: run.KindIsolate, On: roles} }

// Partition splits the cluster into sides. Clients reach all of them, unless they stand on one.
func Partition(sides ...[]Role) Fault { return Fault{Kind: run.KindPartition, Sides: sides} }

// Side is one side of a partition or a link.
func Side(roles ...Role) []Role { return roles }

// Bridge splits the cluster into halves that reach each other only by way of one node, which sees all.
func Bridge(role Role) Fault { return Fault{Kind: run.KindBridge, On: []Role{role}} }

// MajorityRing lays the nodes on a ring, in an order drawn from the seed, and leaves each only as many neighbours as make a majority.
func MajorityRing() Fault { return Fault{Kind: run.KindMajorityRing} }

// smallestRing is how many nodes a majority ring needs at least, so that each of them misses one.
const smallestRing = 4

// Cut stops what the first sends to the second; the way back stays open.
func Cut(from, to Role) Fault { return Fault{Kind: run.KindCut, Sides: [][]Role{{from}, {to}}} }

// Flapping has a cut of any kind come and go: it is there for half of each period, beginning with its strike.
func Flapping(cut Fault, period time.Duration) Fault {
	cut.Period = period
	return cut
}

// Rejecting has a cut of any kind answer what it stops with a reset, as a firewall or a closed port does. Other cuts swallow it.
func Rejecting(cut Fault) Fault {
	cut.Rejects = true
	return cut
}

// mayFlap says whether a kind is a cut, which can come and go, and can reject.
func mayFlap(kind run.Kind) bool { return slices.Contains(cuts, kind) }

// cuts are the kinds that stop packets.
var cuts = []run.Kind{run.KindIsolate, run.KindPartition, run.KindBridge, run.KindMajorityRing, run.KindCut}

// ResetConnections ends all connections between two sides, at once. They can be made anew.
func ResetConnections(one, other []Role) Fault {
	return Fault{Kind: run.KindReset, Sides: [][]Role{one, other}}
}

// SlowLink delays everything between two, each way.
func SlowLink(one, other Role, delay time.Duration) Fault {
	return Fault{Kind: run.KindSlowLink, Sides: [][]Role{{one}, {other}}, Measures: Measures{Delay: delay}}
}

// Everywhere is for the sides of what befalls links: all links between the machines of a run, those of the clients too.
var Everywhere [][]Role

// Between is for the sides of what befalls links: those between two sides, each way.
func Between(one, other []Role) [][]Role { return [][]Role{one, other} }

// LongTail delays a share of the packets by so much on average.
func LongTail(links [][]Role, share float64, delay time.Duration) Fault {
	return Fault{Kind: run.KindLongTail, Sides: links, Measures: Measures{Share: share, Delay: delay}}
}

// NarrowLink lets so many bytes a second pass, each way.
func NarrowLink(links [][]Role, bytesPerSecond int64) Fault {
	return Fault{Kind: run.KindNarrowLink, Sides: links, Measures: Measures{Rate: bytesPerSecond}}
}

// CloggedLink holds everything back until the heal, which lets it through.
func CloggedLink(links [][]Role) Fault { return Fault{Kind: run.KindCloggedLink, Sides: links} }

// LossyLink loses a share of the packets.
func LossyLink(links [][]Role, share float64) Fault {
	return Fault{Kind: run.KindLossyLink, Sides: links, Measures: Measures{Share: share}}
}

// DuplicatingLink delivers a share of the datagrams twice. TCP throws duplicates away unseen.
func DuplicatingLink(links [][]Role, share float64) Fault {
	return Fault{Kind: run.KindDuplicatingLink, Sides: links, Measures: Measures{Share: share}}
}

// ReorderingLink delays a share of the datagrams so that later ones overtake them. TCP puts them in order unseen.
func ReorderingLink(links [][]Role, share float64) Fault {
	return Fault{Kind: run.KindReorderingLink, Sides: links, Measures: Measures{Share: share}}
}

// SilentResolver has nobody answer machines' questions for the addresses of names. Clients know nodes by name where a plan has this.
func SilentResolver(roles ...Role) Fault { return Fault{Kind: run.KindSilentResolver, On: roles} }

// FailingResolver has machines' questions for the addresses of names answered with a failure (SERVFAIL).
func FailingResolver(roles ...Role) Fault { return Fault{Kind: run.KindFailingResolver, On: roles} }

// Heal undoes whatever the network suffers from.
func Heal() Fault { return Fault{Kind: run.KindHeal} }

var networkForms = map[run.Kind]form{
	run.KindIsolate: {words: func(s Strike, list func([]string) string) string {
		return "isolate " + list(s.Machines) + manner(s)
	}},
	run.KindPartition: {names: namesSides, words: func(s Strike, list func([]string) string) string {
		var sides []string
		for _, side := range s.Sides {
			sides = append(sides, list(side))
		}
		return "partition " + strings.Join(sides, " | ") + manner(s)
	}},
	run.KindBridge: {
		check: func(f Fault) error {
			if len(f.On) != 1 {
				return fmt.Errorf("over %v: want one role, the node that both halves reach", f.On)
			}
			return nil
		},
		words: func(s Strike, list func([]string) string) string {
			return fmt.Sprintf("partition %s | %s with %s as a bridge%s", list(s.Sides[0]), list(s.Sides[1]), list(s.Machines[:1]), manner(s))
		},
	},
	run.KindMajorityRing: {names: namesNobody, words: func(s Strike, list func([]string) string) string {
		return "let each of " + list(s.Machines) + " reach only its neighbours on this ring" + manner(s)
	}},
	run.KindCut: {names: namesWay, words: func(s Strike, list func([]string) string) string {
		return fmt.Sprintf("cut what %s sends to %s%s", list(s.Sides[0]), list(s.Sides[1]), manner(s))
	}},
	run.KindReset: {names: namesWay, words: func(s Strike, list func([]string) string) string {
		return "reset the connections" + links(s, list)
	}},
	run.KindSlowLink: {names: namesLinks, check: checkDelay, words: func(s Strike, list func([]string) string) string {
		return fmt.Sprintf("slow the links%s by %v", links(s, list), s.Delay)
	}},
	run.KindLongTail: {
		names: namesLinks,
		check: func(f Fault) error { return errors.Join(checkShare(f), checkDelay(f)) },
		words: func(s Strike, list func([]string) string) string {
			return fmt.Sprintf("delay %s of the packets%s by %v on average", percent(s.Share), links(s, list), s.Delay)
		},
	},
	run.KindNarrowLink: {
		names: namesLinks,
		check: func(f Fault) error {
			if f.Rate <= 0 {
				return fmt.Errorf("%d bytes a second: want more than none", f.Rate)
			}
			return nil
		},
		words: func(s Strike, list func([]string) string) string {
			return fmt.Sprintf("narrow the links%s to %d bytes a second", links(s, list), s.Rate)
		},
	},
	run.KindCloggedLink: {names: namesLinks, words: func(s Strike, list func([]string) string) string {
		return "clog the links" + links(s, list)
	}},
	run.KindLossyLink: {names: namesLinks, check: checkShare, words: func(s Strike, list func([]string) string) string {
		return fmt.Sprintf("lose %s of the packets%s", percent(s.Share), links(s, list))
	}},
	run.KindDuplicatingLink: {names: namesLinks, check: checkShare, words: func(s Strike, list func([]string) string) string {
		return fmt.Sprintf("deliver %s of the datagrams%s twice", percent(s.Share), links(s, list))
	}},
	run.KindReorderingLink: {names: namesLinks, check: checkShare, words: func(s Strike, list func([]string) string) string {
		return fmt.Sprintf("reorder %s of the datagrams%s", percent(s.Share), links(s, list))
	}},
	run.KindSilentResolver: {words: func(s Strike, list func([]string) string) string {
		return "leave what " + list(s.Machines) + " ask the name server unanswered"
	}},
	run.KindFailingResolver: {words: func(s Strike, list func([]string) string) string {
		return "answer what " + list(s.Machines) + " ask the name server with a failure"
	}},
	run.KindHeal: {names: namesNobody, words: func(Strike, func([]string) string) string { return "heal the network" }},
}

// links says which links a strike is about: " between n1 and n2, n3", or nothing where it is about all.
func links(s Strike, list func([]string) string) string {
	if s.Everywhere {
		return " everywhere"
	}
	return fmt.Sprintf(" between %s and %s", list(s.Sides[0]), list(s.Sides[1]))
}

// manner says how a cut cuts, where that is not the usual way.
func manner(s Strike) string {
	text := ""
	if s.Rejects {
		text += ", with resets"
	}
	if s.Period > 0 {
		text += fmt.Sprintf(", on and off every %v", s.Period)
	}
	return text
}

func percent(share float64) string { return fmt.Sprintf("%.3g %%", share*100) }
