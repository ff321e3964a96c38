package storage

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
)

// snapshots is raft's own file store, with two gaps closed: what an interrupted snapshot left behind is removed, and the names
// inside a snapshot's folder are synced, not its content alone.
type snapshots struct {
	*raft.FileSnapshotStore
	path string
}

func openSnapshots(folder string, logger hclog.Logger) (raft.SnapshotStore, error) {
	path := filepath.Join(folder, "snapshots") // the name that raft's store uses
	unfinished, err := filepath.Glob(filepath.Join(path, "*.tmp"))
	if err != nil {
		return nil, err
	}
	for _, name := range unfinished {
		if err := os.RemoveAll(name); err != nil {
			return nil, fmt.Errorf("remove an unfinished snapshot: %w", err)
		}
	}
	files, err := raft.NewFileSnapshotStoreWithLogger(folder, snapshotsRetained, logger)
	if err != nil {
		return nil, fmt.Errorf("open the snapshots in %s: %w", path, err)
	}
	return &snapshots{files, path}, nil
}

// Create begins a snapshot.
func (s *snapshots) Create(version raft.SnapshotVersion, index, term uint64, configuration raft.Configuration, configurationIndex uint64,
	transport raft.Transport) (raft.SnapshotSink, error) {
	sink, err := s.FileSnapshotStore.Create(version, index, term, configuration, configurationIndex, transport)
	if err != nil {
		return nil, err
	}
	if err := syncFolder(filepath.Join(s.path, sink.ID()+".tmp")); err != nil {
		return nil, errors.Join(err, sink.Cancel())
	}
	return sink, nil
}

// newestUsable returns the index up to which a snapshot covers the log, 0 if there is none, and what is wrong with newer ones.
func newestUsable(store raft.SnapshotStore) (covered uint64, damage, err error) {
	list, err := store.List()
	if err != nil {
		return 0, nil, err
	}
	for _, meta := range list {
		_, content, err := store.Open(meta.ID) // compares the checksum
		if err != nil {
			damage = errors.Join(damage, fmt.Errorf("snapshot %s: %w", meta.ID, err))
			continue
		}
		return meta.Index, damage, content.Close()
	}
	return 0, damage, nil
}
