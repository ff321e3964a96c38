package simulated

import (
	"context"
	"fmt"
	"time"

	"muster/scenarios"
	"muster/sim"
	"muster/sim/network"
)

// struck is what the stage knows of a strike, to say later whether it had any effect. It is plain data, as all that the stage remembers.
type struck struct {
	strike scenarios.Strike
	// links are those that the strike cut or slowed, and before what had been counted on each when it struck.
	links  []pair
	before []network.Counters
	// ran is how many of the machines were running when it struck.
	ran int
}

// Strike does a fault.
func (s *Stage) Strike(_ context.Context, strike scenarios.Strike) (time.Duration, error) {
	now := &struck{strike: strike}
	for _, name := range strike.Machines {
		m := s.world.Machine(name)
		if m == nil {
			return 0, fmt.Errorf("%s: there is no machine %s", strike.Kind, name)
		}
		if m.Status() == sim.Running {
			now.ran++
		}
	}
	now.links = between(strike)
	for _, link := range now.links {
		now.before = append(now.before, s.world.Counters(s.ends(link)))
	}
	if err := s.do(now); err != nil {
		return 0, err
	}
	s.struck[strike.Number] = now
	return s.world.Now(), nil
}

// between lists the ways that a strike on the network changes.
func between(strike scenarios.Strike) []pair {
	var links []pair
	for i, side := range strike.Sides {
		for _, other := range strike.Sides[i+1:] {
			for _, from := range side {
				for _, to := range other {
					links = append(links, pair{from, to})
					if strike.Kind != scenarios.KindCut {
						links = append(links, pair{to, from})
					}
				}
			}
		}
	}
	return links
}

// ends are the machines at the ends of a link.
func (s *Stage) ends(link pair) (from, to *sim.Machine) {
	return s.world.Machine(link.from), s.world.Machine(link.to)
}

// do is the translation from the vocabulary of scenarios to that of worlds.
func (s *Stage) do(now *struck) error {
	switch strike := now.strike; strike.Kind {
	case scenarios.KindIsolate, scenarios.KindPartition, scenarios.KindCut:
		for _, link := range now.links {
			s.world.Cut(s.ends(link))
		}
		return nil
	case scenarios.KindSlowLink:
		for _, link := range now.links {
			s.slow(link, strike.Delay)
		}
		return nil
	case scenarios.KindHeal:
		s.world.Heal()
		s.unslow()
		return nil
	case scenarios.KindCrash:
		return s.each(strike, (*sim.Machine).Crash)
	case scenarios.KindKill:
		return s.each(strike, (*sim.Machine).Kill)
	case scenarios.KindRestart:
		return s.each(strike, func(m *sim.Machine) error { return m.Restart() })
	case scenarios.KindPause:
		return s.each(strike, (*sim.Machine).Pause)
	case scenarios.KindResume:
		return s.each(strike, (*sim.Machine).Resume)
	case scenarios.KindClockOffset:
		return s.each(strike, func(m *sim.Machine) error { m.Clock().Offset(strike.Offset); return nil })
	case scenarios.KindClockJump:
		return s.each(strike, func(m *sim.Machine) error { m.Clock().Jump(strike.Offset); return nil })
	case scenarios.KindClockDrift:
		return s.each(strike, func(m *sim.Machine) error { return m.Clock().Drift(strike.Drift) })
	case scenarios.KindClockReset:
		return s.each(strike, func(m *sim.Machine) error { m.Clock().Reset(); return nil })
	}
	return fmt.Errorf("%w: it does not know %q", scenarios.ErrUnsupported, now.strike.Kind)
}

// each does something to each machine that is struck.
func (s *Stage) each(strike scenarios.Strike, do func(*sim.Machine) error) error {
	for _, name := range strike.Machines {
		if err := do(s.world.Machine(name)); err != nil {
			return err
		}
	}
	return nil
}

// slow delays a link on top of what it was before any strike.
func (s *Stage) slow(link pair, delay time.Duration) {
	from, to := s.ends(link)
	present := s.world.Link(from, to)
	if _, slowed := s.links[link]; !slowed {
		s.links[link] = present
	}
	present.Latency.Min += delay
	present.Latency.Mean += delay
	s.world.SetLink(from, to, present)
}

// unslow makes all links what they were, in the order of the machines.
func (s *Stage) unslow() {
	for _, from := range s.machines {
		for _, to := range s.machines {
			if before, slowed := s.links[pair{from.Name(), to.Name()}]; slowed {
				s.world.SetLink(from, to, before)
			}
		}
	}
	clear(s.links)
}

// Evidence says whether a strike had any effect so far.
func (s *Stage) Evidence(number int) scenarios.Evidence {
	now, known := s.struck[number]
	if !known {
		return scenarios.Evidence{Text: "it was not struck"}
	}
	switch now.strike.Kind {
	case scenarios.KindIsolate, scenarios.KindPartition, scenarios.KindCut:
		dropped := s.counted(now, func(c network.Counters) uint64 { return c.Cut })
		return scenarios.Evidence{Bit: dropped > 0, Text: fmt.Sprintf("%d packets dropped", dropped)}
	case scenarios.KindSlowLink:
		sent := s.counted(now, func(c network.Counters) uint64 { return c.Sent })
		return scenarios.Evidence{Bit: sent > 0, Text: fmt.Sprintf("%d packets sent over slow links", sent)}
	case scenarios.KindClockOffset, scenarios.KindClockDrift, scenarios.KindClockJump:
		return s.clockEvidence(now)
	}
	return scenarios.Evidence{Bit: now.ran > 0, Text: fmt.Sprintf("%d of %d programs were running", now.ran, len(now.strike.Machines))}
}

// counted sums what was counted on a strike's links since it struck.
func (s *Stage) counted(now *struck, what func(network.Counters) uint64) uint64 {
	var sum uint64
	for i, link := range now.links {
		sum += what(s.world.Counters(s.ends(link))) - what(now.before[i])
	}
	return sum
}

// clockEvidence says how far off the struck clocks are.
func (s *Stage) clockEvidence(now *struck) scenarios.Evidence {
	var found scenarios.Evidence
	for _, name := range now.strike.Machines {
		skew := s.world.Machine(name).Clock().Skew()
		found.Bit = found.Bit || skew != 0
		if found.Text != "" {
			found.Text += ", "
		}
		found.Text += fmt.Sprintf("the clock of %s was off by %v", name, skew)
	}
	return found
}
