package checker

import (
	"context"
	"fmt"
	"slices"
	"time"

	"muster/model"
)

// loss judges whether every node lists, as healthy, each ephemeral instance whose client lives: its registration was
// acknowledged, nobody has asked to take it off since, and the client goes on beating. What observers see while faults are in force,
// and until they have been got over, does not count.
//
//	register [--] acknowledged                                deregister [---
//	                beat      beat      beat      beat      beat
//	              |<-Sync->|== every list must show it, healthy ==|
type loss struct{}

// Property is NoLoss.
func (loss) Property() Property { return NoLoss }

// Check holds what observers saw against what clients had reason to expect.
func (loss) Check(_ context.Context, in Input) Verdict {
	verdict := Verdict{Property: NoLoss, Guarantee: fmt.Sprintf(
		"An acknowledged ephemeral instance whose client beats is listed as healthy by every node, except while a fault is in force and %s after it.",
		bound(in.Bounds.Converge))}
	times := timesOf(in)
	ephemeral := recordOf(in.History, true)
	observed := ephemeral.observed()
	if why := unobserved(in, observed, times.settled); why != "" {
		return verdict.undecided("%s", why)
	}
	views, _ := byService(observed)
	silent := silences(in.History, times.end)
	actions, ids := ephemeral.byInstance()
	judged, looks, lost := 0, 0, 0
	told := map[instanceID]map[string]bool{}
	for _, id := range ids {
		due := listedFor(actions[id], silent, times, in.Bounds)
		seen := 0
		for _, v := range views[id.service] {
			if !times.calm(v) || !within(due, v.asked, v.answered) || !beating(actions[id], v.answered, in.Bounds) {
				continue
			}
			seen++
			instance, listed := v.find(id.key)
			if listed && instance.Healthy {
				continue
			}
			lost++
			if !firstTime(told, id, v.node) {
				continue
			}
			verdict.Evidence = append(verdict.Evidence, Evidence{
				T: v.answered, Node: v.node, Client: v.client, Op: v.op, Service: &id.service,
				Text: fmt.Sprintf("%s lists %s of %s, whose client lives: %s", v.node, look(v, id.key), id.key, lastSign(actions[id], v.asked)),
			})
		}
		if seen > 0 {
			judged++
			looks += seen
		}
	}
	switch {
	case lost > 0:
		return verdict.violated("%s of %d miss a live instance or list it as unhealthy", counted(lost, "list"), looks)
	case judged == 0:
		return verdict.undecided("no live instance was registered for long enough, while no fault was in force, to be looked for")
	}
	return verdict.holds("%s found healthy in all %s", counted(judged, "live instance"), counted(looks, "list"))
}

// listedFor are the stretches in which an instance must be listed by every node, as far as its registrations go. Without a
// fault to get over, a stretch begins Bounds.Sync after the acknowledgement.
func listedFor(actions []action, silent map[string][]span, t times, bounds Bounds) []span {
	if disabled(actions) {
		return nil
	}
	var due []span
	for _, registered := range actions {
		if registered.call != model.Register || !registered.acknowledged() {
			continue
		}
		from, to := registered.returned+bounds.Sync, t.end
		for _, off := range actions {
			switch {
			case off.call != model.Deregister:
			case off.invoked > registered.returned:
				to = min(to, off.invoked)
			case off.acknowledged() && off.returned >= registered.invoked:
				to = 0 // at the same time: either may have come last
			case !off.acknowledged():
				from = max(from, lateUntil(off, t)+bounds.Sync)
			}
		}
		stretch := span{from, to}
		for _, s := range silent[registered.client] {
			if s.to < registered.invoked {
				continue
			}
			if s.from < stretch.to {
				due = append(due, span{stretch.from, s.from})
				// What a client left behind is listed again once it has been heard of.
				stretch.from = max(stretch.from, heardAgain(actions, s.to)+bounds.Sync)
			}
		}
		due = append(due, stretch)
	}
	return slices.DeleteFunc(due, func(s span) bool { return s.to <= s.from })
}

// lateUntil is how long a write may still take effect: until it was acknowledged; or, if nobody knows what became of it, for as
// long as a message may have been held up by a fault.
func lateUntil(a action, t times) time.Duration {
	if a.acknowledged() {
		return a.returned
	}
	return max(a.returned, t.healed) + t.converge
}

// heardAgain is when the registry first answered a sign of life of an instance after a moment; never if it did not.
func heardAgain(actions []action, after time.Duration) time.Duration {
	first := never
	for _, a := range actions {
		if signOfLife(a) && a.acknowledged() && a.invoked >= after {
			first = min(first, a.returned)
		}
	}
	if first == never {
		return never / 2 // so that adding a bound does not overflow
	}
	return first
}

// signOfLife says whether an action tells the registry that the instance lives.
func signOfLife(a action) bool { return a.call == model.Register || a.call == model.Beat }

// beating says whether a client had sent a sign of life of an instance so lately that it cannot be taken for dead.
func beating(actions []action, at time.Duration, bounds Bounds) bool {
	return slices.ContainsFunc(actions, func(a action) bool {
		return signOfLife(a) && a.invoked <= at && a.invoked+bounds.UnhealthyAfter > at
	})
}

// disabled says whether somebody asked for the instance to be hidden from lists. The operator's word stays in force through
// later registrations, so nothing can be said of such an instance.
func disabled(actions []action) bool {
	return slices.ContainsFunc(actions, func(a action) bool {
		return (a.call == model.Register || a.call == model.Update) && !a.instance.Enabled
	})
}

// within says whether one of the spans holds a stretch whole.
func within(spans []span, from, to time.Duration) bool {
	return slices.ContainsFunc(spans, func(s span) bool { return s.holds(from) && s.holds(to) })
}

// lastSign describes the last sign of life of an instance before a moment.
func lastSign(actions []action, before time.Duration) string {
	last := "no sign of life"
	for _, a := range actions {
		if signOfLife(a) && a.invoked <= before {
			last = fmt.Sprintf("last %s %s by %s at %s", a.call, outcomeOf(a), a.client, seconds(a.invoked))
		}
	}
	return last
}

// firstTime says whether an instance at a node has not been told of yet, and remembers it: a hundred lists with the same fault
// must not crowd out another.
func firstTime(told map[instanceID]map[string]bool, id instanceID, node string) bool {
	if told[id] == nil {
		told[id] = map[string]bool{}
	}
	if told[id][node] {
		return false
	}
	told[id][node] = true
	return true
}
