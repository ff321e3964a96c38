package live

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"muster/model/run"
	"muster/scenarios"
)

// strikeState is what the stage remembers of a strike, to say in the end whether it bit.
type strikeState struct {
	strike scenarios.Strike
	// lostBefore is the count of swallowed packets when it struck, trafficBefore that of those on bad ways.
	lostBefore    uint64
	trafficBefore traffic
	// holds is how the programs stood that it pauses or slows down.
	holds map[string]hold
	// hit says that every machine it names was running when it struck.
	hit bool
	// away says that a cut that comes and goes is not there now.
	away bool
	// done counts what was done at once: bits turned over, members listed, sockets destroyed.
	done int
}

// cannot says of the kinds that are struck on no process of a host why not.
var cannot = map[run.Kind]string{
	run.KindCrash:           "the power of a process cannot be cut: what it wrote is in the kernel's hands (kill ends a process)",
	run.KindTornCrash:       "the power of a process cannot be cut: what it wrote is in the kernel's hands (kill ends a process)",
	run.KindMove:            "clients of processes know them by their addresses",
	run.KindLyingDisk:       "the kernel keeps what it was told to sync",
	run.KindDiskErrors:      "the disk of a process fails only with its host's",
	run.KindSlowDisk:        "the disk of a process is its host's",
	run.KindCloggedLink:     "what it held back could not be let through again",
	run.KindSilentResolver:  "clients of processes know them by their addresses",
	run.KindFailingResolver: "clients of processes know them by their addresses",
	run.KindClockOffset:     "all processes of a host share its clock",
	run.KindClockDrift:      "all processes of a host share its clock",
	run.KindClockJump:       "all processes of a host share its clock",
	run.KindClockFreeze:     "all processes of a host share its clock",
	run.KindClockStrobe:     "all processes of a host share its clock",
	run.KindClockReset:      "all processes of a host share its clock",
}

// Strike does what can be done to processes and to the network between them.
func (s *Stage) Strike(ctx context.Context, strike scenarios.Strike) (time.Duration, error) {
	if why, there := cannot[strike.Kind]; there {
		return 0, fmt.Errorf("%w: %s", scenarios.ErrUnsupported, why)
	}
	state := &strikeState{strike: strike, hit: true}
	var err error
	if state.lostBefore, err = s.host.swallowed(ctx); err != nil {
		return 0, fmt.Errorf("%s: counting the packets that vanished before: %w", strike.Kind, err)
	}
	for _, name := range strike.Machines {
		if s.processes[name] == nil {
			return 0, fmt.Errorf("%s: there is no machine %q on this stage", strike.Kind, name)
		}
	}
	state.holds = s.note(strike)
	before := s.inForce
	s.struck[strike.Number] = state
	s.inForce = slices.DeleteFunc(slices.Clone(before), func(other scenarios.Strike) bool { return slices.Contains(strike.Undone, other.Number) })
	if strike.Kind.Lasts() {
		s.inForce = append(s.inForce, strike)
	}
	if err := s.strike(ctx, strike, state); err != nil {
		delete(s.struck, strike.Number)
		s.inForce = before
		if strike.Kind.Family() == run.NetworkFamily && !isCut(strike.Kind) {
			// It may have been done in part.
			err = errors.Join(err, s.host.shape(ctx, s.shapes()))
		}
		return 0, err
	}
	return s.Now(), nil
}

func (s *Stage) strike(ctx context.Context, strike scenarios.Strike, state *strikeState) error {
	switch strike.Kind.Family() {
	case run.NetworkFamily:
		return s.strikeNetwork(ctx, strike, state)
	case run.MembershipFamily:
		err := s.strikeMembers(strike)
		state.done = len(s.members)
		return err
	}
	for _, name := range strike.Machines {
		if err := s.strikeProcess(strike, state, s.processes[name]); err != nil {
			return fmt.Errorf("%s %s: %w", strike.Kind, name, err)
		}
	}
	return nil
}

