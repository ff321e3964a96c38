package checker

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"muster/model"
)

// contradiction is a list that shows something of an instance which it cannot have been at any moment of the list, whatever the
// order of operations.
type contradiction struct {
	read step
	key  model.InstanceKey
	// why in words, beginning with what the list shows.
	why string
	// behind is how old the news was that the list missed when it was asked for; 0 if it shows what nobody wrote.
	behind time.Duration
}

// contradictions finds lists that are wrong for sure, without a search. What a list shows of an instance must be the effect of
// some write that was invoked before the list returned, and that no other write with another effect had replaced before the
// list began:
//
//	register v1  [---]
//	register v2         [---]
//	list v1                    [---]   wrong: v2 stood before the list began
//
// Most violations in practice are of this kind: stale reads, lost writes, and instances that nobody registered. It never
// accuses a correct list, and finds nothing in many wrong histories; those are left to the search.
func contradictions(steps []step) []contradiction {
	writes := map[model.InstanceKey][]*step{}
	obscure := map[model.InstanceKey]bool{}
	for i := range steps {
		if s := &steps[i]; !s.reads {
			writes[s.write.Key()] = append(writes[s.write.Key()], s)
			obscure[s.write.Key()] = obscure[s.write.Key()] || !s.write.Known()
		}
	}
	keys := keysOf(steps)
	var found []contradiction
	for _, read := range steps {
		if !read.reads {
			continue
		}
		for _, key := range keys {
			if obscure[key] {
				continue
			}
			why, behind := contradict(sight{read.listing.Shows(key), read.invoked, read.returned}, writes[key])
			if why != "" {
				found = append(found, contradiction{read, key, why, behind})
				break
			}
		}
	}
	return found
}

// contradict says why a list cannot show what it shows of an instance, "" if it can as far as this check sees; and how old the
// news was that it missed.
func contradict(s sight, writes []*step) (why string, behind time.Duration) {
	causes, replaced := explain(s, writes)
	if len(causes) > 0 || s.shows == "" && replaced == nil {
		return "", 0
	}
	written := slices.ContainsFunc(writes, func(w *step) bool { return w.write.Shows() == s.shows && w.invoked <= s.returned })
	if s.shows != "" && !written {
		return fmt.Sprintf("shows %s, which nobody had written by then", s.shows), 0
	}
	shows := s.shows
	if shows == "" {
		shows = "nothing"
	}
	return fmt.Sprintf("shows %s, yet %s by %s had taken effect by %s", shows, replaced.write, replaced.client, seconds(replaced.returned)),
		s.invoked - replaced.returned
}

// telling picks so many contradictions at most: the one that missed the oldest news first, then those that returned first. drawn is the
// place of the very first of them: a picture of what led to it is the smallest.
func telling(found []contradiction, most int) (told []contradiction, drawn int) {
	byTime := slices.Clone(found)
	slices.SortStableFunc(byTime, func(a, b contradiction) int { return cmp.Compare(a.read.returned, b.read.returned) })
	stalest := 0
	for i, c := range byTime {
		if c.behind > byTime[stalest].behind {
			stalest = i
		}
	}
	if stalest > 0 {
		drawn = 1
	}
	first := byTime[stalest]
	told = slices.Insert(slices.Delete(byTime, stalest, stalest+1), 0, first)
	return told[:min(len(told), most)], drawn
}

// describe says in one sentence what a step was.
func (s step) describe() string {
	if !s.reads {
		return s.write.String()
	}
	return fmt.Sprintf("list at %s", s.node)
}

// between writes the stretch of a step: "12.000–12.034 s".
func between(from, to time.Duration) string {
	if to == never {
		return fmt.Sprintf("%.3f s, no answer", from.Seconds())
	}
	return fmt.Sprintf("%.3f–%.3f s", from.Seconds(), to.Seconds())
}
