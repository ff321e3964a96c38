package storage

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
)

// snapshotsRetained is how many snapshots are kept: one more than is needed, in case the newest turns out to be damaged.
const snapshotsRetained = 2

// wayOut is what to do about a damaged folder. An empty one is safe only because the others do not count its owner as the member that it was
// (see package consensus): that one may have voted, and acknowledged, what is lost.
const wayOut = "restore the whole data folder from a copy of its last state; without one, start this node with an empty folder " +
	"while a majority of the other members runs: they take it out and add it anew"

// Store is an open data folder.
type Store struct {
	Log       *Log
	Stable    *Stable
	Snapshots raft.SnapshotStore
	lock      *os.File
}

// Open opens the data folder, making it if need be, and checks that its parts belong together. It fails if another process has
// it open.
func Open(folder string, logger *slog.Logger, raftLogger hclog.Logger) (*Store, error) {
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	lock, err := lockFile(filepath.Join(folder, "lock"))
	if err != nil {
		return nil, fmt.Errorf("data folder %s: %w", folder, err)
	}
	store := &Store{lock: lock}
	if err := store.open(folder, logger, raftLogger); err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return store, nil
}

func (s *Store) open(folder string, logger *slog.Logger, raftLogger hclog.Logger) (err error) {
	if s.Stable, err = OpenStable(filepath.Join(folder, "stable")); err != nil {
		return err
	}
	if s.Log, err = OpenLog(filepath.Join(folder, "log"), logger); err != nil {
		return err
	}
	if s.Snapshots, err = openSnapshots(folder, raftLogger); err != nil {
		return err
	}
	if err := s.checkGap(folder); err != nil {
		return err
	}
	return syncFolder(folder)
}

// checkGap makes sure that the log goes on where the newest usable snapshot ends; raft would panic later if it did not.
func (s *Store) checkGap(folder string) error {
	first, err := s.Log.FirstIndex()
	if err != nil {
		return err
	}
	covered, damage, err := newestUsable(s.Snapshots)
	if err != nil {
		return fmt.Errorf("snapshots in %s: %w", folder, err)
	}
	if first > covered+1 {
		err := fmt.Errorf("data folder %s: the log begins with entry %d, but the snapshots reach only to entry %d; "+
			"want the snapshot that was taken before the log was shortened: %s", folder, first, covered, wayOut)
		return errors.Join(err, damage)
	}
	return nil
}

// Close closes the log and lets another process open the folder. The caller stops raft first.
func (s *Store) Close() error {
	var err error
	if s.Log != nil {
		err = s.Log.Close()
	}
	return errors.Join(err, s.lock.Close())
}
