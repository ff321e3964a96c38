package consensus

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"sync"

	"github.com/hashicorp/raft"
)

// StateMachine is what the members agree on. Its methods are called by one goroutine at a time.
type StateMachine interface {
	// Apply applies a command and answers nil, or the error with which the state machine refuses it. It must depend on nothing but
	// the commands before it, and must not panic on any bytes.
	Apply(command []byte) any
	// Snapshot returns the whole state.
	Snapshot() ([]byte, error)
	// Restore puts a snapshot in place of the state.
	Restore(snapshot io.Reader) error
}

// machine is a StateMachine as raft sees it. It keeps count of the commands, for raft's own count is of those handed over, not of
// those applied.
type machine struct {
	inner StateMachine

	mu      sync.Mutex
	applied uint64
	// moved is closed when applied grows; nil while nobody waits.
	moved chan struct{}

	// saving is held while a snapshot is written; restored counts those that were put in place of the state.
	saving   sync.Mutex
	restored int
}

// Apply applies a committed command.
func (m *machine) Apply(entry *raft.Log) any {
	answer := m.inner.Apply(entry.Data)
	m.advance(entry.Index)
	return answer
}

func (m *machine) advance(index uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.applied = index
	if m.moved != nil {
		close(m.moved)
		m.moved = nil
	}
}

func (m *machine) index() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.applied
}

// wait returns when the command at an index, and all before it, were applied.
func (m *machine) wait(ctx context.Context, index uint64) error {
	for {
		m.mu.Lock()
		applied := m.applied
		if applied < index && m.moved == nil {
			m.moved = make(chan struct{})
		}
		moved := m.moved
		m.mu.Unlock()
		if applied >= index {
			return nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return fmt.Errorf("wait for command %d, applied up to %d: %w", index, applied, ctx.Err())
		}
	}
}

// Snapshot takes the state together with the index of the last command in it.
func (m *machine) Snapshot() (raft.FSMSnapshot, error) {
	state, err := m.inner.Snapshot()
	if err != nil {
		return nil, err
	}
	m.saving.Lock()
	defer m.saving.Unlock()
	return snapshot{m, m.restored, append(binary.LittleEndian.AppendUint64(nil, m.index()), state...)}, nil
}

// Restore is the inverse of Snapshot.
func (m *machine) Restore(content io.ReadCloser) error {
	defer content.Close()
	m.saving.Lock()
	m.restored++
	m.saving.Unlock()
	var index [8]byte
	if _, err := io.ReadFull(content, index[:]); err != nil {
		return fmt.Errorf("snapshot: read the index of its last command: %w", err)
	}
	if err := m.inner.Restore(content); err != nil {
		return err
	}
	m.advance(binary.LittleEndian.Uint64(index[:]))
	return nil
}

// snapshot is a state on its way to the disk.
type snapshot struct {
	machine *machine
	// restored is the machine's count when the state was taken.
	restored int
	content  []byte
}

// Persist writes it, unless a snapshot has come from the leader since it was taken. Raft would then take this older one for its last, which it
// notes when both are there, and number the entries from there once more if this member is elected: nothing would be committed any more.
func (s snapshot) Persist(sink raft.SnapshotSink) error {
	s.machine.saving.Lock()
	defer s.machine.saving.Unlock()
	if s.machine.restored != s.restored {
		return fmt.Errorf("write snapshot %s: the leader's, which is newer, has come meanwhile", sink.ID())
	}
	if _, err := sink.Write(s.content); err != nil {
		return fmt.Errorf("write snapshot %s: %w", sink.ID(), err)
	}
	return sink.Close()
}

// Release has nothing to free.
func (s snapshot) Release() {}
