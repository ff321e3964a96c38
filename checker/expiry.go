package checker

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"muster/model"
)

// expiry judges whether the registry notices clients that fall silent, in time and not too early.
//
//	beat [-] acknowledged                                                    (nothing more is sent)
//	     |<- UnhealthyAfter ->|<- ExpirySlack ->|
//	      must be healthy                        must be unhealthy or gone
//	     |<- RemovedAfter ---------->|<- ExpirySlack ->|
//	      must be listed                                must be gone
//
// With both limits the same, instances go without turning unhealthy first, as those do that live as long as a connection.
//
// What happens while nodes or clients cannot reach each other is not judged, nor in the time that the registry has to get over
// it: beats do not reach whoever counts them. A clock that lies is no excuse.
type expiry struct{}

// Property is Expiry.
func (expiry) Property() Property { return Expiry }

// clockTolerance is how much faster than true time a node's clock may run before an expiry is called early: one in so many.
const clockTolerance = 50

// soonest is the true time after which a limit may be over by a node's clock.
func soonest(limit time.Duration) time.Duration { return limit - limit/clockTolerance }

// Check holds what observers saw against the signs of life that clients sent.
func (expiry) Check(_ context.Context, in Input) Verdict {
	atOnce := in.Bounds.UnhealthyAfter == in.Bounds.RemovedAfter
	verdict := Verdict{Property: Expiry, Guarantee: fmt.Sprintf(
		"A silent client's instance turns unhealthy %s and is removed %s after its last beat, at most %s later and never earlier.",
		bound(in.Bounds.UnhealthyAfter), bound(in.Bounds.RemovedAfter), bound(in.Bounds.ExpirySlack))}
	if atOnce {
		verdict.Guarantee = fmt.Sprintf("A silent client's instance is removed %s after its last sign of life, at most %s later and never earlier.",
			bound(in.Bounds.RemovedAfter), bound(in.Bounds.ExpirySlack))
	}
	e := newExpiries(in)
	early, late := 0, 0
	unhealthy, removed := map[silence]bool{}, map[silence]bool{}
	told := map[instanceID]map[string]bool{}
	for _, id := range e.ids {
		for _, v := range e.views[id.service] {
			why := e.early(id, v)
			if why != "" {
				early++
			} else {
				var s silence
				var gone bool
				s, gone, why = e.late(id, v)
				switch {
				case why != "":
					late++
				case s == silence{}:
				case gone:
					removed[s] = true
				default:
					unhealthy[s] = true
				}
			}
			if why == "" || !firstTime(told, id, v.node) {
				continue
			}
			verdict.Evidence = append(verdict.Evidence, Evidence{
				T: v.answered, Node: v.node, Client: v.client, Op: v.op, Service: &id.service,
				Text: fmt.Sprintf("%s lists %s of %s %s", v.node, look(v, id.key), id.key, why),
			})
		}
	}
	switch {
	case early+late > 0:
		return verdict.violated("%s too early, %s too late", counted(early, "list"), counted(late, "list"))
	case len(unhealthy)+len(removed) == 0:
		return verdict.undecided("no client was silent for over %s while nodes could reach each other: there was nothing to expire",
			in.Bounds.UnhealthyAfter+in.Bounds.ExpirySlack)
	case len(removed) == 0:
		return verdict.undecided("%s unhealthy in time, but nothing was seen of any later than %s after the last beat, when the instance must be gone",
			counted(len(unhealthy), "silence"), in.Bounds.RemovedAfter+in.Bounds.ExpirySlack)
	case len(unhealthy) == 0 && !atOnce:
		return verdict.undecided("%s ended by removal in time, but none was seen before, when the instance must have turned unhealthy",
			counted(len(removed), "silence"))
	}
	if atOnce {
		return verdict.holds("%s ended by removal in time, none early", counted(len(removed), "silence"))
	}
	return verdict.holds("%s unhealthy in time, %s ended by removal in time, none early",
		counted(len(unhealthy), "silence"), counted(len(removed), "silence"))
}

