package checker

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"muster/model"
	"muster/model/run"
)

// exercised judges the run itself: a quiet run, a fault that changed nothing, or a situation that never came up must not pass for
// a registry that withstood it. It is never Violated; what it finds wanting it calls Undecided.
type exercised struct{}

// Property is Exercised.
func (exercised) Property() Property { return Exercised }

// Check counts what happened.
func (exercised) Check(_ context.Context, in Input) Verdict {
	verdict := Verdict{Property: Exercised, Guarantee: fmt.Sprintf(
		"At least %s succeeded, a tenth of that many of each kind that the run claims to test; every fault of the plan was "+
			"struck, as far as the stage can, and had an effect; and every situation that the scenario is about came up.",
		counted(in.Bounds.MinOperations, "operation"))}
	var wanting []string
	want := func(e Evidence) {
		wanting = append(wanting, e.Text)
		verdict.Evidence = append(verdict.Evidence, e)
	}
	if in.Run.Interrupted != "" {
		want(Evidence{T: endOf(in), Text: "the run ended early: " + in.Run.Interrupted})
	}
	if stopped, ok := fellSilent(in.History, endOf(in)); ok {
		want(Evidence{T: stopped, Text: fmt.Sprintf("all clients and observers fell silent at %s, though the run went on to %s",
			seconds(stopped), seconds(endOf(in)))})
	}
	total := traffic(in, want)
	struck, harms, harmed := 0, 0, 0
	for _, s := range in.Plan.Strikes {
		if !s.Ends() {
			harms++
			if s.Skipped == "" {
				harmed++
			}
		}
		switch {
		case s.Skipped != "" && excused(in.Run, s):
		case s.Skipped != "":
			want(Evidence{T: s.At, Text: fmt.Sprintf("%s at %s was not struck: %s", s.Text, seconds(s.At), s.Skipped)})
		case !s.Bit:
			want(Evidence{T: s.At, Text: fmt.Sprintf("%s at %s had no effect: %s", s.Text, seconds(s.At), s.Evidence)})
		case !s.Ends():
			struck++
		}
	}
	if harms > 0 && harmed == 0 {
		want(Evidence{Text: "none of the faults that the scenario is about was struck"})
	}
	for _, condition := range in.Sometimes {
		if why := missed(condition, in); why != "" {
			want(Evidence{T: endOf(in), Text: fmt.Sprintf("%s did not come up: %s", condition, why)})
		}
	}
	if len(wanting) > 0 {
		return verdict.undecided("%s", strings.Join(wanting, "; "))
	}
	return verdict.holds("%s succeeded, %s had an effect, %s came up",
		counted(total, "operation"), counted(struck, "fault"), counted(len(in.Sometimes), "condition"))
}

// stageCannot is in the reason for skipping a fault that a stage has no means to strike, as scenarios.ErrUnsupported words it. Other
// reasons, such as that no node led, are chances of the run.
const stageCannot = "this stage cannot strike it"

// excused says whether a fault may have been skipped in a run that is to mean something. The simulated stage strikes whatever a
// scenario can ask for; processes of one host have one clock, and cannot lose power. What was to end a fault, and found none, hides
// nothing: the fault that is missing is judged for itself, and one that goes on counts as lasting to the end of the run.
func excused(r run.Run, s run.Strike) bool {
	return s.Ends() || r.Stage == "live" && strings.Contains(s.Skipped, stageCannot)
}

// traffic holds the number of operations that succeeded, of each kind, against what the run claims to test. It returns their sum,
// beats and observers left out.
func traffic(in Input, want func(Evidence)) int {
	succeeded, total := map[Kind]int{}, 0
	for _, o := range in.History.Operations() {
		kind, ok := KindOf(o.Invoked)
		if !ok || o.Completed.Phase != model.OK {
			continue
		}
		succeeded[kind]++
		if kind != Heartbeat {
			total++
		}
	}
	if total < in.Bounds.MinOperations {
		want(Evidence{T: endOf(in), Text: fmt.Sprintf("%s succeeded, fewer than %d", counted(total, "operation"), in.Bounds.MinOperations)})
	}
	least := max(1, in.Bounds.MinOperations/10)
	for _, kind := range claimed(in.Run) {
		if succeeded[kind] < least {
			want(Evidence{T: endOf(in), Text: fmt.Sprintf("%s of kind %s succeeded, fewer than %d", counted(succeeded[kind], "operation"), kind, least)})
		}
	}
	return total
}

