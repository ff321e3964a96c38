package storage

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"maps"
	"os"
	"strconv"
	"sync"
)

// Stable keeps raft's few stable values (its term, and for whom it voted in which) in one small file. It is a raft.StableStore.
//
// The file is a line with the checksum of what follows, and a JSON object of base64 values.
type Stable struct {
	path string

	mu     sync.Mutex
	values map[string][]byte
}

// castagnoli is the polynomial that storage hardware and most log formats use.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// errNoValue has the text by which hashicorp/raft tells a missing value from a failure.
var errNoValue = errors.New("not found")

// OpenStable reads the file; one that does not exist holds no values yet.
func OpenStable(path string) (*Stable, error) {
	s := &Stable{path: path, values: map[string][]byte{}}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read raft's stable values: %w", err)
	}
	checksum, content, found := bytes.Cut(text, []byte("\n"))
	if want := fmt.Sprintf("%08x", crc32.Checksum(content, castagnoli)); !found || string(checksum) != want {
		return nil, fmt.Errorf("%s is damaged: its first line should be the checksum %s of the rest; %s", path, want, wayOut)
	}
	if err := json.Unmarshal(content, &s.values); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

// Set stores a value durably.
func (s *Stable) Set(key, value []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	values := maps.Clone(s.values)
	values[string(key)] = bytes.Clone(value)
	content, err := json.Marshal(values)
	if err != nil {
		return err
	}
	text := fmt.Appendf(nil, "%08x\n%s", crc32.Checksum(content, castagnoli), content)
	if err := replaceFile(s.path, text); err != nil {
		return fmt.Errorf("store raft's %s: %w", key, err)
	}
	s.values = values
	return nil
}

// Get returns a value, or an error that reads "not found".
func (s *Stable) Get(key []byte) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	value, ok := s.values[string(key)]
	if !ok {
		return nil, errNoValue
	}
	return bytes.Clone(value), nil
}

// SetUint64 stores a number durably.
func (s *Stable) SetUint64(key []byte, value uint64) error {
	return s.Set(key, strconv.AppendUint(nil, value, 10))
}

// GetUint64 returns a number, or an error that reads "not found".
func (s *Stable) GetUint64(key []byte) (uint64, error) {
	text, err := s.Get(key)
	if err != nil {
		return 0, err
	}
	return strconv.ParseUint(string(text), 10, 64)
}
