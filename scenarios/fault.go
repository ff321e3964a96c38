package scenarios

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Kind names a fault, or what undoes one. It is the one vocabulary of scenarios, plans, reports and stages.
type Kind string

// The kinds of faults.
const (
	// KindIsolate cuts machines off from all other nodes, both ways and silently: packets vanish, nothing is refused.
	KindIsolate Kind = "isolate"
	// KindPartition splits the machines into sides that do not reach each other. Machines on no side reach everyone.
	KindPartition Kind = "partition"
	// KindCut drops what one side sends to the other; the way back stays open.
	KindCut Kind = "cut"
	// KindSlowLink delays what two sides send to each other.
	KindSlowLink Kind = "slow-link"
	// KindHeal undoes all isolations, partitions, cuts and slow links.
	KindHeal Kind = "heal"

	// KindCrash is a loss of power: memory is lost, and of the disk what was not synced; peers are told nothing.
	KindCrash Kind = "crash"
	// KindKill ends the program as SIGKILL does: memory is lost, files stay as written, peers' connections are closed.
	KindKill Kind = "kill"
	// KindRestart boots machines that were crashed or killed.
	KindRestart Kind = "restart"
	// KindPause stops machines from running, as SIGSTOP or a long garbage collection does; packets queue up meanwhile.
	KindPause Kind = "pause"
	// KindResume lets paused machines run on.
	KindResume Kind = "resume"

	// KindClockOffset puts wall clocks ahead of true time by a fixed offset (behind, if it is negative).
	KindClockOffset Kind = "clock-offset"
	// KindClockDrift has clocks run fast by some parts per million (slow, if negative), the monotonic clock included.
	KindClockDrift Kind = "clock-drift"
	// KindClockJump moves wall clocks on (or back) from wherever they are.
	KindClockJump Kind = "clock-jump"
	// KindClockReset sets clocks right again, at once.
	KindClockReset Kind = "clock-reset"
)

// Undoes says which kinds of faults this kind undoes; nil for a kind that does harm.
func (k Kind) Undoes() []Kind {
	switch k {
	case KindHeal:
		return []Kind{KindIsolate, KindPartition, KindCut, KindSlowLink}
	case KindRestart:
		return []Kind{KindCrash, KindKill}
	case KindResume:
		return []Kind{KindPause}
	case KindClockReset:
		return []Kind{KindClockOffset, KindClockDrift, KindClockJump}
	}
	return nil
}

// Role says whom a fault strikes. Roles other than a node's own name are resolved when the fault strikes, from what the nodes
// have logged until then.
type Role string

// The roles; see also Node and ResponsibleFor.
const (
	// Leader is the node that leads the Raft group.
	Leader Role = "leader"
	// Follower is a running node that does not lead, drawn from the run's seed. Named twice in one fault, it is two nodes.
	Follower Role = "follower"
	// Any is a running node, drawn from the run's seed.
	Any Role = "any"
	// Others are all nodes that the fault does not name otherwise.
	Others Role = "others"
	// Victims are the nodes that still suffer from what this fault undoes: Restart(Victims) boots whatever was crashed.
	Victims Role = "victims"
	// Clients is the machine that the workload runs on. No fault strikes it unless it is named.
	Clients Role = "clients"
)

// Prefixes of the roles that carry an argument.
const (
	nodePrefix        = "node:"
	responsiblePrefix = "responsible-for:"
)

// Node is one given node, counted from 1.
func Node(number int) Role { return Role(nodePrefix + strconv.Itoa(number)) }

// ResponsibleFor is the node that answers for an ephemeral instance while all nodes are up: the one that Nacos's hash of the
// instance's "ip:port" picks.
func ResponsibleFor(address string) Role { return Role(responsiblePrefix + address) }

// validate says whether a role can be resolved in a cluster of so many nodes.
func (r Role) validate(nodes int) error {
	switch r {
	case Leader, Follower, Any, Others, Victims, Clients:
		return nil
	}
	if text, ok := strings.CutPrefix(string(r), nodePrefix); ok {
		number, err := strconv.Atoi(text)
		if err != nil || number < 1 || number > nodes {
			return fmt.Errorf("role %q: want a node from 1 to %d", r, nodes)
		}
		return nil
	}
	if address, ok := strings.CutPrefix(string(r), responsiblePrefix); ok && address != "" {
		return nil
	}
	return fmt.Errorf("role %q: want %s, %s, %s, %s, %s, %s, node:N or responsible-for:ip:port",
		r, Leader, Follower, Any, Others, Victims, Clients)
}

// Fault is something that befalls machines, as a scenario states it: with roles. Build one with the functions below; which
// fields count depends on the kind.
type Fault struct {
	Kind Kind `json:"kind"`
	// On is whom it strikes; empty for the kinds that have sides and for a heal.
	On []Role `json:"on,omitempty"`
	// Sides of a partition. A cut and a slow link have two: from whom, to whom.
	Sides [][]Role `json:"sides,omitempty"`
	// Offset of a clock-offset or a clock-jump.
	Offset time.Duration `json:"offset_ns,omitempty"`
	// Drift of a clock-drift in parts per million: at 1000 a clock gains a millisecond a second.
	Drift float64 `json:"drift_ppm,omitempty"`
	// Delay of a slow link, each way, on top of the link's own.
	Delay time.Duration `json:"delay_ns,omitempty"`
}

