package checker

import "slices"

// stepID names a step.
type stepID struct {
	client string
	op     int64
}

func (s step) id() stepID { return stepID{s.client, s.op} }

// without are the steps but for some.
func without(steps []step, spare map[stepID]bool) []step {
	return slices.DeleteFunc(slices.Clone(steps), func(s step) bool { return spare[s.id()] })
}

// spared are writes of unknown outcome that the steps can do without, all of them together: an order can still be found. A write
// of unknown outcome may never have happened, so an order without it is as good as any; and every such write that need not be
// tried everywhere halves the search. The steps must be ordered.
func spared(steps []step, b *budget) []stepID {
	var open []stepID
	spare := map[stepID]bool{}
	for _, s := range steps {
		if s.returned == never {
			open = append(open, s.id())
			spare[s.id()] = true
		}
	}
	if len(open) == 0 || search(without(steps, spare), b) == ordered {
		return open
	}
	clear(spare)
	var found []stepID
	for _, id := range open {
		spare[id] = true
		if search(without(steps, spare), b) == ordered {
			found = append(found, id)
		} else {
			delete(spare, id)
		}
	}
	return found
}
