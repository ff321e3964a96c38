package distro

import (
	"cmp"
	"container/heap"
	"time"
)

// queue says when to tell which client. To plan and to take one costs the logarithm of how many are planned: as many wait as clients change
// in a second.
type queue struct {
	due   map[string]time.Time
	order dueOrder
}

// planned is an entry of the queue. One whose time is not that of its client any more is left over.
type planned struct {
	at time.Time
	id string
}

func newQueue() queue { return queue{due: map[string]time.Time{}} }

// plan has a client told at a time, unless it is told earlier anyway. It says whether that is now the next thing to do.
func (q *queue) plan(at time.Time, id string) bool {
	if old, waits := q.due[id]; waits && !at.Before(old) {
		return false
	}
	q.due[id] = at
	heap.Push(&q.order, planned{at, id})
	return q.order[0].id == id
}

// take removes and returns the clients that are due, the first one first.
func (q *queue) take(now time.Time) (ids []string) {
	for at, waits := q.next(); waits && !at.After(now); at, waits = q.next() {
		first := heap.Pop(&q.order).(planned)
		delete(q.due, first.id)
		ids = append(ids, first.id)
	}
	if len(q.due) == 0 && len(ids) > batch {
		*q = newQueue() // a map keeps room for the most that it ever held
	}
	return ids
}

// next is when the next client is due; false if none waits.
func (q *queue) next() (time.Time, bool) {
	for len(q.order) > 0 {
		if first := q.order[0]; q.due[first.id].Equal(first.at) {
			return first.at, true
		}
		heap.Pop(&q.order)
	}
	return time.Time{}, false
}

// dueOrder is a heap of entries, those that are due first in front.
type dueOrder []planned

func (o dueOrder) Len() int      { return len(o) }
func (o dueOrder) Swap(i, j int) { o[i], o[j] = o[j], o[i] }
func (o dueOrder) Less(i, j int) bool {
	return cmp.Or(o[i].at.Compare(o[j].at), cmp.Compare(o[i].id, o[j].id)) < 0
}

// Push adds an entry at the end, for package heap.
func (o *dueOrder) Push(entry any) { *o = append(*o, entry.(planned)) }

// Pop takes the last entry, for package heap.
func (o *dueOrder) Pop() any {
	last := len(*o) - 1
	entry := (*o)[last]
	(*o)[last] = planned{}
	*o = (*o)[:last]
	return entry
}