// Isolate cuts nodes off from all other nodes. Clients still reach them.
func Isolate(roles ...Role) Fault { return Fault{Kind: KindIsolate, On: roles} }

// Partition splits the cluster into sides. Clients reach all of them, unless they stand on one.
func Partition(sides ...[]Role) Fault { return Fault{Kind: KindPartition, Sides: sides} }

// Side is one side of a partition.
func Side(roles ...Role) []Role { return roles }

// Cut drops what the first sends to the second; the way back stays open.
func Cut(from, to Role) Fault { return Fault{Kind: KindCut, Sides: [][]Role{{from}, {to}}} }

// SlowLink delays everything between two, each way.
func SlowLink(one, other Role, delay time.Duration) Fault {
	return Fault{Kind: KindSlowLink, Sides: [][]Role{{one}, {other}}, Delay: delay}
}

// Heal undoes whatever the network suffers from.
func Heal() Fault { return Fault{Kind: KindHeal} }

// Crash takes the power from machines.
func Crash(roles ...Role) Fault { return Fault{Kind: KindCrash, On: roles} }

// Kill ends the program on machines, at once and without a word.
func Kill(roles ...Role) Fault { return Fault{Kind: KindKill, On: roles} }

// Restart boots machines again.
func Restart(roles ...Role) Fault { return Fault{Kind: KindRestart, On: roles} }

// Pause stops machines from running.
func Pause(roles ...Role) Fault { return Fault{Kind: KindPause, On: roles} }

// Resume lets paused machines run on.
func Resume(roles ...Role) Fault { return Fault{Kind: KindResume, On: roles} }

// ClockOffset puts a machine's wall clock ahead of true time.
func ClockOffset(role Role, offset time.Duration) Fault {
	return Fault{Kind: KindClockOffset, On: []Role{role}, Offset: offset}
}

// ClockDrift has a machine's clocks run fast, in parts per million.
func ClockDrift(role Role, ppm float64) Fault {
	return Fault{Kind: KindClockDrift, On: []Role{role}, Drift: ppm}
}

// ClockJump moves a machine's wall clock on from wherever it is.
func ClockJump(role Role, by time.Duration) Fault {
	return Fault{Kind: KindClockJump, On: []Role{role}, Offset: by}
}

// ClockReset sets clocks right.
func ClockReset(roles ...Role) Fault { return Fault{Kind: KindClockReset, On: roles} }

// roles are all roles that a fault names.
func (f Fault) roles() []Role {
	all := slices.Clone(f.On)
	for _, side := range f.Sides {
		all = append(all, side...)
	}
	return all
}

// validate says whether the fault has what its kind needs.
func (f Fault) validate(nodes int) error {
	switch f.Kind {
	case KindHeal:
		if len(f.roles()) > 0 {
			return fmt.Errorf("%s names %v: it undoes everything and names nobody", f.Kind, f.roles())
		}
	case KindPartition:
		if len(f.Sides) < 2 {
			return fmt.Errorf("%s has %d sides: want at least 2", f.Kind, len(f.Sides))
		}
	case KindCut, KindSlowLink:
		if len(f.Sides) != 2 {
			return fmt.Errorf("%s has %d sides: want 2, from whom and to whom", f.Kind, len(f.Sides))
		}
	case KindIsolate, KindCrash, KindKill, KindRestart, KindPause, KindResume,
		KindClockOffset, KindClockDrift, KindClockJump, KindClockReset:
		if len(f.On) == 0 {
			return fmt.Errorf("%s strikes nobody: name a role", f.Kind)
		}
	default:
		return fmt.Errorf("unknown kind of fault %q", f.Kind)
	}
	for i, side := range f.Sides {
		if len(side) == 0 {
			return fmt.Errorf("%s: side %d is empty: name a role", f.Kind, i+1)
		}
	}
	switch {
	case (f.Kind == KindClockOffset || f.Kind == KindClockJump) && f.Offset == 0:
		return fmt.Errorf("%s by nothing: want an offset other than zero", f.Kind)
	case f.Kind == KindClockDrift && (f.Drift == 0 || f.Drift <= -1e6):
		return fmt.Errorf("%s of %v ppm: want a drift other than zero and above -1000000", f.Kind, f.Drift)
	case f.Kind == KindSlowLink && f.Delay <= 0:
		return fmt.Errorf("%s by %v: want a delay above zero", f.Kind, f.Delay)
	}
	for _, role := range f.roles() {
		if err := role.validate(nodes); err != nil {
			return fmt.Errorf("%s: %w", f.Kind, err)
		}
		if role == Victims && f.Kind.Undoes() == nil {
			return fmt.Errorf("%s(%s): only what undoes a fault can name its victims", f.Kind, Victims)
		}
	}
	return nil
}
