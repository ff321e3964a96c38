package checker

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"muster/model"
)

// linearizability judges whether persistent services behave as if one machine did their operations one at a time, each between
// its invocation and its answer. Linearizable and LocalReads differ only in which lists they look at.
//
// A write of unknown outcome may take effect at any time after its invocation, or never. Failed writes and unanswered lists are
// left out, and so are observers: they are no load.
type linearizability struct {
	property  Property
	guarantee string
	// judged says which queries count.
	judged func(view) bool
	// asked says which queries there must be for the run to have tested anything, in words and as a test.
	needed string
	needs  func(view) bool
}

func newLinearizable() Checker {
	linearizable := func(v view) bool { return v.read == model.ReadLinearizable }
	return linearizability{
		property: Linearizable,
		guarantee: "Persistent writes and linearizable reads of each service behave as if one machine did them one at a time, " +
			"each between its invocation and its answer.",
		judged: linearizable, needed: "linearizable read", needs: linearizable,
	}
}

func newLocalReads() Checker {
	return linearizability{
		property:  LocalReads,
		guarantee: "Local reads of persistent services are as fresh as linearizable ones.",
		judged:    func(view) bool { return true },
		needed:    "local read", needs: func(v view) bool { return v.read != model.ReadLinearizable },
	}
}

// Property is Linearizable or LocalReads.
func (c linearizability) Property() Property { return c.property }

// Check looks for an order of each service's operations.
func (c linearizability) Check(ctx context.Context, in Input) Verdict {
	verdict := Verdict{Property: c.property, Guarantee: c.guarantee}
	persistent := recordOf(in.History, false)
	lists, writes := 0, 0
	for _, v := range persistent.views {
		if v.call == model.Query && c.needs(v) {
			lists++
		}
	}
	for _, a := range persistent.actions {
		if a.acknowledged() && a.call != model.Beat {
			writes++
		}
	}
	if lists == 0 || writes == 0 {
		return verdict.undecided("%s and %s were answered: there is nothing to order", counted(writes, "persistent write"), counted(lists, c.needed))
	}
	var found []wrongList
	operations, wrong, wrongLists := 0, []string{}, 0
	var tired []string
	for _, service := range persistent.services() {
		steps := stepsOf(persistent, service, c.judged)
		operations += len(steps)
		evidence, violations, answer := c.service(ctx, in, service, steps)
		switch answer {
		case unordered:
			wrong = append(wrong, service.String())
			wrongLists += violations
			found = append(found, evidence...)
		case gaveUp:
			tired = append(tired, service.String())
		}
	}
	of := fmt.Sprintf("%s on %s", counted(operations, "operation"), counted(len(persistent.services()), "service"))
	switch {
	case len(wrong) > 0:
		slices.SortStableFunc(found, func(a, b wrongList) int { return cmp.Compare(b.behind, a.behind) })
		for _, f := range found {
			verdict.Evidence = append(verdict.Evidence, f.Evidence)
		}
		return verdict.violated("of %s, no order explains %s of %s", of, atLeast(wrongLists, "list"), strings.Join(wrong, ", "))
	case len(tired) > 0:
		return verdict.undecided("of %s, those on %s have too many possible orders to try them all", of, strings.Join(tired, ", "))
	}
	return verdict.holds("%s, %s among them, have an order that explains every list", of, counted(lists, c.needed))
}

// wrongList is the evidence of a list that cannot be right, and how old the news was that it missed, as far as that is known.
type wrongList struct {
	Evidence
	behind time.Duration
}