// strikeNetwork cuts, shapes and heals the ways between machines.
func (s *Stage) strikeNetwork(ctx context.Context, strike scenarios.Strike, state *strikeState) error {
	if strike.Rejects {
		return fmt.Errorf("%w: its cuts swallow what they stop", scenarios.ErrUnsupported)
	}
	if strike.Kind == run.KindReset {
		var err error
		state.done, err = s.host.reset(ctx, strike.Ways)
		return err
	}
	if isCut(strike.Kind) || strike.Kind == run.KindHeal {
		if err := s.host.cut(ctx, s.cuts()); err != nil {
			return err
		}
	}
	if isCut(strike.Kind) {
		return nil
	}
	if err := s.host.shape(ctx, s.shapes()); err != nil {
		return err
	}
	var err error
	state.trafficBefore, err = s.host.traffic(ctx)
	return err
}

// shapes are how bad the ways between machines are by all strikes in force.
func (s *Stage) shapes() map[scenarios.Way]shape {
	shapes := map[scenarios.Way]shape{}
	for _, strike := range s.inForce {
		if strike.Kind.Family() != run.NetworkFamily || isCut(strike.Kind) {
			continue
		}
		for _, way := range strike.Ways {
			bad := shapes[way]
			bad.worsen(strike)
			shapes[way] = bad
		}
	}
	return shapes
}

// cuts are the ways on which packets must vanish: those of all cuts in force that are there now.
func (s *Stage) cuts() []scenarios.Way {
	var cuts []scenarios.Way
	for _, strike := range s.inForce {
		if isCut(strike.Kind) && !s.struck[strike.Number].away {
			cuts = append(cuts, strike.Ways...)
		}
	}
	return cuts
}

// isCut says whether a kind makes packets vanish.
func isCut(kind run.Kind) bool {
	switch kind {
	case run.KindIsolate, run.KindPartition, run.KindBridge, run.KindMajorityRing, run.KindCut:
		return true
	}
	return false
}

// Toggle has a cut go, or come back.
func (s *Stage) Toggle(ctx context.Context, number int, there bool) error {
	state := s.struck[number]
	if state == nil || !isCut(state.strike.Kind) {
		return fmt.Errorf("strike %d cannot come and go: it is no cut in force", number)
	}
	state.away = !there
	return s.host.cut(ctx, s.cuts())
}

// strikeProcess does what befalls one program or its disk.
func (s *Stage) strikeProcess(strike scenarios.Strike, state *strikeState, p *process) error {
	switch boots := strike.Kind == run.KindRestart || strike.Kind == run.KindUpgrade; {
	case boots:
		// One that was asked to end may be at it still.
		if err := p.end(orderlyEnd); err != nil {
			return err
		}
	case strike.Kind != run.KindBitRot:
		state.hit = state.hit && p.running()
	}
	switch strike.Kind {
	case run.KindKill:
		return p.kill()
	case run.KindTerminate:
		return p.terminate()
	case run.KindRestart:
		return p.start()
	case run.KindUpgrade:
		if s.options.Programs.Next == "" {
			return fmt.Errorf("%w: no next build was made", scenarios.ErrUnsupported)
		}
		for i, argument := range p.arguments {
			if argument == s.options.Programs.Registry {
				p.arguments[i] = s.options.Programs.Next
			}
		}
		return p.start()
	case run.KindPause:
		return p.pause()
	case run.KindSlowCPU:
		p.throttle(strike.Share)
		return nil
	case run.KindResume:
		p.unthrottle()
		return p.resume()
	case run.KindFullDisk:
		return s.disks[p.name].fill(strike.Room)
	case run.KindDiskRepair:
		return s.disks[p.name].empty()
	case run.KindBitRot:
		turned, err := rot(s.dataFolder(p.name), strike.Bits, uint64(strike.Number))
		state.done += turned
		return err
	case run.KindFailpoint, run.KindFailpointOff:
		return s.switchFailpoints(p)
	}
	return fmt.Errorf("%w: %s is unknown to the live stage", scenarios.ErrUnsupported, strike.Kind)
}

