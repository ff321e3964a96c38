package simulated

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"muster/model/run"
	"muster/scenarios"
	"muster/sim"
	"muster/sim/disk"
	"muster/sim/machine"
)

// failpointsFile is where a node is told to look for failpoints.
const failpointsFile = "/failpoints"

// makeReady makes ready for kinds of faults that need more than a running node.
func (s *Stage) makeReady(ctx context.Context, faults []run.Kind) error {
	if !slices.Contains(faults, run.KindUpgrade) {
		return nil
	}
	_, _, err := s.programs.next.get(ctx)
	return err
}

// guests are the programs that have run.
func (s *Stage) guests() []run.Guest {
	for _, now := range s.struck {
		if now.strike.Kind == run.KindUpgrade {
			return append(slices.Clone(s.programs.guests), s.programs.next.guest)
		}
	}
	return s.programs.Guests()
}

// forFaults are the arguments that nodes need where such faults may be struck.
func (s *Stage) forFaults(faults []run.Kind) []string {
	if slices.Contains(faults, run.KindFailpoint) {
		return []string{"--failpoints", failpointsFile}
	}
	return nil
}

// strikeDefects switches failpoints on or off in running nodes: it writes the file that names them, and tells the nodes to read it.
func (s *Stage) strikeDefects(strike scenarios.Strike) error {
	return s.each(strike, func(m *sim.Machine) error {
		switch strike.Kind {
		case run.KindFailpoint:
			s.failpoints[m.Name()] = append(s.failpoints[m.Name()], strike.Failpoint+"="+strike.Term+"\n")
		case run.KindFailpointOff:
			s.failpoints[m.Name()] = nil
		}
		text := strings.Join(s.failpoints[m.Name()], "")
		if err := m.Disk().WriteFile(failpointsFile, []byte(text), m.Clock().Wall().UnixNano()); err != disk.OK {
			return fmt.Errorf("writing %s on the disk of %s: error %d", failpointsFile, m.Name(), err)
		}
		if m.Status() != sim.Running {
			return nil // it reads the file when it starts
		}
		return m.Signal(machine.Hangup)
	})
}

// listen notices nodes that say that they switched a failpoint on.
func (s *Stage) listen(line sim.Line) {
	if len(s.failpoints) == 0 {
		return
	}
	if event, ok := run.ParseNodeEvent(line.Machine, run.LogLine{Stream: line.Stream, Text: line.Text}); ok && event.Name == run.EventFailpointEnabled {
		s.enabled[line.Machine]++
	}
}

// defectEvidence says how many nodes have said since a strike that they switched a failpoint on.
func (s *Stage) defectEvidence(now *struck) scenarios.Evidence {
	said := 0
	for i, name := range now.strike.Machines {
		if s.enabled[name] > now.enabled[i] {
			said++
		}
	}
	return scenarios.Evidence{Bit: said > 0, Text: fmt.Sprintf("%d of %d nodes switched it on", said, len(now.strike.Machines))}
}
