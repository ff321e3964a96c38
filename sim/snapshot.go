package sim

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"muster/sim/machine"
	"muster/sim/random"
	"muster/sim/trace"
)

// Snapshot is a world as it stood at one moment. Worlds can be forked from it, in several goroutines at once. It outlives the world that it
// was taken of. Close it when no more forks are wanted.
type Snapshot struct {
	mutex  sync.RWMutex // of closed and what Close takes away
	closed bool
	world  *World                       // whose machines have no processes
	frozen map[*Machine]*machine.Frozen // but these
}

// Snapshot notes how the world stands, between two calls of Run. The world itself goes on as if nothing had been.
func (w *World) Snapshot() (*Snapshot, error) {
	switch {
	case w.closed:
		return nil, errors.New("snapshot: the world is closed")
	case w.settling:
		return nil, errors.New("snapshot: the world runs, and this is its Output: take snapshots between two calls of Run")
	}
	s := &Snapshot{world: w.clone(), frozen: map[*Machine]*machine.Frozen{}}
	for i, m := range w.machines {
		if m.process != nil {
			s.frozen[s.world.machines[i]] = m.process.Freeze()
		}
	}
	return s, nil
}

// Now is the true time at which the snapshot was taken, since the world began.
func (s *Snapshot) Now() time.Duration { return s.world.Now() }

// Seed is the seed of the world that the snapshot was taken of.
func (s *Snapshot) Seed() uint64 { return s.world.Seed() }

// TraceHash is the hash of everything that had happened until then.
func (s *Snapshot) TraceHash() uint64 { return s.world.TraceHash() }

// Fork makes a world of the same past. With the snapshot's own Seed it goes on exactly as the world did that the snapshot was taken of, and
// its TraceHash goes on, too. With another seed, everything that is left to chance is different from here on: what happens to packets, what
// the disks do wrong, and what the programs draw, but for generators that they have seeded themselves. The fork has neither Output nor
// Trace; see SetOutput and SetTrace.
func (s *Snapshot) Fork(seed uint64) (*World, error) {
	s.mutex.RLock()
	defer s.mutex.RUnlock()
	if s.closed {
		return nil, errors.New("fork: the snapshot is closed")
	}
	w := s.world.clone()
	reseeded := seed != s.Seed()
	if reseeded {
		w.reseed(seed)
	}
	for i, m := range w.machines {
		frozen := s.frozen[s.world.machines[i]]
		if frozen == nil {
			continue
		}
		process, err := frozen.Thaw(m.kernel())
		if err != nil {
			return nil, errors.Join(fmt.Errorf("fork: %w", err), w.Close())
		}
		m.process = process
		if reseeded {
			process.Reseed()
		}
	}
	return w, nil
}

// Close gives back the memory that the snapshot takes. Worlds that were forked from it live on.
func (s *Snapshot) Close() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if !s.closed {
		s.closed = true
		for _, frozen := range s.frozen {
			frozen.Free()
		}
	}
}

// clone returns a world in the same state, but without processes, Output and Trace. The world does not run at the moment.
func (w *World) clone() *World {
	c := *w
	c.options.Output, c.options.Trace = nil, nil
	c.queue, c.network, c.trace = w.queue.Clone(), w.network.Clone(), w.trace.Clone(nil)
	c.cuts, c.clogs, c.due = slices.Clone(w.cuts), slices.Clone(w.clogs), nil
	c.machines = make([]*Machine, len(w.machines))
	for i, m := range w.machines {
		c.machines[i] = m.clone(&c)
	}
	return &c
}

// clone returns a machine of the world w in the same state, but without a process.
func (m *Machine) clone(w *World) *Machine {
	c := *m
	c.world, c.process = w, nil
	c.disk = m.disk.Clone()
	c.words = slices.Clone(m.words)
	return &c
}

// reseed lets everything that is left to chance depend on another seed from now on.
func (w *World) reseed(seed uint64) {
	w.options.Seed, w.streams = seed, random.New(seed)
	w.network.Reseed(w.streams)
	for _, m := range w.machines {
		m.seed(w.streams)
	}
}

// SetOutput lets each line that a program prints from now on be received by output, as Options.Output says; nil: by nobody.
func (w *World) SetOutput(output func(Line)) { w.options.Output = output }

// SetTrace lets the trace from now on be received by writer, as Options.Trace says; nil: by nobody. The one before is finished.
func (w *World) SetTrace(writer *trace.Writer) error {
	err := w.finishTrace()
	w.options.Trace = writer
	w.trace = w.trace.Clone(sinkOf(writer))
	return err
}