// switchFailpoints has a node run with just those failpoints that are in force.
func (s *Stage) switchFailpoints(p *process) error {
	text := ""
	for _, strike := range s.inForce {
		if strike.Kind == run.KindFailpoint && slices.Contains(strike.Machines, p.name) {
			text += strike.Failpoint + "=" + strike.Term + "\n"
		}
	}
	if err := os.WriteFile(s.failpointsFile(p.name), []byte(text), 0o666); err != nil {
		return err
	}
	return p.reread()
}

// strikeMembers adds, removes or replaces nodes.
func (s *Stage) strikeMembers(strike scenarios.Strike) error {
	comes, goes := strike.Machines, []string(nil)
	switch strike.Kind {
	case run.KindRemoveNode:
		comes, goes = nil, strike.Machines
	case run.KindReplaceNode:
		goes, comes = strike.Sides[0], strike.Sides[1]
	}
	members := slices.Clone(s.members)
	for _, name := range goes {
		members = slices.DeleteFunc(members, func(member string) bool { return member == s.host.address(name) })
	}
	for _, name := range comes {
		members = append(members, s.host.address(name))
	}
	if err := s.list(members); err != nil {
		return err
	}
	for _, name := range goes {
		if p := s.processes[name]; p.running() {
			if err := p.terminate(); err != nil {
				return err
			}
		}
	}
	for _, name := range comes {
		if err := s.processes[name].start(); err != nil {
			return err
		}
	}
	return nil
}

// list writes who is a member, and has the nodes that run look at it.
func (s *Stage) list(members []string) error {
	changed := !slices.Equal(members, s.members)
	s.members = members
	if err := os.WriteFile(s.membersFile(), []byte(strings.Join(members, "\n")+"\n"), 0o666); err != nil {
		return fmt.Errorf("live stage: list of members: %w", err)
	}
	for _, name := range sortedNames(s.processes) {
		if !changed || name == workloadName {
			continue
		}
		if err := s.processes[name].reread(); err != nil {
			return err
		}
	}
	return nil
}

// Evidence counts packets that vanished since a cut or went a bad way, looks how programs stand, or says whether the programs that a
// strike named were there.
func (s *Stage) Evidence(number int) scenarios.Evidence {
	state := s.struck[number]
	switch {
	case state == nil:
		return scenarios.Evidence{Text: "not struck"}
	case isCut(state.strike.Kind):
		swallowed, err := s.host.swallowed(context.Background())
		if err != nil {
			return scenarios.Evidence{Text: "packets were not counted: " + err.Error()}
		}
		lost := swallowed - state.lostBefore
		return scenarios.Evidence{Bit: lost > 0, Text: fmt.Sprintf("%d packets dropped", lost)}
	case state.strike.Kind == run.KindReset:
		return scenarios.Evidence{Bit: state.done > 0, Text: fmt.Sprintf("%d sockets were destroyed", state.done)}
	case state.strike.Kind.Family() == run.NetworkFamily:
		now, err := s.host.traffic(context.Background())
		if err != nil {
			return scenarios.Evidence{Text: err.Error()}
		}
		return now.since(state.trafficBefore).evidence(state.strike.Kind)
	case state.strike.Kind == run.KindBitRot:
		return scenarios.Evidence{Bit: state.done > 0, Text: fmt.Sprintf("%d bits turned over", state.done)}
	case state.strike.Kind.Family() == run.MembershipFamily:
		return scenarios.Evidence{Bit: state.done > 0, Text: fmt.Sprintf("%d members were listed then", state.done)}
	case !state.hit:
		return scenarios.Evidence{Text: "a program was not running when it struck"}
	case len(state.holds) > 0:
		return s.holdEvidence(state)
	}
	return scenarios.Evidence{Bit: true, Text: "the program was running when it struck" + unmeasured[state.strike.Kind]}
}

// unmeasured says of kinds whose effect on the program cannot be seen from outside what is known of it, and what is not.
var unmeasured = map[run.Kind]string{
	run.KindPause:     ", and was told to stop; this host does not say how it stood",
	run.KindSlowCPU:   ", and was stopped again and again from then on; this host does not say what it lost by that",
	run.KindFailpoint: ", and was told to switch the defect on; whether it came by it is not known",
	run.KindFullDisk:  ", and its disk was filled; whether a write found no room is not known",
}
