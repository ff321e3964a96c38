package main

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"muster/sim"
)

// strike is a fault that `muster run` was told to strike. Its kinds have the names that they have in scenarios.
type strike struct {
	at   time.Duration
	text string
	kind string
	// sides are names of machines; faults other than a partition and a cut have one.
	sides [][]string
}

// machineFaults are the faults that befall each machine alone.
var machineFaults = map[string]func(*sim.World, *sim.Machine) error{
	"kill":      func(_ *sim.World, m *sim.Machine) error { return m.Kill() },
	"crash":     func(_ *sim.World, m *sim.Machine) error { return m.Crash() },
	"terminate": func(_ *sim.World, m *sim.Machine) error { return m.Terminate() },
	"restart":   func(_ *sim.World, m *sim.Machine) error { return m.Restart() },
	"pause":     func(_ *sim.World, m *sim.Machine) error { return m.Pause() },
	"resume":    func(_ *sim.World, m *sim.Machine) error { return m.Resume() },
	"isolate":   func(w *sim.World, m *sim.Machine) error { w.Isolate(m); return nil },
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
	kind, whom, _ := strings.Cut(what, ":")
	sides := 1
	switch {
	case kind == "heal":
		if whom != "" {
			return strike{}, fmt.Errorf("heal ends all cuts: want no machines")
		}
		return strike{at: at, text: what, kind: kind}, nil
	case kind == "cut" || kind == "partition":
		sides = 2
	case machineFaults[kind] == nil:
		return strike{}, fmt.Errorf("fault %q: want kill, crash, terminate, restart, pause, resume, isolate, partition, cut or heal", kind)
	}
	s := strike{at: at, text: what, kind: kind}
	parts := []string{whom}
	if sides == 2 {
		if parts = strings.Split(whom, "/"); len(parts) != 2 {
			return strike{}, fmt.Errorf("want two sides, for example %s:1/2,3", kind)
		}
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
	switch s.kind {
	case "heal":
		world.Heal()
	case "partition":
		world.Partition(sides...)
	case "cut":
		for _, from := range sides[0] {
			for _, to := range sides[1] {
				world.Cut(from, to)
			}
		}
	default:
		for _, m := range sides[0] {
			if err := machineFaults[s.kind](world, m); err != nil {
				return err
			}
		}
	}
	return nil
}
