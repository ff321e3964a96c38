package storage

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
	"github.com/stretchr/testify/require"
)

func openStore(t *testing.T, folder string) *Store {
	t.Helper()
	store, err := Open(folder, discard(), hclog.NewNullLogger())
	require.NoError(t, err)
	t.Cleanup(func() { store.Close() })
	return store
}

func takeSnapshot(t *testing.T, store *Store, index uint64) string {
	t.Helper()
	_, transport := raft.NewInmemTransport("")
	sink, err := store.Snapshots.Create(1, index, 1, raft.Configuration{}, 1, transport)
	require.NoError(t, err)
	_, err = fmt.Fprintf(sink, "state at %d", index)
	require.NoError(t, err)
	require.NoError(t, sink.Close())
	return sink.ID()
}

func TestStableValuesOutliveTheProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "stable")
	stable, err := OpenStable(path)
	require.NoError(t, err)
	_, err = stable.GetUint64([]byte("CurrentTerm"))
	require.EqualError(t, err, "not found")
	require.NoError(t, stable.SetUint64([]byte("CurrentTerm"), 7))
	require.NoError(t, stable.Set([]byte("LastVoteCand"), []byte("10.0.0.1:7848")))

	again, err := OpenStable(path)
	require.NoError(t, err)
	term, err := again.GetUint64([]byte("CurrentTerm"))
	require.NoError(t, err)
	require.EqualValues(t, 7, term)
	candidate, err := again.Get([]byte("LastVoteCand"))
	require.NoError(t, err)
	require.Equal(t, "10.0.0.1:7848", string(candidate))
}

func TestStableValuesRefuseDamage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "stable")
	stable, err := OpenStable(path)
	require.NoError(t, err)
	require.NoError(t, stable.SetUint64([]byte("CurrentTerm"), 7))
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	for size := range whole {
		require.NoError(t, os.WriteFile(path, whole[:size], 0o666))
		_, err := OpenStable(path)
		require.ErrorContains(t, err, path+" is damaged", "cut at byte %d", size)
		require.ErrorContains(t, err, "they take it out and add it anew", "the way out")
	}
}

func TestStoreIsForOneProcess(t *testing.T) {
	folder := t.TempDir()
	store := openStore(t, folder)
	_, err := Open(folder, discard(), hclog.NewNullLogger())
	require.ErrorContains(t, err, folder+": another process uses it")
	require.NoError(t, store.Close())
	require.NoError(t, openStore(t, folder).Close())
}

func TestStoreRemovesUnfinishedSnapshots(t *testing.T) {
	folder := t.TempDir()
	store := openStore(t, folder)
	_, transport := raft.NewInmemTransport("")
	_, err := store.Snapshots.Create(1, 5, 1, raft.Configuration{}, 1, transport)
	require.NoError(t, err)
	require.NoError(t, store.Close())
	openStore(t, folder)
	left, err := os.ReadDir(filepath.Join(folder, "snapshots"))
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestStoreChecksThatSnapshotAndLogMeet(t *testing.T) {
	for _, test := range []struct {
		name   string
		damage func(folder, older, newer string) error
		want   string
	}{
		{"whole", func(string, string, string) error { return nil }, ""},
		{"newest snapshot damaged, log reaches back to the older one", func(folder, older, newer string) error {
			return os.WriteFile(filepath.Join(folder, "snapshots", newer, "state.bin"), []byte("state at 78"), 0o666)
		}, ""},
		{"both damaged", func(folder, older, newer string) error {
			for _, name := range []string{older, newer} {
				if err := os.WriteFile(filepath.Join(folder, "snapshots", name, "state.bin"), nil, 0o666); err != nil {
					return err
				}
			}
			return nil
		}, "the log begins with entry 41, but the snapshots reach only to entry 0"},
		{"both lost", func(folder, older, newer string) error { return os.RemoveAll(filepath.Join(folder, "snapshots")) },
			"the log begins with entry 41, but the snapshots reach only to entry 0"},
	} {
		t.Run(test.name, func(t *testing.T) {
			folder := t.TempDir()
			store := openStore(t, folder)
			require.NoError(t, store.Log.StoreLogs(entries(1, 99)))
			older := takeSnapshot(t, store, 40)
			newer := takeSnapshot(t, store, 77)
			require.NoError(t, store.Log.DeleteRange(1, 40))
			require.NoError(t, store.Close())
			require.NoError(t, test.damage(folder, older, newer))
			store, err := Open(folder, discard(), hclog.NewNullLogger())
			if test.want == "" {
				require.NoError(t, err)
				require.NoError(t, store.Close())
				return
			}
			require.ErrorContains(t, err, test.want)
		})
	}
}

// Whatever a power failure leaves of a snapshot, the folder opens, and raft finds this snapshot whole or the one before.
func TestStoreOpensWithAnyPartOfASnapshot(t *testing.T) {
	members := raft.Configuration{Servers: []raft.Server{{ID: "a:1", Address: "a:1"}, {ID: "b:2", Address: "b:2", Suffrage: raft.Nonvoter}}}
	folder := t.TempDir()
	store := openStore(t, folder)
	require.NoError(t, store.Log.StoreLogs(entries(1, 99)))
	takeSnapshot(t, store, 40)
	_, transport := raft.NewInmemTransport("")
	sink, err := store.Snapshots.Create(1, 77, 1, members, 60, transport)
	require.NoError(t, err)
	_, err = sink.Write([]byte("state at 77"))
	require.NoError(t, err)
	require.NoError(t, sink.Close())
	require.NoError(t, store.Log.DeleteRange(1, 40))
	require.NoError(t, store.Close())

	for _, name := range []string{"meta.json", "state.bin"} {
		path := filepath.Join(folder, "snapshots", sink.ID(), name)
		whole, err := os.ReadFile(path)
		require.NoError(t, err)
		for size := 0; size <= len(whole); size++ {
			require.NoError(t, os.WriteFile(path, whole[:size], 0o666))
			store, err := Open(folder, discard(), hclog.NewNullLogger())
			require.NoError(t, err, "%s cut at byte %d", name, size)
			covered, _, err := newestUsable(store.Snapshots)
			require.NoError(t, err)
			list, err := store.Snapshots.List()
			require.NoError(t, err)
			switch {
			case size == len(whole):
				require.EqualValues(t, 77, covered)
				require.Equal(t, members, list[0].Configuration, "with the members of its time")
			case covered == 77: // only white space is missing
				require.Equal(t, members, list[0].Configuration)
			default:
				require.EqualValues(t, 40, covered, "%s cut at byte %d", name, size)
			}
			require.NoError(t, store.Close())
		}
	}
}
