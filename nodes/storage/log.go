package storage

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/hashicorp/raft"
	"github.com/tidwall/wal"
)

// segmentSize is the size at which the log begins another file, in bytes. The newest file's entries are held in memory.
const segmentSize = 1 << 20

// Log is raft's log on disk. It is a raft.LogStore. Entries are consecutive; raft clears it before it leaves a gap.
type Log struct {
	path string

	// mu is held for reads too: tidwall/wal loads older segments while it reads.
	mu sync.Mutex
	// entries is nil after a failure to open it anew; broken then says why.
	entries *wal.Log
	broken  error
	// tail is the size of the newest segment.
	tail int
}

// OpenLog opens the log in a folder of its own. It cuts off a torn tail with a warning; other damage is an error.
func OpenLog(path string, logger *slog.Logger) (*Log, error) {
	if err := os.MkdirAll(path, 0o777); err != nil {
		return nil, fmt.Errorf("make the log's folder: %w", err)
	}
	if err := repair(path, logger); err != nil {
		return nil, err
	}
	l := &Log{path: path}
	if err := l.open(); err != nil {
		return nil, err
	}
	return l, syncFolder(path)
}

func (l *Log) open() (err error) {
	l.entries, err = wal.Open(l.path, &wal.Options{SegmentSize: segmentSize, AllowEmpty: true})
	if err != nil {
		l.entries, l.broken = nil, fmt.Errorf("open the log in %s: %w", l.path, err)
		return l.broken
	}
	segments, err := listSegments(l.path)
	if err != nil {
		return err
	}
	info, err := os.Stat(segments[len(segments)-1].path)
	if err != nil {
		return err
	}
	l.tail = int(info.Size())
	return nil
}

// bounds returns the first and the last index, 0 and 0 if the log is empty. The caller holds mu.
func (l *Log) bounds() (first, last uint64, err error) {
	if l.entries == nil {
		return 0, 0, l.broken
	}
	if first, err = l.entries.FirstIndex(); err != nil {
		return 0, 0, err
	}
	if last, err = l.entries.LastIndex(); err != nil {
		return 0, 0, err
	}
	if first > last {
		return 0, 0, nil
	}
	return first, last, nil
}

// FirstIndex returns the index of the first entry, 0 if there is none.
func (l *Log) FirstIndex() (uint64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	first, _, err := l.bounds()
	return first, err
}

// LastIndex returns the index of the last entry, 0 if there is none.
func (l *Log) LastIndex() (uint64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, last, err := l.bounds()
	return last, err
}

// GetLog reads an entry; raft.ErrLogNotFound if it is not in the log.
func (l *Log) GetLog(index uint64, into *raft.Log) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.entries == nil {
		return l.broken
	}
	record, err := l.entries.Read(index)
	if errors.Is(err, wal.ErrNotFound) {
		return raft.ErrLogNotFound
	}
	if err == nil {
		err = decodeEntry(record, index, into)
	}
	if err != nil {
		return fmt.Errorf("log in %s, entry %d: %w", l.path, index, err)
	}
	return nil
}

// StoreLog appends one entry and syncs it.
func (l *Log) StoreLog(entry *raft.Log) error { return l.StoreLogs([]*raft.Log{entry}) }

// StoreLogs appends consecutive entries and syncs them. An empty log may begin at any index.
func (l *Log) StoreLogs(entries []*raft.Log) error {
	if len(entries) == 0 {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	_, last, err := l.bounds()
	if err != nil {
		return err
	}
	if last == 0 {
		if err := l.beginAt(entries[0].Index); err != nil {
			return err
		}
	}
	if err := l.append(entries); err != nil {
		err = fmt.Errorf("append entries %d to %d to the log in %s: %w", entries[0].Index, entries[len(entries)-1].Index, l.path, err)
		if errors.Is(err, wal.ErrOutOfOrder) { // it was refused before anything was written
			return err
		}
		return errors.Join(err, l.undo(entries[0].Index))
	}
	return nil
}

// append writes and syncs entries. The caller holds mu.
func (l *Log) append(entries []*raft.Log) error {
	var batch wal.Batch
	tail, rolled := l.tail, false
	for _, entry := range entries {
		record := encodeEntry(entry)
		batch.Write(entry.Index, record)
		if tail += frameSize(record); tail >= segmentSize {
			tail, rolled = 0, true
		}
	}
	if err := l.entries.WriteBatch(&batch); err != nil {
		return err
	}
	l.tail = tail
	if rolled {
		return syncFolder(l.path)
	}
	return nil
}

// undo removes what a failed append, as on a full disk, left behind from an index on. tidwall/wal would keep in memory what it could
// not write, and go on behind half a record in the file. If the files cannot be set right the log is broken: it takes and
// acknowledges nothing more until a restart repairs its tail. The caller holds mu.
func (l *Log) undo(index uint64) error {
	_ = l.entries.Close() // it fails where the append did; what stays is synced below
	return l.change(func() error {
		segments, err := listSegments(l.path)
		if err != nil {
			return err
		}
		for _, segment := range slices.Backward(segments) {
			if segment.index <= index {
				return cutBefore(segment, index)
			}
			if err := os.Remove(segment.path); err != nil {
				return err
			}
		}
		return nil
	})
}

// beginAt makes an empty log take an entry of that index next. The caller holds mu.
func (l *Log) beginAt(index uint64) error {
	if last, err := l.entries.LastIndex(); err != nil || last+1 == index {
		return err
	}
	return l.reopen(func() error {
		segments, err := listSegments(l.path)
		if err != nil {
			return err
		}
		for _, segment := range segments {
			if err := os.Remove(segment.path); err != nil {
				return err
			}
		}
		return os.WriteFile(filepath.Join(l.path, segmentName(index)), nil, 0o666)
	})
}

// reopen closes the log, changes its files and opens it again. The caller holds mu.
func (l *Log) reopen(change func() error) error {
	err := l.entries.Close()
	return l.change(func() error {
		if err != nil {
			return err
		}
		return change()
	})
}

// change changes the files of the log, which the caller has closed, and opens it again. The caller holds mu.
func (l *Log) change(change func() error) error {
	l.entries = nil
	err := change()
	if err == nil {
		err = syncFolder(l.path)
	}
	if err != nil {
		l.broken = fmt.Errorf("change the files of the log in %s: %w", l.path, err)
		return l.broken
	}
	return l.open()
}

// DeleteRange removes entries from the front (they are in a snapshot) or from the back (another leader overruled them).
func (l *Log) DeleteRange(low, high uint64) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	first, last, err := l.bounds()
	if err != nil || first == 0 || high < first || low > last {
		return err
	}
	switch {
	case low <= first:
		err = l.entries.TruncateFront(min(high, last) + 1)
	case high >= last:
		err = l.entries.TruncateBack(low - 1)
	default:
		err = errors.New("want a range at either end, for the log has no holes")
	}
	if err != nil {
		return fmt.Errorf("remove entries %d to %d from the log in %s, which holds %d to %d: %w", low, high, l.path, first, last, err)
	}
	return l.reopen(func() error { return nil })
}

// IsMonotonic tells raft that the log cannot have holes, so that raft clears it when a snapshot takes the place of all entries.
func (l *Log) IsMonotonic() bool { return true }

// Close syncs and closes the files.
func (l *Log) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.entries == nil {
		return nil
	}
	err := l.entries.Close()
	l.entries, l.broken = nil, errors.New("the log is closed")
	return err
}
