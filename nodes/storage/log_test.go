package storage

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/hashicorp/raft"
	"github.com/stretchr/testify/require"
)

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

func entry(index uint64) *raft.Log {
	return &raft.Log{Index: index, Term: 3, Type: raft.LogCommand, Data: fmt.Appendf(nil, "command %d", index), AppendedAt: time.Unix(0, 42)}
}

func entries(from, to uint64) (list []*raft.Log) {
	for index := from; index <= to; index++ {
		list = append(list, entry(index))
	}
	return list
}

func openLog(t *testing.T, path string) *Log {
	t.Helper()
	log, err := OpenLog(path, discard())
	require.NoError(t, err)
	t.Cleanup(func() { log.Close() })
	return log
}

func requireEntries(t *testing.T, log *Log, from, to uint64) {
	t.Helper()
	first, err := log.FirstIndex()
	require.NoError(t, err)
	last, err := log.LastIndex()
	require.NoError(t, err)
	require.Equal(t, [2]uint64{from, to}, [2]uint64{first, last})
	if from == 0 {
		return
	}
	for index := from; index <= to; index++ {
		var read raft.Log
		require.NoError(t, log.GetLog(index, &read))
		require.Equal(t, entry(index), &read)
	}
	require.ErrorIs(t, log.GetLog(from-1, new(raft.Log)), raft.ErrLogNotFound)
	require.ErrorIs(t, log.GetLog(to+1, new(raft.Log)), raft.ErrLogNotFound)
}

func TestLog(t *testing.T) {
	for _, test := range []struct {
		name     string
		change   func(l *Log) error
		from, to uint64
	}{
		{"nothing stored", func(l *Log) error { return l.DeleteRange(1, 5) }, 0, 0},
		{"entries stored", func(l *Log) error { return l.StoreLogs(entries(1, 9)) }, 1, 9},
		{"front removed", func(l *Log) error { l.StoreLogs(entries(1, 9)); return l.DeleteRange(1, 4) }, 5, 9},
		{"back removed", func(l *Log) error { l.StoreLogs(entries(1, 9)); return l.DeleteRange(7, 9) }, 1, 6},
		{"back replaced", func(l *Log) error {
			l.StoreLogs(entries(1, 9))
			l.DeleteRange(7, 9)
			return l.StoreLogs(entries(7, 8))
		}, 1, 8},
		{"all removed", func(l *Log) error { l.StoreLogs(entries(1, 9)); return l.DeleteRange(1, 9) }, 0, 0},
		{"all removed, goes on", func(l *Log) error {
			l.StoreLogs(entries(1, 9))
			l.DeleteRange(1, 9)
			return l.StoreLogs(entries(10, 11))
		}, 10, 11},
		{"a snapshot took its place", func(l *Log) error {
			l.StoreLogs(entries(1, 9))
			l.DeleteRange(1, 9)
			return l.StoreLogs(entries(501, 502))
		}, 501, 502},
		{"begins late", func(l *Log) error { return l.StoreLog(entry(77)) }, 77, 77},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := t.TempDir()
			log := openLog(t, path)
			require.NoError(t, test.change(log))
			requireEntries(t, log, test.from, test.to)
			require.NoError(t, log.Close())
			requireEntries(t, openLog(t, path), test.from, test.to)
		})
	}
}

func TestLogRefusesHoles(t *testing.T) {
	log := openLog(t, t.TempDir())
	require.NoError(t, log.StoreLogs(entries(1, 9)))
	require.ErrorContains(t, log.StoreLog(entry(11)), "out of order")
	require.ErrorContains(t, log.DeleteRange(4, 5), "want a range at either end")
}

func TestLogRollsOverSegments(t *testing.T) {
	path := t.TempDir()
	log := openLog(t, path)
	for index := uint64(1); index <= 30; index++ {
		big := entry(index)
		big.Data = bytes.Repeat([]byte{byte(index)}, segmentSize/8)
		require.NoError(t, log.StoreLog(big))
	}
	segments, err := listSegments(path)
	require.NoError(t, err)
	require.Len(t, segments, 4)
	require.NoError(t, log.DeleteRange(1, 12))
	require.NoError(t, log.Close())
	log = openLog(t, path)
	for index := uint64(13); index <= 30; index++ {
		var read raft.Log
		require.NoError(t, log.GetLog(index, &read))
		require.Equal(t, byte(index), read.Data[0])
	}
}

