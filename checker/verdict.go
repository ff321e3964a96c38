package checker

import (
	"context"
	"fmt"
	"time"

	"muster/model"
	"muster/model/run"
)

// Outcome of one property in one run.
type Outcome string

// The three outcomes. A scenario may expect a violation: some guarantees are not given, and a run must show it.
const (
	Holds     Outcome = "holds"
	Violated  Outcome = "violated"
	Undecided Outcome = "undecided"
)

// Property names what a checker judges.
type Property string

// The properties.
const (
	// Linearizable: persistent writes and linearizable reads of each service behave as on one machine.
	Linearizable Property = "linearizable"
	// LocalReads: the same with local reads taken in. Nacos does not promise it; a scenario that cuts a follower off expects a violation.
	LocalReads Property = "local-reads-linearizable"
	// Durable: no acknowledged persistent write is missing in the end, and all nodes agree on what the last writes left.
	Durable Property = "durable"
	// Converged: once the last fault is over, all nodes list the same ephemeral instances within a bound.
	Converged Property = "converged"
	// NoLoss: an acknowledged registration of a live, beating client is listed by every node in the end.
	NoLoss Property = "no-loss"
	// Kept: a node lists what it takes beats of, also while faults are in force and right after them.
	Kept Property = "kept"
	// NoGhost: an instance whose client deregistered it, or died, is listed by no node in the end.
	NoGhost Property = "no-ghost"
	// Expiry: a silent client's instance turns unhealthy and goes away within the bounds, neither early nor late; both were seen.
	Expiry Property = "expiry"
	// Probed: a persistent instance is listed as unhealthy once its server no longer listens, and as healthy while it does; both were seen.
	Probed Property = "probed"
	// Exercised: there was enough traffic, every fault that the stage can strike was struck and bit, and every condition of
	// Sometimes came up. A run in which it is not Holds has tested too little to mean anything.
	Exercised Property = "exercised"
)

// Properties lists them all in the order in which reports show them.
var Properties = []Property{Linearizable, LocalReads, Durable, Converged, NoLoss, Kept, NoGhost, Expiry, Probed, Exercised}

// Verdict is what a checker says of one property of one run.
type Verdict struct {
	Property Property `json:"property"`
	Outcome  Outcome  `json:"outcome"`
	// Expected is what the scenario expects; empty where it expects nothing and the verdict only informs.
	Expected Outcome `json:"expected,omitempty"`
	// Guarantee is the property in one sentence, with its bounds.
	Guarantee string `json:"guarantee"`
	// Reason says in one sentence why the outcome is what it is: "312 operations on 5 services".
	Reason string `json:"reason"`
	// Evidence is where to look, the first few only.
	Evidence []Evidence `json:"evidence,omitempty"`
}

// AsExpected says whether the verdict is the one that the scenario expects.
func (v Verdict) AsExpected() bool { return v.Expected == "" || v.Outcome == v.Expected }

// String is "durable: holds (312 writes acknowledged…)".
func (v Verdict) String() string { return fmt.Sprintf("%s: %s (%s)", v.Property, v.Outcome, v.Reason) }

// Evidence points at what a verdict rests on.
type Evidence struct {
	T       time.Duration  `json:"t"`
	Text    string         `json:"text"`
	Client  string         `json:"client,omitempty"`
	Op      int64          `json:"op,omitempty"`
	Node    string         `json:"node,omitempty"`
	Service *model.Service `json:"service,omitempty"`
	// File in the run folder that shows more, such as porcupine's picture of a violation.
	File string `json:"file,omitempty"`
}

// Bounds are the limits that a scenario sets, in true time. Zero values mean the defaults of DefaultBounds.
type Bounds struct {
	// Converge: how long after the last fault the nodes' views may still differ.
	Converge time.Duration `json:"converge_ns,omitempty"`
	// Sync: how long a change may take to be listed by every node while no fault is in force.
	Sync time.Duration `json:"sync_ns,omitempty"`
	// UnhealthyAfter and RemovedAfter: a silent instance must not turn unhealthy (be removed) earlier, and must within
	// ExpirySlack more. Nacos: 15 s and 30 s, checked every 5 s.
	UnhealthyAfter time.Duration `json:"unhealthy_after_ns,omitempty"`
	RemovedAfter   time.Duration `json:"removed_after_ns,omitempty"`
	ExpirySlack    time.Duration `json:"expiry_slack_ns,omitempty"`
	// ProbedDown and ProbedUp: how long after a server has stopped listening its instance may still be listed as healthy, and how long
	// after it listens again as unhealthy. Nacos checks every 1 to 7 s; one refused connection is enough, three good ones are needed.
	ProbedDown time.Duration `json:"probed_down_ns,omitempty"`
	ProbedUp   time.Duration `json:"probed_up_ns,omitempty"`
	// MinOperations: with fewer completed operations the run has tested too little.
	MinOperations int `json:"min_operations,omitempty"`
	// Linearize: how long (real time) porcupine may think about one service before the verdict is Undecided.
	Linearize time.Duration `json:"linearize_ns,omitempty"`
}

// Condition is something that must have come up at least once for a run to mean anything (Antithesis's Sometimes).
type Condition string

// The conditions that a scenario may ask for.
const (
	// LeaderChanged: two different nodes were leader.
	LeaderChanged Condition = "leader-changed"
	// WriteRefused: a persistent write failed or stayed unknown.
	WriteRefused Condition = "write-refused"
	// MemberDown: a node saw a peer DOWN.
	MemberDown Condition = "member-down"
	// InstanceExpired: a node removed an instance for want of beats.
	InstanceExpired Condition = "instance-expired"
	// ViewsDiffered: two nodes listed different ephemeral instances of one service at the same time for over a second.
	ViewsDiffered Condition = "views-differed"
	// SnapshotLoaded: a node loaded a Distro snapshot from a peer.
	SnapshotLoaded Condition = "snapshot-loaded"
)

// Input is everything that a checker may look at.
type Input struct {
	Run     run.Run
	Plan    run.Plan
	History model.History
	Events  []run.NodeEvent
	Bounds  Bounds
	// Sometimes are the conditions that Exercised asks for.
	Sometimes []Condition
	// Folder to put pictures into; empty: none are made.
	Folder run.Folder
}

// Checker judges one property.
type Checker interface {
	Property() Property
	Check(ctx context.Context, in Input) Verdict
}

// maximumEvidence is how many pieces of evidence a verdict carries at most.
const maximumEvidence = 10

func (v Verdict) holds(reason string, arguments ...any) Verdict {
	return v.concluded(Holds, reason, arguments...)
}

func (v Verdict) violated(reason string, arguments ...any) Verdict {
	return v.concluded(Violated, reason, arguments...)
}

func (v Verdict) undecided(reason string, arguments ...any) Verdict {
	return v.concluded(Undecided, reason, arguments...)
}

func (v Verdict) concluded(outcome Outcome, reason string, arguments ...any) Verdict {
	v.Outcome, v.Reason = outcome, fmt.Sprintf(reason, arguments...)
	if len(v.Evidence) > maximumEvidence {
		v.Evidence = v.Evidence[:maximumEvidence]
	}
	return v
}
