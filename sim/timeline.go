package sim

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Step is something that is done to a world at a time: a fault, a restart, a machine that joins. It may be done to several worlds of the
// same past, so what it does depends on nothing but the world that it is given; it finds machines by their names.
type Step struct {
	At time.Duration // true time since the world began
	Do func(w *World) error
}

// Timeline is a run in which every moment can be visited, and soon again: it keeps snapshots on the way and goes on from the nearest
// one. It is used from one goroutine; the worlds that it returns stand on their own.
type Timeline struct {
	steps  []Step
	limit  int
	every  time.Duration // between two snapshots
	past   []*Snapshot   // in the order of time; the first is where the run begins
	closed bool
}

// firstInterval is how much time lies between two snapshots of a timeline until there are too many of them.
const firstInterval = time.Second

// NewTimeline returns the timeline of a run that begins with a world as it stands now, with the steps that are done from then on. It keeps
// up to limit snapshots, at least 2, which lie further apart the longer the run is. Each takes as much memory as the programs of the
// world do. The world itself stays the caller's.
func NewTimeline(w *World, limit int, steps ...Step) (*Timeline, error) {
	if limit < 2 {
		return nil, fmt.Errorf("timeline of at most %d snapshots: want 2 or more", limit)
	}
	steps = slices.Clone(steps)
	slices.SortStableFunc(steps, func(a, b Step) int { return cmp.Compare(a.At, b.At) })
	if len(steps) > 0 && steps[0].At < w.Now() {
		return nil, fmt.Errorf("timeline: there is a step at %v, but the world is at %v already", steps[0].At, w.Now())
	}
	beginning, err := w.Snapshot()
	if err != nil {
		return nil, fmt.Errorf("timeline: %w", err)
	}
	return &Timeline{steps: steps, limit: limit, every: firstInterval, past: []*Snapshot{beginning}}, nil
}

// Visit returns a world at a time of the run, after everything that happened by itself until then and before the steps of that very
// moment. It has neither Output nor Trace. The caller may do with it what he likes, and closes it; Run goes on with it.
func (t *Timeline) Visit(at time.Duration) (*World, error) {
	if t.closed {
		return nil, errors.New("visit: the timeline is closed")
	}
	beginning := t.past[0]
	if at < beginning.Now() {
		return nil, fmt.Errorf("visit %v: the timeline begins at %v", at, beginning.Now())
	}
	nearest := beginning
	for _, s := range t.past {
		if s.Now() <= at {
			nearest = s
		}
	}
	w, err := nearest.Fork(beginning.Seed())
	if err != nil {
		return nil, fmt.Errorf("visit %v: %w", at, err)
	}
	if err := t.advance(w, at); err != nil {
		return nil, errors.Join(fmt.Errorf("visit %v: %w", at, err), w.Close())
	}
	return w, nil
}

// advance runs a world of this past to a time, and takes snapshots where there are none yet.
func (t *Timeline) advance(w *World, until time.Duration) error {
	for {
		next := t.past[len(t.past)-1].Now() + t.every
		if next > until {
			return t.Run(w, until)
		}
		if err := t.Run(w, next); err != nil {
			return err
		}
		s, err := w.Snapshot()
		if err != nil {
			return err
		}
		t.keep(s)
	}
}

// keep adds a snapshot. If there are too many, every other one is given up.
func (t *Timeline) keep(s *Snapshot) {
	t.past = append(t.past, s)
	if len(t.past) <= t.limit {
		return
	}
	t.every *= 2
	kept := t.past[:0]
	for i, s := range t.past {
		if i%2 == 0 {
			kept = append(kept, s)
		} else {
			s.Close()
		}
	}
	t.past = kept
}

// Run goes on with a world until a time and does the steps that are due, but for those of its last moment: they are what the next Run
// begins with.
func (t *Timeline) Run(w *World, until time.Duration) error {
	first, _ := slices.BinarySearchFunc(t.steps, w.Now(), func(s Step, now time.Duration) int { return cmp.Compare(s.At, now) })
	for _, step := range t.steps[first:] {
		if step.At >= until {
			break
		}
		if err := w.Run(step.At - w.Now()); err != nil {
			return err
		}
		if err := step.Do(w); err != nil {
			return fmt.Errorf("the step at %v: %w", step.At, err)
		}
	}
	return w.Run(until - w.Now())
}

// Snapshots are the times of the snapshots that are kept at the moment.
func (t *Timeline) Snapshots() []time.Duration {
	times := make([]time.Duration, len(t.past))
	for i, s := range t.past {
		times[i] = s.Now()
	}
	return times
}

// Close gives back the memory that the snapshots take. Worlds that were visited live on.
func (t *Timeline) Close() {
	t.closed = true
	for _, s := range t.past {
		s.Close()
	}
}
