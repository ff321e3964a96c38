package simulated

import (
	"context"
	"fmt"
	"sync"

	"muster/model/run"
	"muster/scenarios"
	"muster/sim"
	"muster/sim/guest"
	"muster/sim/trace"
)

// UseNode has the nodes run another registry than the one of this source tree. It is started as ours is, with --addr IP:PORT, --members
// IP:PORT,IP:PORT,…, --data FOLDER and --insecure (no authentication), and after those with the scenario's own arguments. Roles such as the
// leader, and properties that are read from what nodes log, are known only if it logs the events of package model/run. name is how the run
// folder calls it.
func (p *Programs) UseNode(ctx context.Context, name string, node guest.Program) error {
	program, err := sim.Load(ctx, node)
	if err != nil {
		return fmt.Errorf("compiling the guest %s: %w", node.Name, err)
	}
	p.registry, p.node = program, name
	p.guests[0] = run.Guest{Name: node.Name, SHA256: node.SHA256, Size: node.Size}
	p.next.build = func(context.Context) (sim.Program, run.Guest, error) {
		return sim.Program{}, run.Guest{}, fmt.Errorf("%w: there is no next build of %s to upgrade to (--node-next PACKAGE names one)", scenarios.ErrUnsupported, name)
	}
	return nil
}

// UseWorkload has the clients be another program than the workload of this source tree. It is started with --nodes NAME=URL,…, --load
// JSON and --seed NUMBER, and prints what its clients do as records of a history.
func (p *Programs) UseWorkload(ctx context.Context, workload guest.Program) error {
	program, err := sim.Load(ctx, workload)
	if err != nil {
		return fmt.Errorf("compiling the guest %s: %w", workload.Name, err)
	}
	p.workload = program
	p.guests[1] = run.Guest{Name: workload.Name, SHA256: workload.SHA256, Size: workload.Size}
	return nil
}

// UseNext has nodes be upgraded to another build than the one of this source tree that calls itself the next. It is started as UseNode
// says.
func (p *Programs) UseNext(name string, node guest.Program) {
	p.next.name = name
	p.next.build = func(ctx context.Context) (sim.Program, run.Guest, error) {
		program, err := sim.Load(ctx, node)
		if err != nil {
			return sim.Program{}, run.Guest{}, fmt.Errorf("compiling the guest %s: %w", node.Name, err)
		}
		return program, run.Guest{Name: nextGuest, SHA256: node.SHA256, Size: node.Size}, nil
	}
}

// nextGuest is what a run folder calls the build that nodes are upgraded to.
const nextGuest = "registry-next"

// nextBuild is the build that nodes are upgraded to. It is made when the first run needs it, and shared by all.
type nextBuild struct {
	name  string // what UseNext was told; empty: it is of this source tree
	build func(context.Context) (sim.Program, run.Guest, error)

	mutex   sync.Mutex
	made    bool
	program sim.Program
	guest   run.Guest
}

// get makes the build, if that was not done yet.
func (n *nextBuild) get(ctx context.Context) (sim.Program, run.Guest, error) {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	if n.made {
		return n.program, n.guest, nil
	}
	var err error
	if n.program, n.guest, err = n.build(ctx); err != nil {
		return sim.Program{}, run.Guest{}, fmt.Errorf("the build to upgrade to: %w", err)
	}
	n.made = true
	return n.program, n.guest, nil
}

// Names of options in run.json: how much of the trace was written, and which registry was put in the place of ours.
const (
	optionTrace = "trace"
	optionNode  = "node"
	optionNext  = "node-next"
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

// NextOf says which registry a run's nodes were upgraded to, as UseNext was told; empty for ours.
func NextOf(r run.Run) string { return r.Options[optionNext] }

// flagsGiven are what the command that runs the run again needs to know of how the stage was set.
func (s *Stage) flagsGiven() []string {
	var flags []string
	if s.programs.node != "" {
		flags = append(flags, "--node", s.programs.node)
	}
	if s.programs.next.name != "" {
		flags = append(flags, "--node-next", s.programs.next.name)
	}
	return flags
}

// optionsGiven are what the run folder keeps of how the stage was set.
func (s *Stage) optionsGiven() map[string]string {
	given := map[string]string{optionTrace: s.options.Trace.String()}
	if s.programs.node != "" {
		given[optionNode] = s.programs.node
	}
	if s.programs.next.name != "" {
		given[optionNext] = s.programs.next.name
	}
	return given
}
