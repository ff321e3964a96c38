package checker

import (
	"context"
	"fmt"
	"time"

	"muster/model"
	"muster/model/run"
)

// kept judges whether a node keeps in its list what it takes beats of, whatever becomes of other nodes and of the links between them: no
// takeover, heal or return of a node is a reason to drop an instance whose sign of life this very node has acknowledged a moment ago.
// Unlike the other checkers this one looks while faults are in force. What it asks of no node is what a fault may have made it forget: a
// node that was struck itself, and anything while clocks lie.
//
//	at one node:  beat      beat      beat        beat (acknowledged, each within UnhealthyAfter of the one before)
//	              |<-- Converge -->|               |<- UnhealthyAfter ->|                 it is listed as healthy there
//	                               |               |<-        RemovedAfter        ->|     it is listed there
type kept struct{}

// Property is Kept.
func (kept) Property() Property { return Kept }

// beats are the signs of life of one instance that one node acknowledged, one soon enough after the other; the first of them at from, the
// last one sent at last.
type beats struct{ from, last time.Duration }

// Check holds what observers saw at each node against the beats that it had acknowledged.
func (kept) Check(_ context.Context, in Input) Verdict {
	verdict := Verdict{Property: Kept, Guarantee: fmt.Sprintf(
		"A node lists an instance for %s after each beat that it acknowledged, and for %s as healthy, once it has acknowledged them for %s; "+
			"faults of other nodes and of links are no excuse.",
		bound(in.Bounds.RemovedAfter), bound(in.Bounds.UnhealthyAfter), bound(in.Bounds.Converge))}
	times := timesOf(in)
	ephemeral := recordOf(in.History, true)
	actions, ids := ephemeral.byInstance()
	views, services := byService(ephemeral.observed())
	struck := strikesOn(in, times)
	looks, dropped := 0, 0
	told := map[instanceID]map[string]bool{}
	for _, service := range services {
		for _, v := range views[service] {
			for _, id := range ids {
				if id.service != service || disabled(actions[id]) {
					continue
				}
				b, beating := beatsBefore(actions[id], v, in.Bounds)
				if !beating || b.last-b.from < in.Bounds.Converge || struck.between(v.node, b.from, v.answered) {
					continue
				}
				silent := v.answered - b.last
				looks++
				instance, listed := v.find(id.key)
				if listed && (instance.Healthy || silent >= soonest(in.Bounds.UnhealthyAfter)) {
					continue
				}
				dropped++
				if firstTime(told, id, v.node) {
					verdict.Evidence = append(verdict.Evidence, Evidence{
						T: v.answered, Node: v.node, Client: v.client, Op: v.op, Service: &id.service,
						Text: fmt.Sprintf("%s lists %s of %s, of which it took a beat %s before", v.node, look(v, id.key), id.key, seconds(silent)),
					})
				}
			}
		}
	}
	switch {
	case dropped > 0:
		return verdict.violated("%s of %d miss an instance, or list it as unhealthy, at the node that takes its beats", counted(dropped, "list"), looks)
	case looks == 0:
		return verdict.undecided("no node acknowledged an instance's beats for long enough")
	}
	return verdict.holds("%s at nodes that take beats show the instance", counted(looks, "list"))
}

// beatsBefore are the signs of life that a node had acknowledged when a view of its was asked for. They must be so fresh that the node
// cannot have removed the instance when it answered; and nobody may have asked for something else since the first of them.
func beatsBefore(actions []action, v view, bounds Bounds) (b beats, beating bool) {
	for _, a := range actions {
		switch {
		case a.invoked > v.answered:
		case a.call == model.Deregister:
			b, beating = beats{}, false
			if a.effective() > v.asked { // it may still come
				return b, false
			}
		case !signOfLife(a) || !a.acknowledged() || a.node != v.node || a.returned > v.asked:
		case beating && a.invoked-b.last < soonest(bounds.UnhealthyAfter):
			b.last = a.invoked
		default:
			b, beating = beats{from: a.returned, last: a.invoked}, true
		}
	}
	return b, beating && v.answered-b.last < soonest(bounds.RemovedAfter)
}

// strikes are the stretches in which a node may have forgotten what it knew, or time was wrong, by node; "" stands for all.
type strikes map[string][]span

func strikesOn(in Input, t times) strikes {
	on := strikes{}
	for _, s := range in.Plan.Strikes {
		if s.Skipped != "" {
			continue
		}
		until := s.Until
		if until == 0 {
			until = t.end
		}
		if s.Ends() {
			until = s.At
		}
		stretch := span{s.At, until + t.converge}
		switch s.Kind.Family() {
		case run.NetworkFamily:
		case run.ClockFamily:
			on[""] = append(on[""], stretch)
		default:
			for _, machine := range s.Machines {
				on[machine] = append(on[machine], stretch)
			}
		}
	}
	return on
}

// between says whether a node was struck, or got over it, between two moments.
func (on strikes) between(node string, from, to time.Duration) bool {
	for _, name := range []string{node, ""} {
		for _, stretch := range on[name] {
			if stretch.from <= to && from < stretch.to {
				return true
			}
		}
	}
	return false
}
