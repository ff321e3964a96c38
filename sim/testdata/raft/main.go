// Raft is a member of a cluster that counts: the leader adds one at intervals, and everybody prints where it stands. Log, stable store
// and snapshots are on ordinary files, unless it is told to keep all in memory.
package main

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
	"github.com/tidwall/wal"
)

var (
	name    = flag.String("name", "", "this member")
	members = flag.String("members", "", "all members, separated by commas")
	every   = flag.Duration("every", 100*time.Millisecond, "how often the leader adds one; 0: never")

	volatile = flag.Bool("volatile", false, "keep everything in memory, and nothing on files")
)

func main() {
	log.SetFlags(0)
	flag.Parse()
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	logs, stable, snapshots, err := openStores()
	if err != nil {
		return err
	}
	transport, err := raft.NewTCPTransport(*name+":8300", nil, 3, time.Second, io.Discard)
	if err != nil {
		return err
	}
	config := raft.DefaultConfig()
	config.LocalID = raft.ServerID(*name)
	if !*volatile {
		// Snapshots are taken, but never sent: a tidwall/wal cannot go on after a gap.
		config.SnapshotThreshold, config.SnapshotInterval, config.TrailingLogs = 50, 5*time.Second, 1_000_000
	}
	config.Logger = hclog.New(&hclog.LoggerOptions{Output: os.Stderr, Level: hclog.Warn, DisableTime: true})

	var cluster raft.Configuration
	for _, m := range strings.Split(*members, ",") {
		cluster.Servers = append(cluster.Servers, raft.Server{ID: raft.ServerID(m), Address: raft.ServerAddress(m + ":8300")})
	}
	if err := raft.BootstrapCluster(config, logs, stable, snapshots, transport, cluster); err != nil && !errors.Is(err, raft.ErrCantBootstrap) {
		return err
	}
	counter := &counter{}
	r, err := raft.NewRaft(config, counter, logs, stable, snapshots, transport)
	if err != nil {
		return err
	}
	go func() {
		for leads := range r.LeaderCh() {
			fmt.Println("leads", leads)
		}
	}()
	if *every == 0 {
		select {}
	}
	for i := 0; ; i++ {
		time.Sleep(*every)
		if r.State() == raft.Leader {
			if err := r.Apply([]byte("add one"), time.Second).Error(); err != nil {
				fmt.Println("failed:", err)
			}
		}
		if i%10 == 9 {
			fmt.Println("counted", counter.value())
		}
	}
}

// openStores opens what raft keeps its state in.
func openStores() (raft.LogStore, raft.StableStore, raft.SnapshotStore, error) {
	if *volatile {
		store := raft.NewInmemStore()
		return store, store, raft.NewInmemSnapshotStore(), nil
	}
	logs, err := openLog("/data/log")
	if err != nil {
		return nil, nil, nil, err
	}
	stable := &stableStore{file: "/data/stable.json", values: map[string][]byte{}}
	if err := stable.load(); err != nil {
		return nil, nil, nil, err
	}
	snapshots, err := raft.NewFileSnapshotStore("/data", 2, io.Discard)
	return logs, stable, snapshots, err
}

// counter is the state machine.
type counter struct {
	mutex sync.Mutex
	n     uint64
}

func (c *counter) value() uint64 {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.n
}

func (c *counter) Apply(*raft.Log) any {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.n++
	return c.n
}

type snapshot uint64

func (c *counter) Snapshot() (raft.FSMSnapshot, error) { return snapshot(c.value()), nil }

func (s snapshot) Persist(sink raft.SnapshotSink) error {
	if err := binary.Write(sink, binary.LittleEndian, uint64(s)); err != nil {
		return errors.Join(err, sink.Cancel())
	}
	return sink.Close()
}

func (s snapshot) Release() {}

func (c *counter) Restore(from io.ReadCloser) error {
	defer from.Close()
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return binary.Read(from, binary.LittleEndian, &c.n)
}

// logStore keeps raft's log in a write-ahead log.
type logStore struct{ *wal.Log }

func openLog(path string) (logStore, error) {
	l, err := wal.Open(path, &wal.Options{AllowEmpty: true})
	return logStore{l}, err
}

func (l logStore) GetLog(index uint64, to *raft.Log) error {
	data, err := l.Read(index)
	if errors.Is(err, wal.ErrNotFound) {
		return raft.ErrLogNotFound
	}
	if err != nil {
		return err
	}
	return json.Unmarshal(data, to)
}

func (l logStore) StoreLog(entry *raft.Log) error { return l.StoreLogs([]*raft.Log{entry}) }

func (l logStore) StoreLogs(entries []*raft.Log) error {
	var batch wal.Batch
	for _, entry := range entries {
		data, err := json.Marshal(entry)
		if err != nil {
			return err
		}
		batch.Write(entry.Index, data)
	}
	return l.WriteBatch(&batch)
}

func (l logStore) DeleteRange(low, high uint64) error {
	last, err := l.LastIndex()
	if err != nil {
		return err
	}
	if high < last {
		return l.TruncateFront(high + 1)
	}
	return l.TruncateBack(low - 1)
}

// stableStore keeps raft's term and vote in a file.
type stableStore struct {
	mutex  sync.Mutex
	file   string
	values map[string][]byte
}

func (s *stableStore) load() error {
	data, err := os.ReadFile(s.file)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return json.Unmarshal(data, &s.values)
}

func (s *stableStore) Set(key, value []byte) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.values[string(key)] = value
	data, err := json.Marshal(s.values)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(s.file), "stable-")
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.Write(data); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), s.file); err != nil {
		return err
	}
	directory, err := os.Open(filepath.Dir(s.file))
	if err != nil {
		return err
	}
	defer directory.Close()
	return directory.Sync()
}

func (s *stableStore) Get(key []byte) ([]byte, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	value, ok := s.values[string(key)]
	if !ok {
		return nil, errors.New("not found") // what raft expects, word by word
	}
	return value, nil
}

func (s *stableStore) SetUint64(key []byte, value uint64) error {
	return s.Set(key, binary.LittleEndian.AppendUint64(nil, value))
}

func (s *stableStore) GetUint64(key []byte) (uint64, error) {
	value, err := s.Get(key)
	if err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint64(value), nil
}
