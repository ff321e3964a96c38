package queue

import "slices"

// Kind says what an event is and thereby who handles it.
type Kind uint8

// Each part of a world has kinds of its own.
const (
	FirstOfWorld   Kind = 0   // to 63: machines starting, timers firing
	FirstOfNetwork Kind = 64  // to 127: packets arriving
	FirstOfDisk    Kind = 128 // to 191: disks completing
)

// Event is something that is due at a known time.
type Event struct {
	At   int64  // true time in nanoseconds since the world began; set by Push
	Seq  uint64 // order of pushing, which decides between events of the same instant; set by Push
	Kind Kind
	Host int32  // the machine that it concerns
	ID   int32  // a socket, a file: what the kind says
	Arg  uint64 // what the kind says
	Data []byte // immutable once pushed, because clones of a queue share it
}

func (e *Event) before(other *Event) bool {
	return e.At < other.At || e.At == other.At && e.Seq < other.Seq
}

// Queue holds the events to come. Its zero value is empty, at time 0.
type Queue struct {
	now  int64
	seq  uint64
	heap []Event // each parent before its (up to four) children
}

const fanout = 4

// Now is the true time in nanoseconds since the world began: that of the event popped last.
func (q *Queue) Now() int64 { return q.now }

// Len is the number of events to come.
func (q *Queue) Len() int { return len(q.heap) }

// Push makes e due after a delay in nanoseconds. Events due at the same instant come in the order of their pushes. A negative
// delay counts as none: time never runs back.
func (q *Queue) Push(delay int64, e Event) {
	e.At = q.now + max(delay, 0)
	e.Seq = q.seq
	q.seq++
	q.heap = append(q.heap, e)
	i := len(q.heap) - 1
	for i > 0 {
		parent := (i - 1) / fanout
		if !e.before(&q.heap[parent]) {
			break
		}
		q.heap[i] = q.heap[parent]
		i = parent
	}
	q.heap[i] = e
}

// Peek returns the event that is due next without taking it.
func (q *Queue) Peek() (Event, bool) {
	if len(q.heap) == 0 {
		return Event{}, false
	}
	return q.heap[0], true
}

// Pop takes the event that is due next and moves the time to it.
func (q *Queue) Pop() (Event, bool) {
	if len(q.heap) == 0 {
		return Event{}, false
	}
	first := q.heap[0]
	last := len(q.heap) - 1
	e := q.heap[last]
	q.heap[last] = Event{} // let go of its data
	q.heap = q.heap[:last]
	if last > 0 {
		q.sink(e)
	}
	q.now = first.At
	return first, true
}

// sink places e into the hole at the root.
func (q *Queue) sink(e Event) {
	i := 0
	for {
		child := i*fanout + 1
		if child >= len(q.heap) {
			break
		}
		least := child
		for other := child + 1; other < min(child+fanout, len(q.heap)); other++ {
			if q.heap[other].before(&q.heap[least]) {
				least = other
			}
		}
		if !q.heap[least].before(&e) {
			break
		}
		q.heap[i] = q.heap[least]
		i = least
	}
	q.heap[i] = e
}

// Advance moves the time forward to at when nothing is due before it, so that a run can end between two events.
func (q *Queue) Advance(at int64) {
	if len(q.heap) > 0 {
		at = min(at, q.heap[0].At)
	}
	q.now = max(q.now, at)
}

// Clone returns a queue with the same time and events; the data of events is shared.
func (q *Queue) Clone() Queue {
	return Queue{now: q.now, seq: q.seq, heap: slices.Clone(q.heap)}
}
