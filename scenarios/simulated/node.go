package simulated

import (
	"context"
	"fmt"

	"muster/model/run"
	"muster/sim"
	"muster/sim/guest"
	"muster/sim/trace"
)

// UseNode has the nodes run another registry than the one of this source tree. It is started as ours is, with --addr IP:PORT, --members
// IP:PORT,IP:PORT,… and --data FOLDER, and after those with the scenario's own arguments. Roles such as the leader, and properties that are
// read from what nodes log, are known only if it logs the events of package model/run. name is how the run folder calls it.
func (p *Programs) UseNode(ctx context.Context, name string, node guest.Program) error {
	program, err := sim.Load(ctx, node)
	if err != nil {
		return fmt.Errorf("compiling the guest %s: %w", node.Name, err)
	}
	p.registry, p.node = program, name
	p.guests[0] = run.Guest{Name: node.Name, SHA256: node.SHA256, Size: node.Size}
	return nil
}

// Names of options in run.json: how much of the trace was written, and which registry was put in the place of ours.
const (
	optionTrace = "trace"
	optionNode  = "node"
)

// TraceLevelOf says how much of a run's trace was written.
func TraceLevelOf(r run.Run) trace.Level {
	level, err := trace.ParseLevel(r.Options[optionTrace])
	if err != nil {
		return trace.Normal
	}
	return level
}

// NodeOf says which registry a run's nodes ran, as UseNode was told; empty for ours.
func NodeOf(r run.Run) string { return r.Options[optionNode] }

// optionsGiven are what the run folder keeps of how the stage was set.
func (s *Stage) optionsGiven() map[string]string {
	given := map[string]string{optionTrace: s.options.Trace.String()}
	if s.programs.node != "" {
		given[optionNode] = s.programs.node
	}
	return given
}
