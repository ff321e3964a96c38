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
	shows             string
	invoked, returned time.Duration
}

// narrow makes the search for an order cheaper without changing what it finds. It rests on lists showing everything: what a list
// shows of an instance is the effect of the last write before it. So some writes can be pinned down, and some left out:
//
//   - A list that only one write can explain comes after it, so the write took effect before the list returned; and the write
//     comes after all others that had returned before the list began.
//   - A list that shows something else, which no write after this one can explain, comes before it, so the write took effect
//     after the list began.
//   - A write of unknown outcome whose effect no list shows from then on may be left out. Were it ordered somewhere, then no list
//     stands between it and the next write on its instance, or that list would show it; so without it every list shows the same.
//
// A write of version 7 without an answer, say, which otherwise might be tried before and after everything that follows:
//
//	register 7  [------------------------------------- - -
//	list 6           [----]
//	list 7                         [----]
//	so               [------------------]
//
// Instances that an operator wrote over are left alone: it is not known what a list would show of them.
func narrow(steps []step) []step {
	narrowed := slices.Clone(steps)
	writes := map[model.InstanceKey][]*step{}
	obscure := map[model.InstanceKey]bool{}
	for i := range narrowed {
		if s := &narrowed[i]; !s.reads {
			writes[s.write.Key()] = append(writes[s.write.Key()], s)
			obscure[s.write.Key()] = obscure[s.write.Key()] || !s.write.Known()
		}
	}
	needless := map[*step]bool{}
	for key, of := range writes {
		if obscure[key] {
			continue
		}
		sights := sightsOf(narrowed, key)
		const passes = 2 // what the first pins down often lets the second pin down more
		for range passes {
			pinBefore(of, sights)
			pinAfter(of, sights)
		}
		for _, w := range of {
			needless[w] = w.returned == never && !slices.ContainsFunc(sights, func(s sight) bool {
				return s.shows == w.write.Shows() && s.returned >= w.invoked
			})
		}
	}
	kept := make([]step, 0, len(narrowed))
	for i := range narrowed {
		if !needless[&narrowed[i]] {
			kept = append(kept, narrowed[i])
		}
	}
	return kept
}

// sightsOf are what lists showed of an instance, in the order in which they began.
func sightsOf(steps []step, key model.InstanceKey) []sight {
	var sights []sight
	for _, s := range steps {
		if s.reads {
			sights = append(sights, sight{s.listing.Shows(key), s.invoked, s.returned})
		}
	}
	slices.SortFunc(sights, func(a, b sight) int { return cmp.Compare(a.invoked, b.invoked) })
	return sights
}

// pinBefore has writes return no later than the first list that they alone can explain, and begin no earlier than other writes
// that come before that list for certain.
func pinBefore(writes []*step, sights []sight) {
	for _, s := range sights {
		causes, replaced := explain(s, writes)
		if unwritten := s.shows == "" && replaced == nil; len(causes) != 1 || unwritten {
			continue
		}
		w := causes[0]
		w.returned = min(w.returned, s.returned)
		if replaced != nil && replaced.invoked <= w.returned {
			w.invoked = max(w.invoked, replaced.invoked)
		}
	}
}

// pinAfter has writes begin no earlier than lists that show something else which no later write can explain.
func pinAfter(writes []*step, sights []sight) {
	for _, w := range writes {
		first, _ := slices.BinarySearchFunc(sights, w.invoked, func(s sight, t time.Duration) int { return cmp.Compare(s.invoked, t) })
		for _, s := range sights[first:] {
			if s.invoked > w.returned {
				break
			}
			later := s.shows == w.write.Shows() || slices.ContainsFunc(writes, func(x *step) bool {
				return x != w && x.write.Shows() == s.shows && x.invoked <= s.returned && x.returned >= w.invoked
			})
			if !later {
				w.invoked = s.invoked
			}
		}
	}
}

// explain finds the writes on an instance that may have been the last before a list: those with the effect that it shows, unless
// another write with another effect had certainly replaced them before the list began. It also returns the latest such
// replacement, nil if there is none: then the list may also show how the instance was before anybody wrote it.
func explain(s sight, writes []*step) (causes []*step, replaced *step) {
	for _, w := range writes {
		if w.write.Shows() != s.shows && w.returned < s.invoked && (replaced == nil || w.invoked > replaced.invoked) {
			replaced = w
		}
	}
	for _, w := range writes {
		if w.write.Shows() == s.shows && w.invoked <= s.returned && (replaced == nil || w.returned >= replaced.invoked) {
			causes = append(causes, w)
		}
	}
	return causes, replaced
}
