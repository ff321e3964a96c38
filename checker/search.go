package checker

import (
	"context"
	"fmt"
	"sort"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"

	"muster/model"
)

// maximumSteps is how many steps the search for an order may try for one service. Typical services take a few for each
// operation. What explodes is a violation after many writes of unknown outcome; stopping it by its steps and not by the clock
// gives the same verdict on every machine, and bounds the memory, since every step that fits is remembered.
const maximumSteps = 1_000_000

// answer of a search for an order.
type answer string

const (
	ordered   answer = "ordered"   // there is an order that explains every list
	unordered answer = "unordered" // there is none
	gaveUp    answer = "gave up"   // out of steps or out of time
)

// budget of a search: it may take so many steps, and run until a moment of real time.
type budget struct {
	ctx      context.Context
	steps    int
	deadline time.Time
	spent    bool
}

// spend takes one step, and says whether there was one left.
func (b *budget) spend() bool {
	if b.spent {
		return false
	}
	b.steps--
	const often = 1024 // reading the clock costs more than a step
	if b.steps < 0 || b.steps%often == 0 && (b.ctx.Err() != nil || time.Now().After(b.deadline)) {
		b.spent = true
	}
	return !b.spent
}

// search looks for an order of steps in which a single PersistentService would have shown every list as it was.
func search(steps []step, b *budget) answer {
	steps = narrow(steps)
	if b.spent {
		return gaveUp
	}
	result := porcupine.CheckOperationsTimeout(specification(b), operations(steps), 0)
	switch {
	case b.spent:
		return gaveUp
	case result == porcupine.Ok:
		return ordered
	}
	return unordered
}

// specification is model.PersistentService as porcupine wants it. Once the budget is spent no step fits any more, so the search
// ends at once; without a budget it has no end.
func specification(b *budget) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return model.PersistentService{} },
		Step: func(state, input, _ any) (bool, any) {
			if b != nil && !b.spend() {
				return false, state
			}
			service, s := state.(model.PersistentService), input.(*step)
			if s.reads {
				return service.Allows(s.listing), service
			}
			return true, service.After(s.write)
		},
		Equal:         func(a, b any) bool { return a.(model.PersistentService).Equal(b.(model.PersistentService)) },
		Hash:          func(state any) uint64 { return state.(model.PersistentService).Hash() },
		DescribeState: func(state any) string { return state.(model.PersistentService).String() },
		DescribeOperation: func(input, _ any) string {
			s := input.(*step)
			if s.reads {
				return fmt.Sprintf("%s: %s", s.describe(), s.listing)
			}
			if s.returned == never {
				return s.describe() + " (no answer)"
			}
			return s.describe()
		},
	}
}

// operations are steps as porcupine wants them.
func operations(steps []step) []porcupine.Operation {
	clients := map[string]int{}
	for _, s := range steps {
		clients[s.client] = 0
	}
	for number, client := range sortedKeys(clients, strings.Compare) {
		clients[client] = number
	}
	var all []porcupine.Operation
	for i := range steps {
		s := &steps[i]
		all = append(all, porcupine.Operation{
			ClientId: clients[s.client], Input: s, Call: int64(s.invoked), Return: int64(s.returned),
			Metadata: fmt.Sprintf("%s, operation %d at %s, %s", s.client, s.op, s.node, between(s.invoked, s.returned)),
		})
	}
	return all
}

// unexplained finds the list that no order explains: the history is linearizable until just before that list returned, and no
// longer is when it has returned. The steps must be unordered; ok is false if the budget did not suffice to find it.
func unexplained(steps []step, b *budget) (culprit step, ok bool) {
	var lists []step
	for _, s := range steps {
		if s.reads {
			lists = append(lists, s)
		}
	}
	sort.SliceStable(lists, func(i, j int) bool { return lists[i].returned < lists[j].returned })
	at := sort.Search(len(lists), func(i int) bool {
		return !b.spent && search(until(steps, lists[i].returned), b) != ordered
	})
	if b.spent || at == len(lists) {
		return step{}, false
	}
	return lists[at], true
}

// newBudget ends after so many steps, at a moment of real time, or with the context, whichever comes first.
func newBudget(ctx context.Context, steps int, deadline time.Time) *budget {
	return &budget{ctx: ctx, steps: steps, deadline: deadline}
}
