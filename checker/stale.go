package checker

import (
	"fmt"
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
	writes := map[model.InstanceKey][]step{}
	obscure := map[model.InstanceKey]bool{}
	for _, s := range steps {
		if !s.reads {
			key := s.write.Key()
			writes[key] = append(writes[key], s)
			obscure[key] = obscure[key] || !s.write.Known()
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
			if why := contradict(read, read.listing.Shows(key), writes[key]); why != "" {
				found = append(found, contradiction{read: read, key: key, why: why})
				break
			}
		}
	}
	return found
}

// contradict says why a list cannot show what it shows of an instance, "" if it can as far as this check sees.
func contradict(read step, shows string, writes []step) string {
	// The latest write with another effect that had returned before the list was asked for.
	var replaced *step
	for i, w := range writes {
		if w.write.Shows() != shows && w.returned < read.invoked && (replaced == nil || w.invoked > replaced.invoked) {
			replaced = &writes[i]
		}
	}
	if replaced == nil && shows == "" {
		return "" // as it was before anybody registered it
	}
	written := false
	for _, w := range writes {
		if w.write.Shows() != shows || w.invoked > read.returned {
			continue
		}
		written = true
		if replaced == nil || w.returned >= replaced.invoked {
			return ""
		}
	}
	showing := "shows nothing"
	if shows != "" {
		showing = "shows " + shows
	}
	if !written && shows != "" {
		return showing + ", which nobody had written by then"
	}
	return fmt.Sprintf("%s, yet %q by %s had taken effect by %s", showing, replaced.write, replaced.client, seconds(replaced.returned))
}

// earliest is the contradiction whose list returned first.
func earliest(found []contradiction) contradiction {
	first := found[0]
	for _, c := range found[1:] {
		if c.read.returned < first.read.returned {
			first = c
		}
	}
	return first
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
