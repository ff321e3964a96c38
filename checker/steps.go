package checker

import (
	"cmp"
	"slices"
	"time"

	"muster/model"
)

// step is an operation on a persistent service, as the search for an order of operations sees it: a write or a list.
type step struct {
	reads bool
	// write of a step that does not read, listing of one that does.
	write   model.Write
	listing model.Listing
	// The step took effect at one moment between these two. A write of unknown outcome returns never.
	invoked  time.Duration
	returned time.Duration

	client string
	op     int64
	node   string
	mode   model.ReadMode
}

// stepsOf makes steps of one service's writes and of those of its queries that are to be judged, in the order of invocation.
func stepsOf(r record, service model.Service, judged func(view) bool) []step {
	var steps []step
	for _, a := range r.actions {
		if a.id.service == service && a.call != model.Beat {
			steps = append(steps, step{
				write: model.NewWrite(a.call, a.instance), invoked: a.invoked, returned: a.effective(),
				client: a.client, op: a.op, node: a.node,
			})
		}
	}
	for _, v := range r.views {
		if v.service == service && v.call == model.Query && judged(v) {
			steps = append(steps, step{
				reads: true, listing: model.NewListing(v.listed), invoked: v.asked, returned: v.answered,
				client: v.client, op: v.op, node: v.node, mode: v.read,
			})
		}
	}
	slices.SortStableFunc(steps, func(a, b step) int { return cmp.Compare(a.invoked, b.invoked) })
	return steps
}

// keysOf are the instances that steps write or list, in a fixed order.
func keysOf(steps []step) []model.InstanceKey {
	seen := map[model.InstanceKey]bool{}
	for _, s := range steps {
		if !s.reads {
			seen[s.write.Key()] = true
		}
		for _, key := range s.listing.Keys() {
			seen[key] = true
		}
	}
	return sortedKeys(seen, func(a, b model.InstanceKey) int { return compareIDs(instanceID{key: a}, instanceID{key: b}) })
}

// only are the steps as far as one instance is concerned: its writes, and what each list shows of it. A service is linearizable
// only if each of its instances is; the reverse does not hold, since a list shows all instances at one moment.
func only(steps []step, key model.InstanceKey) []step {
	var of []step
	for _, s := range steps {
		if s.reads {
			s.listing = s.listing.Only(key)
			of = append(of, s)
		} else if s.write.Key() == key {
			of = append(of, s)
		}
	}
	return of
}

// until are the steps as they stood at a moment: what was invoked later is unheard of, and what had not returned was open. A
// prefix of a linearizable history is linearizable.
func until(steps []step, moment time.Duration) []step {
	var before []step
	for _, s := range steps {
		switch {
		case s.invoked > moment, s.reads && s.returned > moment:
			continue
		case s.returned > moment:
			s.returned = never
		}
		before = append(before, s)
	}
	return before
}

// sight is what one list showed of one instance.
type sight struct {
	shows    string
	returned time.Duration
}

// settleUnknown makes the search for an order cheaper without changing what it finds. It rests on lists showing everything:
//
//   - A write of unknown outcome whose effect no later list shows may be left out. Were it ordered somewhere, then no list stands
//     between it and the next write on its instance, or that list would show it; so without it every list shows the same.
//
//   - A write whose effect no other write on its instance has, and that a list shows, took effect before that list returned:
//
//     write v7   [----------------------- - -  (no answer)
//     list v7          [------]
//     so         [------------]
//
// Instances that an operator wrote over are left alone: it is not known what a list would show of them.
func settleUnknown(steps []step) []step {
	writes := map[model.InstanceKey]int{}
	sameEffect := map[model.InstanceKey]map[string]int{}
	obscure := map[model.InstanceKey]bool{}
	for _, s := range steps {
		if s.reads {
			continue
		}
		key := s.write.Key()
		writes[key]++
		obscure[key] = obscure[key] || !s.write.Known()
		if sameEffect[key] == nil {
			sameEffect[key] = map[string]int{}
		}
		sameEffect[key][s.write.Shows()]++
	}
	sights := map[model.InstanceKey][]sight{}
	for _, s := range steps {
		if s.reads {
			for key := range writes {
				sights[key] = append(sights[key], sight{s.listing.Shows(key), s.returned})
			}
		}
	}
	settled := make([]step, 0, len(steps))
	for _, s := range steps {
		if s.reads || obscure[s.write.Key()] {
			settled = append(settled, s)
			continue
		}
		key, shows := s.write.Key(), s.write.Shows()
		first, seen := firstSight(sights[key], shows, s.invoked)
		if s.returned == never && !seen {
			continue
		}
		// Nothing (shows == "") is also what a list shows before anybody registered, so seeing it proves no write.
		if seen && shows != "" && sameEffect[key][shows] == 1 {
			s.returned = min(s.returned, first)
		}
		settled = append(settled, s)
	}
	return settled
}

// firstSight is when the first list returned that showed something of an instance, among those that returned after a moment.
func firstSight(sights []sight, shows string, after time.Duration) (first time.Duration, seen bool) {
	first = never
	for _, s := range sights {
		if s.shows == shows && s.returned >= after && s.returned <= first {
			first, seen = s.returned, true
		}
	}
	return first, seen
}
