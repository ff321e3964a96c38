package simulated

import (
	"context"
	"fmt"
	"slices"

	"muster/model/run"
	"muster/scenarios"
	"muster/sim/network"
)

// strikeNetwork does what befalls the ways between machines, and heals them.
func (s *Stage) strikeNetwork(now *struck) error {
	strike := now.strike
	switch strike.Kind {
	case run.KindIsolate, run.KindPartition, run.KindBridge, run.KindMajorityRing, run.KindCut:
		s.cut(strike)
		s.cutting = append(s.cutting, strike.Number)
	case run.KindReset:
		for _, way := range strike.Ways {
			now.hits += s.world.Reset(s.ends(way))
		}
	case run.KindCloggedLink:
		for _, way := range strike.Ways {
			s.world.Clog(s.ends(way))
		}
	case run.KindSilentResolver, run.KindFailingResolver:
		mode := network.ResolverSilent
		if strike.Kind == run.KindFailingResolver {
			mode = network.ResolverFails
		}
		for _, name := range strike.Machines {
			s.world.Machine(name).SetResolver(mode)
			s.unresolving = append(s.unresolving, name)
		}
	case run.KindHeal:
		s.world.Heal()
		for _, name := range s.unresolving {
			s.world.Machine(name).SetResolver(network.ResolverAnswers)
		}
		s.unresolving = nil
		for _, way := range s.changed {
			s.world.UnsetLink(s.ends(way))
		}
		s.cutting, s.changed = nil, nil
	default:
		change, known := changes[strike.Kind]
		if !known {
			return unknown(strike)
		}
		for _, way := range strike.Ways {
			s.change(way, func(link *network.Link) { change(link, strike) })
		}
	}
	return nil
}

// changes are what the kinds that befall links make of one.
var changes = map[run.Kind]func(*network.Link, scenarios.Strike){
	run.KindSlowLink: func(l *network.Link, s scenarios.Strike) {
		l.Latency.Min += s.Delay
		l.Latency.Mean += s.Delay
	},
	run.KindLongTail:        func(l *network.Link, s scenarios.Strike) { l.Latency.TailShare, l.Latency.Tail = s.Share, s.Delay },
	run.KindNarrowLink:      func(l *network.Link, s scenarios.Strike) { l.Bandwidth = s.Rate },
	run.KindLossyLink:       func(l *network.Link, s scenarios.Strike) { l.Loss = s.Share },
	run.KindDuplicatingLink: func(l *network.Link, s scenarios.Strike) { l.Duplicate = s.Share },
	run.KindReorderingLink:  func(l *network.Link, s scenarios.Strike) { l.Reorder = s.Share },
}

// change changes a way on top of what earlier strikes have made of it.
func (s *Stage) change(way scenarios.Way, change func(*network.Link)) {
	from, to := s.ends(way)
	link := s.world.Link(from, to)
	change(&link)
	s.world.SetLink(from, to, link)
	if !slices.Contains(s.changed, way) {
		s.changed = append(s.changed, way)
	}
}

// cut has a cut stop what it stops.
func (s *Stage) cut(strike scenarios.Strike) {
	for _, way := range strike.Ways {
		if strike.Rejects {
			s.world.Reject(s.ends(way))
		} else {
			s.world.Cut(s.ends(way))
		}
	}
}

// Toggle has a cut come back, or go but for what other cuts stop too.
func (s *Stage) Toggle(_ context.Context, number int, there bool) error {
	s.goOn()
	now := s.struck[number]
	if now == nil || !slices.Contains(s.cutting, number) {
		return fmt.Errorf("strike %d cannot come and go: it is no cut in force", number)
	}
	if there {
		s.cut(now.strike)
		return nil
	}
	for _, way := range now.strike.Ways {
		s.world.Uncut(s.ends(way))
	}
	for _, other := range s.cutting {
		if other != number {
			s.cut(s.struck[other].strike)
		}
	}
	return nil
}

// networkEvidence counts what became of packets on a strike's ways.
func (s *Stage) networkEvidence(now *struck) scenarios.Evidence {
	counted := func(what func(network.Counters) uint64, text string) scenarios.Evidence {
		var sum uint64
		for i, way := range now.strike.Ways {
			sum += what(s.world.Counters(s.ends(way))) - what(now.before[i])
		}
		return scenarios.Evidence{Bit: sum > 0, Text: fmt.Sprintf(text, sum)}
	}
	switch now.strike.Kind {
	case run.KindReset:
		return scenarios.Evidence{Bit: now.hits > 0, Text: fmt.Sprintf("%d ends of connections reset", now.hits)}
	case run.KindSilentResolver, run.KindFailingResolver:
		var met uint64
		for i, name := range now.strike.Machines {
			since := s.world.Machine(name).ResolverCounters()
			met += since.Unanswered - now.questions[i].Unanswered + since.Failed - now.questions[i].Failed
		}
		return scenarios.Evidence{Bit: met > 0, Text: fmt.Sprintf("%d questions for names met it", met)}
	case run.KindSlowLink:
		return counted(func(c network.Counters) uint64 { return c.Sent }, "%d packets sent over slow links")
	case run.KindLongTail:
		return counted(func(c network.Counters) uint64 { return c.Delayed }, "%d packets delayed")
	case run.KindNarrowLink:
		return counted(func(c network.Counters) uint64 { return c.Queued }, "%d packets queued")
	case run.KindCloggedLink:
		return counted(func(c network.Counters) uint64 { return c.Clogged }, "%d packets held back")
	case run.KindLossyLink:
		return counted(func(c network.Counters) uint64 { return c.Lost }, "%d packets lost")
	case run.KindDuplicatingLink:
		return counted(func(c network.Counters) uint64 { return c.Duplicated }, "%d datagrams delivered twice")
	case run.KindReorderingLink:
		return counted(func(c network.Counters) uint64 { return c.Reordered }, "%d datagrams held back for later ones")
	}
	if now.strike.Rejects {
		return counted(func(c network.Counters) uint64 { return c.Rejected }, "%d packets answered with a reset")
	}
	return counted(func(c network.Counters) uint64 { return c.Cut }, "%d packets dropped")
}
