package consensus

import (
	"bytes"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/nodes/storage"
)

// openAlone opens a folder as the node 127.0.0.1:8848, or as change makes it.
func openAlone(t *testing.T, folder string, change func(*Config)) (*Node, *list, *bytes.Buffer) {
	t.Helper()
	machine, logged := &list{}, &bytes.Buffer{}
	node, err := tryAlone(t, folder, func(c *Config) {
		c.Machine, c.Logger = machine, slog.New(slog.NewJSONHandler(logged, nil))
		if change != nil {
			change(c)
		}
	})
	require.NoError(t, err)
	return node, machine, logged
}

// tryAlone opens a folder, if that can be done; if not, it makes sure that the port is given back.
func tryAlone(t *testing.T, folder string, change func(*Config)) (*Node, error) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	config := Config{Self: "127.0.0.1:8848", DataFolder: folder, Machine: &list{}, Listener: listener, Logger: slog.New(slog.DiscardHandler),
		ElectionTimeout: 50 * time.Millisecond}
	change(&config)
	node, err := Open(config)
	if err != nil {
		_, closed := listener.Accept()
		require.ErrorIs(t, closed, net.ErrClosed)
	}
	return node, err
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	used := t.TempDir()
	node, _, _ := openAlone(t, used, nil)
	_, err := tryAlone(t, used, func(*Config) {})
	require.ErrorContains(t, err, "another process uses it")
	require.NoError(t, node.Close(t.Context()))

	for _, test := range []struct {
		name, want string
		change     func(*Config)
	}{
		{"not a member", "this node, 127.0.0.1:8848, is not among the members", func(c *Config) { c.Members = []string{"127.0.0.1:8858"} }},
		{"listed twice", "one is listed twice", func(c *Config) { c.Members = []string{c.Self, c.Self} }},
		{"no raft port", "want a port", func(c *Config) { c.Self = "127.0.0.1:500" }},
		{"another cluster's folder", "belongs to a cluster of [127.0.0.1:8848], not of [127.0.0.1:8858 127.0.0.1:8868]; if these are the same nodes at new addresses, stop all of them and start each once with --reset-members", func(c *Config) {
			c.Self, c.Members = "127.0.0.1:8858", []string{"127.0.0.1:8858", "127.0.0.1:8868"}
		}},
		{"a file where the folder should be", "data folder", func(c *Config) { c.DataFolder = filepath.Join(used, "stable") }},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := tryAlone(t, used, test.change)
			require.ErrorContains(t, err, test.want)
		})
	}
	require.NoError(t, os.Truncate(filepath.Join(used, "stable"), 5))
	_, err = tryAlone(t, used, func(*Config) {})
	require.ErrorContains(t, err, filepath.Join(used, "stable")+" is damaged")
}

func TestBeginsAgainWherePowerFailedWhileBeginning(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		left func(t *testing.T, folder string)
	}{
		{"before the term", func(*testing.T, string) {}},
		{"before the first entry", storeTerm(1)},
		{"while beginning again", storeTerm(0)},
		{"within the first entry", func(t *testing.T, folder string) {
			storeTerm(1)(t, folder)
			require.NoError(t, os.WriteFile(filepath.Join(folder, "log", "00000000000000000001"), []byte("\x50torn"), 0o666))
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			folder := t.TempDir()
			test.left(t, folder)
			for _, command := range []string{"1", "2"} {
				node, machine, _ := openAlone(t, folder, nil)
				require.Eventually(t, func() bool { return node.Status().State == "leader" }, patience, time.Millisecond)
				_, err := node.Apply(t.Context(), []byte(command))
				require.NoError(t, err)
				require.Equal(t, command, machine.all()[len(machine.all())-1])
				require.NoError(t, node.Close(t.Context()))
			}
		})
	}
}

// A folder whose log is gone after an election must not begin anew: it may have voted.
func TestDoesNotBeginAgainAfterAnElection(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	storeTerm(2)(t, folder)
	node, _, _ := openAlone(t, folder, nil)
	_, err := node.Apply(t.Context(), []byte("1"))
	require.ErrorIs(t, err, ErrNoLeader)
	require.Eventually(t, func() bool {
		_, err := node.Apply(t.Context(), []byte("1"))
		return strings.Contains(err.Error(), "has lost its log")
	}, patience, time.Millisecond)
	require.Empty(t, node.Status().Members)
	require.NoError(t, node.Close(t.Context()))
}

// storeTerm leaves a folder that holds a term and nothing else.
func storeTerm(term uint64) func(*testing.T, string) {
	return func(t *testing.T, folder string) {
		store, err := storage.Open(folder, slog.New(slog.DiscardHandler), newRaftLogger(slog.New(slog.DiscardHandler)))
		require.NoError(t, err)
		require.NoError(t, store.Stable.SetUint64([]byte("CurrentTerm"), term))
		require.NoError(t, store.Close())
	}
}

func TestAloneNeedsNobody(t *testing.T) {
	t.Parallel()
	node, machine, logged := openAlone(t, t.TempDir(), nil)
	require.Eventually(t, func() bool { return node.Status().State == "leader" }, patience, time.Millisecond)
	_, err := node.Apply(t.Context(), []byte("1"))
	require.NoError(t, err)
	require.NoError(t, node.ReadBarrier(t.Context()))
	require.Equal(t, []string{"1"}, machine.all())
	require.NoError(t, node.Close(t.Context()))
	term := regexp.MustCompile(`"msg":"raft.state","state":"leader","term":(\d+)`).FindStringSubmatch(logged.String())
	require.NotNil(t, term, logged.String())
	require.Contains(t, logged.String(), `"msg":"raft.leader","leader":"127.0.0.1:8848","term":`+term[1])
	require.Contains(t, logged.String(), `"msg":"raft.state","state":"shutdown"`)
}

// A node that is alone leads as soon as it runs, also when it comes back, and what its snapshot holds is read once.
func TestLoneNodeLeadsAtOnce(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for start := range 2 {
		node, machine, _ := openAlone(t, folder, func(c *Config) {
			c.ElectionTimeout, c.SnapshotEvery, c.SnapshotCheck = time.Hour, 1, 5*time.Millisecond
		})
		require.Eventually(t, func() bool { return node.Status().State == "leader" }, patience, time.Millisecond)
		_, err := node.Apply(t.Context(), []byte("entry"))
		require.NoError(t, err)
		if start == 0 {
			require.Eventually(t, func() bool { return node.raft.Stats()["last_snapshot_index"] != "0" }, patience, time.Millisecond)
		} else {
			require.Equal(t, 1, machine.restored)
		}
		require.NoError(t, node.Close(t.Context()))
	}
}