// A machine that dies in the middle of a write leaves any prefix of it, or its length with zeros in place of the content.
func TestLogSurvivesATornTail(t *testing.T) {
	origin := t.TempDir()
	log := openLog(t, origin)
	require.NoError(t, log.StoreLogs(entries(1, 9)))
	sound, err := os.ReadFile(filepath.Join(origin, segmentName(1)))
	require.NoError(t, err)
	require.NoError(t, log.StoreLogs(entries(10, 11)))
	whole, err := os.ReadFile(filepath.Join(origin, segmentName(1)))
	require.NoError(t, err)
	oneMore := len(sound) + (len(whole)-len(sound))/2

	for _, fill := range []string{"missing", "zeros"} {
		for size := len(sound); size <= len(whole); size++ {
			torn := bytes.Clone(whole[:size])
			if fill == "zeros" {
				torn = append(torn, make([]byte, len(whole)-size)...)
			}
			path := t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(path, segmentName(1)), torn, 0o666))
			var warnings bytes.Buffer
			log, err := OpenLog(path, slog.New(slog.NewTextHandler(&warnings, nil)))
			require.NoError(t, err, "%s from byte %d", fill, size)
			last := uint64(9)
			switch {
			case bytes.Equal(torn, whole):
				last = 11
			case size >= oneMore:
				last = 10
			}
			requireEntries(t, log, 1, last)
			require.Equal(t, len(torn) != len(sound) && len(torn) != oneMore && last != 11, warnings.Len() > 0)
			require.NoError(t, log.StoreLog(entry(last+1)), "goes on after the cut")
			require.NoError(t, log.Close())
			requireEntries(t, openLog(t, path), 1, last+1)
		}
	}
}

func TestLogRefusesDamageInTheMiddle(t *testing.T) {
	origin := t.TempDir()
	log := openLog(t, origin)
	require.NoError(t, log.StoreLogs(entries(1, 9)))
	require.NoError(t, log.Close())
	name := segmentName(1)
	whole, err := os.ReadFile(filepath.Join(origin, name))
	require.NoError(t, err)
	lastFrame := len(whole) - frameSize(encodeEntry(entry(9)))
	for at := range lastFrame {
		damaged := bytes.Clone(whole)
		damaged[at] ^= 0x55
		path := filepath.Join(t.TempDir(), "log")
		require.NoError(t, os.Mkdir(path, 0o777))
		require.NoError(t, os.WriteFile(filepath.Join(path, name), damaged, 0o666))
		_, err := OpenLog(path, discard())
		require.ErrorContains(t, err, filepath.Join(path, name)+" is damaged at byte", "byte %d", at)
		require.ErrorContains(t, err, "they take it out and add it anew", "the way out")
	}
}

func TestLogFindsDamageInOlderSegmentsWhenRead(t *testing.T) {
	path := t.TempDir()
	log := openLog(t, path)
	for index := uint64(1); index <= 12; index++ {
		big := entry(index)
		big.Data = make([]byte, segmentSize/8)
		require.NoError(t, log.StoreLog(big))
	}
	require.NoError(t, log.Close())
	file, err := os.OpenFile(filepath.Join(path, segmentName(1)), os.O_RDWR, 0)
	require.NoError(t, err)
	_, err = file.WriteAt([]byte{1}, 100)
	require.NoError(t, err)
	require.NoError(t, file.Close())
	require.ErrorContains(t, openLog(t, path).GetLog(1, new(raft.Log)), "log in "+path+", entry 1: the checksum does not match")
}

func FuzzDecodeEntry(f *testing.F) {
	f.Add(encodeEntry(entry(7)))
	f.Fuzz(func(t *testing.T, record []byte) {
		var read raft.Log
		if decodeEntry(record, 7, &read) == nil {
			require.Equal(t, record, encodeEntry(&read))
		}
	})
}

func FuzzScan(f *testing.F) {
	var content []byte
	for _, entry := range entries(5, 7) {
		record := encodeEntry(entry)
		content = append(binary.AppendUvarint(content, uint64(len(record))), record...)
	}
	f.Add(content)
	f.Add(content[:len(content)-3])
	f.Add(append([]byte{0, 0}, content...))
	f.Fuzz(func(t *testing.T, content []byte) {
		sound, next, damage := scan(content, 5)
		require.Equal(t, damage == nil, sound == len(content))
		findEntry(content[sound:], next)
		again, sameNext, damage := scan(content[:sound], 5)
		require.NoError(t, damage)
		require.Equal(t, [2]uint64{uint64(sound), next}, [2]uint64{uint64(again), sameNext})
	})
}