// expiries are what the clients of ephemeral instances sent, in the terms of expiring, and what observers saw.
type expiries struct {
	bounds Bounds
	times  times
	ids    []instanceID
	views  map[model.Service][]view
	// lives and silences of each instance.
	lives    map[instanceID][]life
	silences map[instanceID][]silence
}

// life is a stretch in which an instance was beating for certain.
type life struct {
	// since it must be listed; healthy until the first limit, listed until the second.
	since, healthyUntil, listedUntil time.Duration
}

// silence is a stretch in which nothing was sent for an instance.
type silence struct {
	id instanceID
	// answered is when the last sign of life before it was acknowledged, arrived when the last of all can have arrived at the
	// latest.
	answered, arrived time.Duration
	// until is when the next sign of life, or a deregistration, was sent.
	until time.Duration
}

func newExpiries(in Input) expiries {
	ephemeral := recordOf(in.History, true)
	e := expiries{bounds: in.Bounds, times: timesOf(in), lives: map[instanceID][]life{}, silences: map[instanceID][]silence{}}
	e.views, _ = byService(ephemeral.observed())
	actions, ids := ephemeral.byInstance()
	for _, id := range ids {
		if disabled(actions[id]) {
			continue
		}
		e.ids = append(e.ids, id)
		e.lives[id] = livesOf(actions[id], e.times, in.Bounds)
		e.silences[id] = silencesOf(actions[id], e.times.end, in.Bounds)
	}
	return e
}

// livesOf joins acknowledged signs of life that follow each other fast enough. A deregistration ends a life.
func livesOf(actions []action, t times, bounds Bounds) []life {
	healthy := soonest(bounds.UnhealthyAfter)
	listed := soonest(bounds.RemovedAfter)
	var lives []life
	var dead time.Duration // until which a deregistration may still take effect
	for _, a := range actions {
		if a.call == model.Deregister {
			dead = max(dead, lateUntil(a, t))
			if n := len(lives); n > 0 {
				lives[n-1].healthyUntil = min(lives[n-1].healthyUntil, a.invoked)
				lives[n-1].listedUntil = min(lives[n-1].listedUntil, a.invoked)
			}
			continue
		}
		if !signOfLife(a) || !a.acknowledged() || a.invoked < dead {
			continue
		}
		if n := len(lives); n > 0 && a.returned < lives[n-1].healthyUntil {
			lives[n-1].healthyUntil, lives[n-1].listedUntil = a.invoked+healthy, a.invoked+listed
		} else {
			lives = append(lives, life{a.returned + bounds.Sync, a.invoked + healthy, a.invoked + listed})
		}
	}
	return lives
}

// silencesOf are the stretches between signs of life, whatever became of them, that are long enough for something to expire.
func silencesOf(actions []action, end time.Duration, bounds Bounds) []silence {
	var all []silence
	var open *silence
	closed := func(at time.Duration) {
		if open != nil && at-open.arrived > soonest(bounds.UnhealthyAfter) {
			open.until = at
			all = append(all, *open)
		}
	}
	var answered, arrived time.Duration
	for _, a := range actions {
		switch {
		case a.call == model.Deregister:
			closed(a.invoked)
			open = nil
		case signOfLife(a):
			closed(a.invoked)
			arrived = max(arrived, a.returned)
			if a.acknowledged() {
				answered = max(answered, a.returned)
			}
			open = nil
			if answered > 0 { // an instance that was never acknowledged may never have been there
				open = &silence{id: a.id, answered: answered, arrived: arrived}
			}
		}
	}
	closed(end)
	return all
}

