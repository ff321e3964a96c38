package checker

import (
	"context"
	"fmt"
	"slices"
	"time"

	"muster/model"
)

// ghost judges whether ephemeral instances go away: those that were deregistered, and those whose client has fallen silent.
// What observers see while faults are in force, and until they have been got over, does not count.
//
//	beat      deregister [--] acknowledged         nothing sent after it
//	                         |<-Sync->|== no list may show it ==
//
//	beat      beat                                 nothing sent after it
//	              |<-RemovedAfter + ExpirySlack->|== no list may show it ==
type ghost struct{}

// Property is NoGhost.
func (ghost) Property() Property { return NoGhost }

// Check looks for instances in observers' lists that have no reason to stand there.
func (ghost) Check(_ context.Context, in Input) Verdict {
	verdict := Verdict{Property: NoGhost, Guarantee: fmt.Sprintf(
		"No node lists an ephemeral instance %s after its deregistration was acknowledged, or %s after its client's last sign of life, "+
			"except while a fault is in force and %s after it.",
		bound(in.Bounds.Sync), bound(in.Bounds.RemovedAfter+in.Bounds.ExpirySlack), bound(in.Bounds.Converge))}
	times := timesOf(in)
	ephemeral := recordOf(in.History, true)
	observed := ephemeral.observed()
	if why := unobserved(in, observed, times.settled); why != "" {
		return verdict.undecided("%s", why)
	}
	actions, ids := ephemeral.byInstance()
	views, services := byService(observed)
	judged, ghosts := map[instanceID]bool{}, 0
	told := map[instanceID]map[string]bool{}
	accuse := func(v view, id instanceID, why string) {
		ghosts++
		if firstTime(told, id, v.node) {
			verdict.Evidence = append(verdict.Evidence, Evidence{
				T: v.answered, Node: v.node, Client: v.client, Op: v.op, Service: &id.service,
				Text: fmt.Sprintf("%s lists %s: %s", v.node, id.key, why),
			})
		}
	}
	for _, id := range ids {
		for _, v := range views[id.service] {
			if !times.calm(v) {
				continue
			}
			_, listed := v.find(id.key)
			why := goneFor(actions[id], v, times, in.Bounds)
			if why != "" && (listed || heardBefore(actions[id], v.answered)) {
				judged[id] = true
			}
			if why != "" && listed {
				accuse(v, id, why)
			}
		}
	}
	for _, service := range services {
		for _, v := range views[service] {
			for _, instance := range v.listed {
				id := instanceID{service, instance.Key()}
				if _, known := actions[id]; !known && times.calm(v) {
					judged[id] = true
					accuse(v, id, "no client of this run ever registered it")
				}
			}
		}
	}
	switch {
	case ghosts > 0:
		return verdict.violated("%s show an instance that should be gone", counted(ghosts, "list"))
	case len(judged) == 0:
		return verdict.undecided("no instance was deregistered or silent for long enough to be gone before the end at %s", seconds(times.end))
	}
	return verdict.holds("%s gone from every list", counted(len(judged), "deregistered or silent instance"))
}

// goneFor says why an instance must not stand in a view, "" if it may.
func goneFor(actions []action, v view, t times, bounds Bounds) string {
	if !heardBefore(actions, v.answered) {
		return "nobody had registered it yet"
	}
	var last time.Duration // when the last sign of life can have arrived at the latest
	for _, a := range actions {
		if !signOfLife(a) || a.invoked > v.answered {
			continue
		}
		if a.acknowledged() {
			last = max(last, a.returned)
		} else {
			last = max(last, a.returned, t.healed)
		}
	}
	// A fault that ended since may have brought a forgotten copy back to life, which then has to expire once more.
	last = max(last, t.connectedSince(v.asked))
	if v.asked > last+bounds.RemovedAfter+bounds.ExpirySlack {
		return lastSign(actions, v.asked)
	}
	for _, off := range actions {
		if off.call != model.Deregister || !off.acknowledged() || v.asked <= off.returned+bounds.Sync {
			continue
		}
		if !revived(actions, off, v.answered) {
			return fmt.Sprintf("its deregistration by %s was acknowledged at %s", off.client, seconds(off.returned))
		}
	}
	return ""
}

// heardBefore says whether a client had sent a sign of life of an instance before a moment.
func heardBefore(actions []action, moment time.Duration) bool {
	return slices.ContainsFunc(actions, func(a action) bool { return signOfLife(a) && a.invoked <= moment })
}

// revived says whether a registration that was sent before a moment may have taken effect after a deregistration. Beats register
// nothing.
func revived(actions []action, off action, until time.Duration) bool {
	return slices.ContainsFunc(actions, func(a action) bool {
		return a.call == model.Register && a.invoked <= until && a.effective() >= off.invoked
	})
}