// service judges one service. It returns evidence and the number of lists known to be wrong if there is no order.
func (c linearizability) service(ctx context.Context, in Input, service model.Service, steps []step) ([]wrongList, int, answer) {
	deadline := time.Now().Add(in.Bounds.Linearize)
	// What is wrong for sure needs no search, and shows best what is wrong.
	if found := contradictions(narrow(steps)); len(found) > 0 {
		return c.contradicted(ctx, in, service, steps, found), len(found), unordered
	}
	// Each instance for itself is a small search, in which violations and unknown outcomes do not multiply.
	tired := false
	for _, key := range keysOf(steps) {
		of := only(steps, key)
		switch search(of, newBudget(ctx, maximumSteps, deadline)) {
		case unordered:
			return c.disordered(ctx, in, service, of, "of "+key.String()), 1, unordered
		case gaveUp:
			tired = true
		}
	}
	if tired {
		return nil, 0, gaveUp
	}
	// A list shows all instances at one moment, so they must fit together too.
	switch search(steps, newBudget(ctx, maximumSteps, deadline)) {
	case ordered:
		return nil, 0, ordered
	case unordered:
		return c.disordered(ctx, in, service, steps, "of all instances together"), 1, unordered
	}
	// Too many orders to try. There may be one that does without most writes of unknown outcome; that there is none says nothing.
	spare := map[stepID]bool{}
	for _, key := range keysOf(steps) {
		for _, id := range spared(only(steps, key), newBudget(ctx, maximumSteps, deadline)) {
			spare[id] = true
		}
	}
	if search(without(steps, spare), newBudget(ctx, maximumSteps, deadline)) == ordered {
		return nil, 0, ordered
	}
	return nil, 0, gaveUp
}

// contradicted is the evidence of lists that are wrong for sure, the stalest first. The one that returned first is drawn.
func (c linearizability) contradicted(ctx context.Context, in Input, service model.Service, steps []step, found []contradiction) []wrongList {
	var evidence []wrongList
	told, drawn := telling(found, evidencePerService)
	for i, f := range told {
		text := fmt.Sprintf("%s %s", f.key, f.why)
		if f.behind > 0 {
			text += fmt.Sprintf(", %s before the list was asked for", seconds(f.behind))
		}
		e := evidenceOf(f.read, service, text)
		if i == drawn {
			e = c.pictured(ctx, in, e, until(only(steps, f.key), f.read.returned), service)
		}
		evidence = append(evidence, wrongList{e, f.behind})
	}
	return evidence
}

// disordered is the evidence of steps that have no order: the first list at which no order is left.
func (c linearizability) disordered(ctx context.Context, in Input, service model.Service, steps []step, of string) []wrongList {
	b := newBudget(ctx, maximumSteps, time.Now().Add(in.Bounds.Linearize))
	culprit, ok := unexplained(steps, b)
	if !ok {
		return []wrongList{{Evidence: Evidence{Service: &service, Text: fmt.Sprintf("no order explains the %d operations %s", len(steps), of)}}}
	}
	text := fmt.Sprintf("every order that explains the lists %s until then is at odds with this one: it shows %s", of, culprit.listing)
	return []wrongList{{Evidence: c.pictured(ctx, in, evidenceOf(culprit, service, text), until(steps, culprit.returned), service)}}
}

// pictured adds a picture to a piece of evidence.
func (c linearizability) pictured(ctx context.Context, in Input, e Evidence, steps []step, service model.Service) Evidence {
	file, err := draw(in, pictureName(c.property, service), steps, newBudget(ctx, pictureSteps, time.Now().Add(pictureDeadline)))
	if err != nil {
		e.Text += fmt.Sprintf(" (no picture: %v)", err)
	}
	e.File = file
	return e
}

// evidencePerService is how many wrong lists of a service a verdict names.
const evidencePerService = 3

// evidenceOf points at a list.
func evidenceOf(read step, service model.Service, text string) Evidence {
	mode := "list"
	if read.mode != "" {
		mode = string(read.mode) + " read"
	}
	return Evidence{
		T: read.returned, Client: read.client, Op: read.op, Node: read.node, Service: &service,
		Text: fmt.Sprintf("%s at %s, %s: %s", mode, read.node, between(read.invoked, read.returned), text),
	}
}

func atLeast(n int, noun string) string {
	if n == 1 {
		return "at least 1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
