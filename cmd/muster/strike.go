package main

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"muster/model/run"
	"muster/sim"
	"muster/sim/disk"
	"muster/sim/network"
)

// strike is a fault that `muster run` was told to strike.
type strike struct {
	at   time.Duration
	text string
	kind run.Kind
	// sides are names of machines; what befalls links has two, a heal none, and other faults one.
	sides [][]string
}

// Of the kinds of faults that scenarios have, these need no measure, and nothing known of the program. By what they befall:
var (
	// machineFaults befall each machine alone.
	machineFaults = map[run.Kind]func(*sim.World, *sim.Machine) error{
		run.KindKill:      func(_ *sim.World, m *sim.Machine) error { return m.Kill() },
		run.KindCrash:     func(_ *sim.World, m *sim.Machine) error { return m.Crash() },
		run.KindTerminate: func(_ *sim.World, m *sim.Machine) error { return m.Terminate() },
		run.KindRestart:   func(_ *sim.World, m *sim.Machine) error { return m.Restart() },
		run.KindPause:     func(_ *sim.World, m *sim.Machine) error { return m.Pause() },
		run.KindResume:    func(_ *sim.World, m *sim.Machine) error { return m.Resume() },
		run.KindIsolate:   func(w *sim.World, m *sim.Machine) error { w.Isolate(m); return nil },
		run.KindSilentResolver: func(_ *sim.World, m *sim.Machine) error {
			m.SetResolver(network.ResolverSilent)
			return nil
		},
		run.KindFailingResolver: func(_ *sim.World, m *sim.Machine) error {
			m.SetResolver(network.ResolverFails)
			return nil
		},
		run.KindClockFreeze: func(_ *sim.World, m *sim.Machine) error { m.Clock().Freeze(); return nil },
		run.KindClockReset:  func(_ *sim.World, m *sim.Machine) error { m.Clock().Reset(); return nil },
		run.KindLyingDisk:   func(_ *sim.World, m *sim.Machine) error { return m.SetDiskFaults(disk.Faults{SyncLies: 1}) },
		run.KindDiskRepair:  func(_ *sim.World, m *sim.Machine) error { return m.SetDiskFaults(disk.Faults{}) },
	}
	// linkFaults befall what a machine of one side and one of the other have between them.
	linkFaults = map[run.Kind]func(w *sim.World, from, to *sim.Machine){
		run.KindCut:         func(w *sim.World, from, to *sim.Machine) { w.Cut(from, to) },
		run.KindPartition:   func(w *sim.World, one, other *sim.Machine) { w.Cut(one, other); w.Cut(other, one) },
		run.KindCloggedLink: func(w *sim.World, one, other *sim.Machine) { w.Clog(one, other); w.Clog(other, one) },
		run.KindReset:       func(w *sim.World, one, other *sim.Machine) { w.Reset(one, other) },
	}
)

// struckByRun are the kinds that `muster run` strikes, in the order in which all kinds are listed.
func struckByRun() []string {
	var names []string
	for _, kind := range run.Kinds() {
		if kind == run.KindHeal || machineFaults[kind] != nil || linkFaults[kind] != nil {
			names = append(names, string(kind))
		}
	}
	return names
}

// parseStrikes reads the values of --at, and sorts them by time.
func parseStrikes(texts []string, machines []machinePlan) ([]strike, error) {
	var strikes []strike
	for _, text := range texts {
		s, err := parseStrike(text, machines)
		if err != nil {
			return nil, fmt.Errorf("--at %q: %w", text, err)
		}
		strikes = append(strikes, s)
	}
	slices.SortStableFunc(strikes, func(a, b strike) int { return cmp.Compare(a.at, b.at) })
	return strikes, nil
}

func parseStrike(text string, machines []machinePlan) (strike, error) {
	when, what, ok := strings.Cut(text, "=")
	if !ok {
		return strike{}, fmt.Errorf("want TIME=FAULT, for example 5s=kill:2")
	}
	at, err := time.ParseDuration(when)
	if err != nil || at < 0 {
		return strike{}, fmt.Errorf("time %q: want a duration such as 5s or 1m30s", when)
	}
	name, whom, _ := strings.Cut(what, ":")
	s := strike{at: at, text: what, kind: run.Kind(name)}
	parts := []string{whom}
	switch {
	case s.kind == run.KindHeal:
		if whom != "" {
			return strike{}, fmt.Errorf("heal is for the whole network: want no machines")
		}
		return s, nil
	case linkFaults[s.kind] != nil:
		if parts = strings.Split(whom, "/"); len(parts) != 2 {
			return strike{}, fmt.Errorf("want two sides, for example %s:1/2,3", s.kind)
		}
	case machineFaults[s.kind] == nil && s.kind.Known():
		return strike{}, fmt.Errorf("fault %q is for scenarios, which know how much of it there is to be: want one of %s",
			name, strings.Join(struckByRun(), ", "))
	case machineFaults[s.kind] == nil:
		return strike{}, fmt.Errorf("fault %q: want one of %s", name, strings.Join(struckByRun(), ", "))
	}
	for _, part := range parts {
		var side []string
		for name := range strings.SplitSeq(part, ",") {
			found, err := machineCalled(name, machines)
			if err != nil {
				return strike{}, err
			}
			side = append(side, found)
		}
		s.sides = append(s.sides, side)
	}
	return s, nil
}

// machineCalled finds a machine by number or name.
func machineCalled(text string, machines []machinePlan) (string, error) {
	if number, err := strconv.Atoi(text); err == nil && number >= 1 && number <= len(machines) {
		return machines[number-1].name, nil
	}
	var names []string
	for _, m := range machines {
		if m.name == text {
			return text, nil
		}
		names = append(names, m.name)
	}
	return "", fmt.Errorf("machine %q: want a number from 1 to %d or one of %s", text, len(machines), strings.Join(names, ", "))
}

// do strikes it.
func (s strike) do(world *sim.World) error {
	var sides [][]*sim.Machine
	for _, names := range s.sides {
		var side []*sim.Machine
		for _, name := range names {
			side = append(side, world.Machine(name))
		}
		sides = append(sides, side)
	}
	if s.kind == run.KindHeal {
		world.Heal()
		for _, m := range world.Machines() {
			if m.Resolver() != network.ResolverAnswers {
				m.SetResolver(network.ResolverAnswers)
			}
		}
		return nil
	}
	if befall := linkFaults[s.kind]; befall != nil {
		for _, from := range sides[0] {
			for _, to := range sides[1] {
				befall(world, from, to)
			}
		}
		return nil
	}
	for _, m := range sides[0] {
		if err := machineFaults[s.kind](world, m); err != nil {
			return err
		}
	}
	return nil
}