// early says why a view shows an instance as unhealthy, or no longer, although it was heard of lately; "" if it does not.
func (e expiries) early(id instanceID, v view) string {
	instance, listed := v.find(id.key)
	if listed && instance.Healthy || !e.times.connected(v.asked, v.answered) {
		return ""
	}
	for _, l := range e.lives[id] {
		since := max(l.since, e.times.connectedSince(v.asked))
		limit := l.listedUntil
		if listed {
			limit = l.healthyUntil
		}
		if v.asked >= since && v.answered <= limit {
			return fmt.Sprintf("at %s, though it was heard of so lately that this must not be before %s", seconds(v.answered), seconds(limit))
		}
	}
	return ""
}

// late looks at an instance in a view after which it must have turned unhealthy, or be gone. It returns the silence that the
// view is in the time of, whether the instance must be gone or is, and why the view is wrong; an empty silence if the
// view demands nothing.
func (e expiries) late(id instanceID, v view) (s silence, gone bool, why string) {
	if !e.times.connected(v.asked, v.answered) {
		return silence{}, false, ""
	}
	instance, listed := v.find(id.key)
	for _, s := range e.silences[id] {
		if v.answered >= s.until || v.asked <= s.arrived {
			continue
		}
		// Whoever counts the beats may have begun anew with the calm.
		since := max(s.arrived, e.times.connectedSince(v.asked))
		removed := since + e.bounds.RemovedAfter + e.bounds.ExpirySlack
		unhealthy := since + e.bounds.UnhealthyAfter + e.bounds.ExpirySlack
		switch {
		case v.asked > removed && listed:
			return s, true, fmt.Sprintf("at %s, though it was last heard of at %s and must be gone by %s",
				seconds(v.answered), seconds(s.answered), seconds(removed))
		case v.asked > removed:
			return s, true, ""
		case v.asked > unhealthy && listed && instance.Healthy && e.unprotected(id, v):
			return s, false, fmt.Sprintf("at %s, though it was last heard of at %s and must be unhealthy by %s",
				seconds(v.answered), seconds(s.answered), seconds(unhealthy))
		case v.asked > unhealthy && !(listed && instance.Healthy):
			return s, !listed, ""
		}
	}
	return silence{}, false, ""
}

// unprotected says whether a list shows health as it is. A registry with Nacos's protection shows all instances as healthy once
// so few are that callers would overwhelm them, and a threshold of 0 protects a service of which none is: so some other instance
// of the service must be beating for certain.
func (e expiries) unprotected(id instanceID, v view) bool {
	for _, instance := range v.listed {
		other := instanceID{id.service, instance.Key()}
		if other == id || !instance.Healthy {
			continue
		}
		for _, l := range e.lives[other] {
			if v.asked >= max(l.since, e.times.connectedSince(v.asked)) && v.answered <= l.healthyUntil {
				return true
			}
		}
	}
	return false
}

// expiryTime is how long after the last answered beat a node was first seen to list an instance as unhealthy, and not at all;
// 0 where it was not seen.
type expiryTime struct {
	silence   silence
	node      string
	unhealthy time.Duration
	removed   time.Duration
}

// measured are the expiry times of all silences that no cut or crash disturbed.
func (e expiries) measured() []expiryTime {
	var all []expiryTime
	for _, id := range e.ids {
		ofNode, seenNodes := byNode(e.views[id.service])
		for _, s := range e.silences[id] {
			if !e.times.connected(s.answered, s.until) {
				continue
			}
			for _, node := range seenNodes {
				measured := expiryTime{silence: s, node: node}
				seen := false
				for _, v := range ofNode[node] {
					if v.asked < s.arrived || v.answered >= s.until {
						continue
					}
					instance, listed := v.find(id.key)
					since := v.answered - s.answered
					seen = seen || listed
					switch {
					case !listed && seen:
						measured.removed = cmp.Or(measured.removed, since)
					case listed && !instance.Healthy:
						measured.unhealthy = cmp.Or(measured.unhealthy, since)
					}
				}
				if measured.unhealthy > 0 || measured.removed > 0 {
					all = append(all, measured)
				}
			}
		}
	}
	return all
}
