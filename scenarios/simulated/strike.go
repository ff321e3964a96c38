package simulated

import (
	"context"
	"errors"
	"fmt"
	"time"

	"muster/model/run"
	"muster/scenarios"
	"muster/sim"
	"muster/sim/disk"
	"muster/sim/network"
)

// struck is what the stage knows of a strike, to say later whether it had any effect. It is plain data, as all that the stage remembers.
type struck struct {
	strike scenarios.Strike
	// before is what had been counted on each of the strike's ways when it struck.
	before []network.Counters
	// ran is how many of the machines were running when it struck.
	ran int
	// hits is how many things it hit at once: ends of connections that were reset, bits that were turned over,
	// clocks that jumped, bytes that were being written, members that were listed.
	hits int
	// questions is what had become, when it struck, of those that each of the machines asked its resolver.
	questions []network.ResolverCounters
	// disks is what had been counted on each of the machines' disks when it struck.
	disks []disk.Counters
	// enabled is how often each of the machines had said that it switched a failpoint on when it struck.
	enabled []int
}

// Strike does a fault.
func (s *Stage) Strike(ctx context.Context, strike scenarios.Strike) (time.Duration, error) {
	s.goOn()
	now := &struck{strike: strike}
	for _, name := range strike.Machines {
		m := s.world.Machine(name)
		if m == nil {
			return 0, fmt.Errorf("%s: there is no machine %s", strike.Kind, name)
		}
		if m.Status() == sim.Running {
			now.ran++
		}
		now.disks = append(now.disks, m.Disk().Counters())
		now.questions = append(now.questions, m.ResolverCounters())
		now.enabled = append(now.enabled, s.enabled[name])
	}
	for _, way := range strike.Ways {
		now.before = append(now.before, s.world.Counters(s.ends(way)))
	}
	if err := s.do(ctx, now); err != nil {
		return 0, err
	}
	s.struck[strike.Number] = now
	return s.world.Now(), nil
}

// ends are the machines at the ends of a way.
func (s *Stage) ends(way scenarios.Way) (from, to *sim.Machine) {
	return s.world.Machine(way.From), s.world.Machine(way.To)
}

// do is the translation from the vocabulary of scenarios to that of worlds.
func (s *Stage) do(ctx context.Context, now *struck) error {
	switch now.strike.Kind.Family() {
	case run.NetworkFamily:
		return s.strikeNetwork(now)
	case run.ClockFamily:
		return s.strikeClocks(now)
	case run.MachineFamily:
		return s.strikeMachines(ctx, now)
	case run.DiskFamily:
		return s.strikeDisks(now)
	case run.DefectFamily:
		return s.strikeDefects(now.strike)
	case run.MembershipFamily:
		return s.strikeMembers(now)
	}
	return unknown(now.strike)
}

func unknown(strike scenarios.Strike) error {
	return fmt.Errorf("%w: it does not know %q", scenarios.ErrUnsupported, strike.Kind)
}

// strikeClocks makes clocks lie, or sets them right.
func (s *Stage) strikeClocks(now *struck) error {
	strike := now.strike
	return s.each(strike, func(m *sim.Machine) error {
		switch clock := m.Clock(); strike.Kind {
		case run.KindClockOffset:
			clock.Offset(strike.Offset)
		case run.KindClockJump:
			clock.Jump(strike.Offset)
		case run.KindClockDrift:
			return clock.Drift(strike.Drift)
		case run.KindClockFreeze:
			clock.Freeze()
		case run.KindClockStrobe:
			if err := clock.Strobe(strike.Offset, strike.Period/2); err != nil {
				return err
			}
			if clock.Skew() != 0 {
				now.hits++
			}
		case run.KindClockReset:
			clock.Reset()
		default:
			return unknown(strike)
		}
		return nil
	})
}

// strikeMachines ends, stops and starts programs.
func (s *Stage) strikeMachines(ctx context.Context, now *struck) error {
	strike := now.strike
	return s.each(strike, func(m *sim.Machine) error {
		switch strike.Kind {
		case run.KindCrash:
			return m.Crash()
		case run.KindTornCrash:
			return s.crashWriting(now, m)
		case run.KindKill:
			return m.Kill()
		case run.KindTerminate:
			return m.Terminate()
		case run.KindRestart:
			return m.Restart()
		case run.KindMove:
			return s.move(m)
		case run.KindUpgrade:
			next, _, err := s.programs.next.get(ctx)
			if err != nil {
				return err
			}
			return m.RestartWith(next, m.Arguments()...)
		case run.KindPause:
			return m.Pause()
		case run.KindResume:
			if err := m.SetSlowdown(0); err != nil || m.Status() != sim.Paused {
				return err
			}
			return m.Resume()
		case run.KindSlowCPU:
			return m.SetSlowdown(1 / strike.Share)
		}
		return unknown(strike)
	})
}

// A torn crash waits for a write: writes and their syncs take no time on a disk that is not slow, so it is made a little slow meanwhile.
const (
	writeTakes   = 5 * time.Millisecond
	awaitsWrites = 2 * time.Second
)

// crashWriting takes a machine's power away while it writes, or after a while in which it did not.
func (s *Stage) crashWriting(now *struck, m *sim.Machine) error {
	before := m.Disk().Faults()
	slow := before
	slow.SyncTakes = max(slow.SyncTakes, writeTakes)
	if err := m.SetDiskFaults(slow); err != nil {
		return err
	}
	for end := s.world.Now() + awaitsWrites; s.world.Now() < end && m.Disk().Unsynced() == 0; {
		if err := s.world.Run(time.Millisecond); err != nil {
			return err
		}
	}
	now.hits += int(m.Disk().Unsynced())
	return errors.Join(m.CrashWith(disk.GarbleTail), m.SetDiskFaults(before))
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

// Evidence says whether a strike had any effect so far.
func (s *Stage) Evidence(number int) scenarios.Evidence {
	now, known := s.struck[number]
	switch {
	case !known:
		return scenarios.Evidence{Text: "it was not struck"}
	case now.strike.Kind.Family() == run.NetworkFamily:
		return s.networkEvidence(now)
	case now.strike.Kind.Family() == run.ClockFamily:
		return s.clockEvidence(now)
	case now.strike.Kind.Family() == run.DiskFamily:
		return s.diskEvidence(now)
	case now.strike.Kind.Family() == run.DefectFamily:
		return s.defectEvidence(now)
	case now.strike.Kind.Family() == run.MembershipFamily:
		return scenarios.Evidence{Bit: now.hits > 0, Text: fmt.Sprintf("%d members were listed then", now.hits)}
	case now.strike.Kind == run.KindTornCrash:
		return scenarios.Evidence{Bit: now.hits > 0, Text: fmt.Sprintf("%d bytes were being written", now.hits)}
	}
	return scenarios.Evidence{Bit: now.ran > 0, Text: fmt.Sprintf("%d of %d programs were running", now.ran, len(now.strike.Machines))}
}

// clockEvidence says how far off the struck clocks are.
func (s *Stage) clockEvidence(now *struck) scenarios.Evidence {
	if now.strike.Kind == run.KindClockStrobe {
		return scenarios.Evidence{Bit: now.hits > 0, Text: fmt.Sprintf("%d clocks jumped to and fro", now.hits)}
	}
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
