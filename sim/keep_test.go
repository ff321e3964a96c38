package sim_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/sim"
)

// keep writes a snapshot, closes it and reads it again. TestForksGoOnExactly does so at random points of many runs.
func keep(t testing.TB, past *sim.Snapshot) *sim.Snapshot {
	var kept, again bytes.Buffer
	require.NoError(t, past.Write(&kept))
	require.NoError(t, past.Write(&again))
	require.Equal(t, kept.Bytes(), again.Bytes(), "a snapshot is written in one way only")
	past.Close()
	read, err := sim.ReadSnapshot(&kept, load(t, "probe"), load(t, "echo"), load(t, "raft"))
	require.NoError(t, err)
	t.Cleanup(read.Close)
	return read
}

func TestKeptSnapshotsKeepDisksAndRestart(t *testing.T) {
	past := keep(t, warmRaft(t, 1, "20ms"))
	var hashes []uint64
	for range 2 {
		w := fork(t, past, 1)
		require.NoError(t, w.Machine("n2").Crash())
		require.NoError(t, w.Run(time.Second))
		require.NoError(t, w.Machine("n2").Restart(), "the program is known")
		require.NoError(t, w.Run(3*time.Second))
		hashes = append(hashes, w.TraceHash())
		past = keep(t, past)
		require.NoError(t, w.Close())
	}
	require.Equal(t, hashes[0], hashes[1])
}

func TestKeptSnapshotsThatCannotBeRead(t *testing.T) {
	l := newLab(t, sim.Options{Seed: 1})
	l.boot("n1", load(t, "probe"), "tick")
	l.run(time.Second)
	past, err := l.Snapshot()
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "kept")
	out, err := os.Create(file)
	require.NoError(t, err)
	require.NoError(t, past.Write(out))
	require.NoError(t, out.Close())
	past.Close()
	require.ErrorContains(t, past.Write(out), "the snapshot is closed")
	kept, err := os.ReadFile(file)
	require.NoError(t, err)

	_, err = sim.ReadSnapshot(bytes.NewReader(kept), load(t, "echo"))
	require.ErrorContains(t, err, "it needs the program of SHA-256 "+load(t, "probe").SHA256)
	_, err = sim.ReadSnapshot(bytes.NewReader([]byte("a letter, which is long enough to be one")))
	require.ErrorContains(t, err, `want "muster snapshot 1\n"`)
	for _, length := range []int{0, 10, 20, 100, len(kept) / 2, len(kept) - 1} {
		_, err := sim.ReadSnapshot(bytes.NewReader(kept[:length]), load(t, "probe"))
		require.Error(t, err, "%d of %d bytes", length, len(kept))
	}
	for at := 100; at < len(kept); at += len(kept) / 50 {
		damaged := bytes.Clone(kept)
		damaged[at] ^= 1
		_, err := sim.ReadSnapshot(bytes.NewReader(damaged), load(t, "probe"))
		require.Error(t, err, "byte %d of %d", at, len(kept))
	}
}