// silentTail is how long before the end of a run its history may end, if there are observers: they ask several times a second, and
// an answer may take some seconds.
const silentTail = 10 * time.Second

// fellSilent says when the workload stopped telling what it does, if it did so long before the end. Observers go on to the end, so
// a history with observers that stops early is the history of a workload that hung or died.
func fellSilent(h model.History, end time.Duration) (at time.Duration, silent bool) {
	observed := false
	for _, r := range h.Records {
		at = max(at, r.T)
		observed = observed || r.Call == model.Observe
	}
	return at, observed && at < end-silentTail
}

// claims are the kinds of operations without which a property cannot be tested.
var claims = map[Property][]Kind{
	Linearizable: {PersistentWrite, LinearizableRead},
	LocalReads:   {PersistentWrite, LocalRead},
	Durable:      {PersistentWrite},
	Converged:    {EphemeralWrite},
	NoLoss:       {EphemeralWrite, Heartbeat},
	Kept:         {EphemeralWrite, Heartbeat},
	NoGhost:      {EphemeralWrite},
	Expiry:       {Heartbeat},
}

// claimed are the kinds of operations that a run claims to test, by what it expects a verdict of.
func claimed(r run.Run) []Kind {
	var kinds []Kind
	for _, kind := range Kinds {
		for property, outcome := range r.Expect {
			if outcome != string(Undecided) && slices.Contains(claims[Property(property)], kind) {
				kinds = append(kinds, kind)
				break
			}
		}
	}
	return kinds
}

// conditions say of each condition why it did not come up, "" if it did.
var conditions = map[Condition]func(Input) string{
	LeaderChanged: func(in Input) string {
		leaders := map[string]bool{}
		for _, e := range leaderEvents(in.Events) {
			leaders[e.Machine] = true
		}
		if len(leaders) > 1 {
			return ""
		}
		return fmt.Sprintf("%s logged that it led", counted(len(leaders), "node"))
	},
	WriteRefused: func(in Input) string {
		for _, o := range in.History.Operations() {
			if kind, ok := KindOf(o.Invoked); ok && kind == PersistentWrite && o.Completed.Phase != model.OK {
				return ""
			}
		}
		return "every persistent write was acknowledged"
	},
	MemberDown: func(in Input) string {
		return noEvent(in, "no node saw a peer DOWN", func(e run.NodeEvent) bool {
			return e.Name == run.EventMemberState && e.Text("state") == "DOWN"
		})
	},
	InstanceExpired: func(in Input) string {
		const missing = "no node removed an instance for want of beats, nor gave up a connection for want of a sign of life"
		return noEvent(in, missing, func(e run.NodeEvent) bool {
			return e.Name == run.EventInstanceExpired || e.Name == run.EventClientExpired
		})
	},
	SnapshotLoaded: func(in Input) string {
		return noEvent(in, "no node loaded a snapshot from a peer", func(e run.NodeEvent) bool {
			return e.Name == run.EventDistroLoaded
		})
	},
	ViewsDiffered: func(in Input) string {
		found := differences(recordOf(in.History, true).observed(), nil, 0, look)
		for _, d := range found {
			if d.span.length() > time.Second {
				return ""
			}
		}
		return "no two nodes listed an ephemeral instance differently for over 1 s"
	},
}

// missed says why a condition did not come up, "" if it did.
func missed(condition Condition, in Input) string {
	judge, known := conditions[condition]
	if !known {
		return fmt.Sprintf("this build knows only %v", sortedKeys(conditions, cmp.Compare[Condition]))
	}
	return judge(in)
}

func noEvent(in Input, none string, matches func(run.NodeEvent) bool) string {
	if slices.ContainsFunc(in.Events, matches) {
		return ""
	}
	return none
}
