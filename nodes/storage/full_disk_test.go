//go:build unix

package storage

import (
	"bytes"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"

	"github.com/hashicorp/raft"
	"github.com/stretchr/testify/require"
)

// inOwnProcess runs the calling test once more in a process of its own, where a limit on the size of files hits nobody else's, and
// tells whether this is that process.
func inOwnProcess(t *testing.T) bool {
	t.Helper()
	const variable = "STORAGE_TEST_OWN_PROCESS"
	if os.Getenv(variable) != "" {
		return true
	}
	command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
	command.Env = append(os.Environ(), variable+"=1")
	output, err := command.CombinedOutput()
	require.NoError(t, err, "%s", output)
	return false
}

// withFilesUpTo runs something while no file can grow beyond a size, as if the disk were full.
func withFilesUpTo(t *testing.T, size uint64, do func()) {
	t.Helper()
	signal.Ignore(syscall.SIGXFSZ)
	var usual syscall.Rlimit
	require.NoError(t, syscall.Getrlimit(syscall.RLIMIT_FSIZE, &usual))
	limited := usual
	limited.Cur = size
	require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limited))
	defer func() { require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &usual)) }()
	do()
}

func TestLogGoesOnAfterAFullDisk(t *testing.T) {
	if !inOwnProcess(t) {
		return
	}
	big := func(index uint64, size int) *raft.Log {
		return &raft.Log{Index: index, Term: 2, Type: raft.LogCommand, Data: bytes.Repeat([]byte{7}, size)}
	}
	for _, test := range []struct {
		name   string
		before uint64
		lost   []*raft.Log
		limit  uint64
	}{
		{"nothing of the record fits", 3, []*raft.Log{big(4, 200)}, 3 * uint64(frameSize(encodeEntry(entry(1))))},
		{"half of the record fits", 3, []*raft.Log{big(4, 400)}, 400},
		{"the first of two records fits", 3, []*raft.Log{entry(4), big(5, 400)}, 400},
		{"the log was empty", 0, []*raft.Log{big(1, 400)}, 100},
		{"the segment before fits", 3, []*raft.Log{big(4, segmentSize), big(5, segmentSize), big(6, 2*segmentSize)}, segmentSize + 1000},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := t.TempDir()
			log := openLog(t, path)
			require.NoError(t, log.StoreLogs(entries(1, test.before)))
			withFilesUpTo(t, test.limit, func() {
				for range 2 {
					require.ErrorIs(t, log.StoreLogs(test.lost), syscall.EFBIG)
				}
			})
			requireEntries(t, log, min(1, test.before), test.before)
			require.NoError(t, log.StoreLog(entry(test.before+1)), "the disk has room again")
			require.NoError(t, log.StoreLog(entry(test.before+2)))
			requireEntries(t, log, 1, test.before+2)
			require.NoError(t, log.Close())
			requireEntries(t, openLog(t, path), 1, test.before+2)
		})
	}
}

// Where not even the repair succeeds the log must not acknowledge anything more, and a restart finds all that it acknowledged.
func TestLogStaysBrokenIfItCannotUndoAnAppend(t *testing.T) {
	if !inOwnProcess(t) {
		return
	}
	path := t.TempDir()
	log := openLog(t, path)
	require.NoError(t, log.StoreLogs(entries(1, 3)))
	log.path = path + " is gone"
	withFilesUpTo(t, 300, func() {
		lost := entry(4)
		lost.Data = make([]byte, 400)
		require.ErrorIs(t, log.StoreLog(lost), syscall.EFBIG)
	})
	require.ErrorContains(t, log.StoreLog(entry(4)), "change the files of the log")
	require.ErrorContains(t, log.GetLog(1, new(raft.Log)), "change the files of the log")
	requireEntries(t, openLog(t, path), 1, 3)
}
