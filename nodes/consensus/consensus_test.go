package consensus

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/raft"
	"github.com/pingcap/failpoint"
	"github.com/stretchr/testify/require"

	"muster/model/run"
	"muster/nodes/storage"
)

func TestAnyMemberTakesCommands(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	leader := c.leader()
	for i, name := range append([]string{leader}, c.others(leader)...) {
		require.Nil(t, c.apply(name, numbers(1, 3)[i]))
		require.Equal(t, errBad, c.apply(name, "bad"), "a refused command is committed all the same, and the refusal keeps its identity")
	}
	c.requireAll("1", "2", "3")
	leader = c.leader()
	for _, m := range c.members {
		status := m.node.Status()
		require.Equal(t, leader, status.Leader)
		require.Equal(t, c.names, status.Members)
		require.GreaterOrEqual(t, status.Committed, status.Applied)
	}
}

func TestReadBarrierSeesEveryAcknowledgedCommand(t *testing.T) {
	t.Parallel()
	c := newCluster(t, func(config *Config) { config.CommitInterval = 30 * time.Millisecond })
	c.leader()
	for i, command := range numbers(1, 30) {
		writer, reader := c.names[i%3], c.names[(i+1)%3]
		c.apply(writer, command)
		c.readBarrier(reader)
		require.Equal(t, numbers(1, i+1), c.members[reader].machine.all())
	}
}

func TestLeaderStopsAndComesBackFromItsDisk(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	first := c.leader()
	c.apply(first, "1")
	c.stop(first)
	second := c.leader()
	require.NotEqual(t, first, second)
	c.apply(second, "2")
	c.start(first)
	c.requireAll("1", "2")
	for _, name := range c.names {
		c.stop(name)
	}
	for _, name := range c.names {
		c.start(name)
	}
	c.leader()
	c.apply("b:2", "3")
	c.requireAll("1", "2", "3")
}

func TestWithoutAMajorityNothingSucceeds(t *testing.T) {
	t.Parallel()
	c := newCluster(t, func(config *Config) { config.Timeout = 500 * time.Millisecond })
	leader := c.leader()
	c.apply(leader, "1")
	for _, name := range c.others(leader) {
		c.stop(name)
	}
	m := c.members[leader]
	for range 3 {
		_, err := m.node.Apply(t.Context(), []byte("2"))
		require.True(t, errors.Is(err, ErrUnknownOutcome) || errors.Is(err, ErrNotCommitted) || errors.Is(err, ErrNoLeader), "%v", err)
		require.Error(t, m.node.ReadBarrier(t.Context()))
	}
	require.Eventually(t, func() bool {
		_, err := m.node.Apply(t.Context(), []byte("2"))
		return errors.Is(err, ErrNoLeader)
	}, patience, 5*time.Millisecond, "the leader steps down")
	require.Equal(t, []string{"1"}, m.machine.all())
}

func TestIsolatedLeaderNeitherWritesNorReads(t *testing.T) {
	t.Parallel()
	c := newCluster(t, func(config *Config) { config.Timeout = 2 * time.Second })
	old := c.leader()
	c.apply(old, "1")
	c.requireAll("1")
	c.isolate(old, true)

	m := c.members[old]
	require.Error(t, m.node.ReadBarrier(t.Context()))
	_, err := m.node.Apply(t.Context(), []byte("lost"))
	require.Error(t, err)
	require.Equal(t, []string{"1"}, m.machine.all())

	other := c.leader(old)
	c.apply(other, "2")
	c.readBarrier(other)
	require.Error(t, m.node.ReadBarrier(t.Context()), "still cut off")

	c.isolate(old, false)
	c.readBarrier(old)
	c.requireAll("1", "2")
}

func TestForwardedCommandWhoseAnswerIsLostIsUnknown(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	forward := func() (leader, follower string, err error) {
		leader = c.leader()
		follower = c.others(leader)[0]
		c.apply(follower, "1")
		link := c.links[follower+">"+leader][1] // the one for forwarding alone
		link.set(true)
		defer link.set(false)
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		_, err = c.members[follower].node.Apply(ctx, []byte("2"))
		return leader, follower, err
	}
	leader, follower, err := forward()
	for !errors.Is(err, ErrUnknownOutcome) { // leadership moved in between
		require.NotEqual(t, leader, c.members[follower].node.Status().Leader, "%v", err)
		leader, follower, err = forward()
	}
	require.NotErrorIs(t, err, ErrNotCommitted)
}

func TestSnapshotsShortenTheLogAndReachLaggards(t *testing.T) {
	t.Parallel()
	c := newCluster(t, func(config *Config) {
		config.SnapshotEvery, config.SnapshotCheck = 16, 20*time.Millisecond
	})
	leader := c.leader()
	laggard := c.others(leader)[0]
	c.stop(laggard)
	for _, command := range numbers(1, 100) {
		c.apply(leader, command)
	}
	log := c.members[leader].node.store.Log
	require.Eventually(t, func() bool { first, err := log.FirstIndex(); return err == nil && first > 40 }, patience, 5*time.Millisecond)
	c.start(laggard)
	c.requireAll(numbers(1, 100)...)
	c.readBarrier(laggard) // it counts as applied what the snapshot brought

	c.stop(leader)
	c.start(leader)
	c.leader()
	c.apply(laggard, "101")
	c.requireAll(numbers(1, 101)...)
}

// The defect must do harm, or a checker that misses it would look right.
func TestAckBeforeCommitLosesAcknowledgedCommands(t *testing.T) {
	c := newCluster(t, func(config *Config) { config.Timeout = 2 * time.Second })
	old := c.leader()
	c.apply(old, "1")
	require.NoError(t, failpoint.Enable("muster/nodes/"+string(AckBeforeCommit), "return(true)"))
	defer failpoint.Disable("muster/nodes/" + string(AckBeforeCommit))
	c.isolate(old, true)
	_, err := c.members[old].node.Apply(t.Context(), []byte("lost"))
	require.NoError(t, err, "acknowledged without a majority")
	other := c.leader(old)
	c.apply(other, "2")
	c.isolate(old, false)
	c.requireAll("1", "2")
}

// A node that is to end must not wait for answers that others owe it.
func TestClosesWhileAnswersAreMissing(t *testing.T) {
	t.Parallel()
	c := newCluster(t, func(config *Config) { config.Timeout, config.MessageTimeout = time.Second, time.Hour })
	leader := c.leader()
	c.apply(leader, "1")
	c.requireAll("1")
	c.isolate(leader, true)
	_, err := c.members[leader].node.Apply(t.Context(), []byte("2"))
	require.Error(t, err)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, c.members[leader].node.Close(ended))
	c.members[leader].node = nil
	c.isolate(leader, false)
	c.start(leader)
	c.leader()
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

// told is what members logged of a term: who said to lead it, and whom each believed to.
type told struct {
	slog.Handler
	member  string
	mu      *sync.Mutex
	leaders map[uint64][]string
}

func (w told) Enabled(context.Context, slog.Level) bool { return true }

func (w told) Handle(_ context.Context, record slog.Record) error {
	var state, leader string
	var term uint64
	record.Attrs(func(a slog.Attr) bool {
		switch a.Key {
		case "state":
			state = a.Value.String()
		case "leader":
			leader = a.Value.String()
		case "term":
			term = a.Value.Uint64()
		}
		return true
	})
	if state == "leader" {
		leader = w.member
	}
	if (record.Message == run.EventRaftState || record.Message == run.EventRaftLeader) && leader != "" {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.leaders[term] = append(w.leaders[term], leader)
	}
	return nil
}

func (w told) WithAttrs([]slog.Attr) slog.Handler { return slog.DiscardHandler } // raft's own lines

func TestLeadersAreLoggedWithTheTermThatTheyLead(t *testing.T) {
	t.Parallel()
	log := told{mu: &sync.Mutex{}, leaders: map[uint64][]string{}}
	c := newCluster(t, func(config *Config) {
		own := log
		own.member = config.Self
		config.Logger = slog.New(own)
	})
	for range 10 {
		transfer := c.members[c.leader()].node.raft.LeadershipTransfer()
		_ = transfer.Error() // it may have moved by itself
	}
	c.leader()
	log.mu.Lock()
	defer log.mu.Unlock()
	require.Greater(t, len(log.leaders), 1)
	for term, leaders := range log.leaders {
		require.Len(t, slices.Compact(slices.Clone(leaders)), 1, "term %d had the leaders %v", term, leaders)
	}
}

func openAlone(t *testing.T, folder string, change func(*Config)) (*Node, *list, *bytes.Buffer) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	machine, logged := &list{}, &bytes.Buffer{}
	config := Config{Self: "127.0.0.1:8848", DataFolder: folder, Machine: machine, Listener: listener,
		Logger: slog.New(slog.NewJSONHandler(logged, nil)), ElectionTimeout: 50 * time.Millisecond}
	if change != nil {
		change(&config)
	}
	node, err := Open(config)
	if change != nil {
		_, closed := listener.Accept()
		require.ErrorIs(t, closed, net.ErrClosed)
		return nil, nil, bytes.NewBufferString(err.Error())
	}
	require.NoError(t, err)
	return node, machine, logged
}

// openAloneAt opens a folder as a node of that address.
func openAloneAt(t *testing.T, self, folder string) (*Node, *list, *bytes.Buffer) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	machine, logged := &list{}, &bytes.Buffer{}
	node, err := Open(Config{Self: self, DataFolder: folder, Machine: machine, Listener: listener,
		Logger: slog.New(slog.NewJSONHandler(logged, nil)), ElectionTimeout: 50 * time.Millisecond})
	require.NoError(t, err)
	return node, machine, logged
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	used := t.TempDir()
	node, _, _ := openAlone(t, used, nil)
	_, _, text := openAlone(t, used, func(*Config) {})
	require.Contains(t, text.String(), "another process uses it")
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
			_, _, text := openAlone(t, used, test.change)
			require.Contains(t, text.String(), test.want)
		})
	}
	require.NoError(t, os.Truncate(filepath.Join(used, "stable"), 5))
	_, _, text = openAlone(t, used, func(*Config) {})
	require.Contains(t, text.String(), filepath.Join(used, "stable")+" is damaged")
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

// An answer proves leadership only at the moment its question was sent: one that waited in a socket proves nothing about now.
func TestTransportCountsOnlyAnswersToLaterMessages(t *testing.T) {
	at := map[string]string{}
	listen := func(self string) *transport {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		at[self] = listener.Addr().String()
		gate := newGate(self, []string{"a", "b"}, func(member string) (string, error) { return at[member], nil })
		gate.open.Store(true)
		transport := newTransport(listener, at[self], gate, patience, newRaftLogger(slog.New(slog.DiscardHandler)))
		t.Cleanup(func() { transport.Close() })
		return transport
	}
	leader, follower := listen("a"), listen("b")
	send := func() <-chan error {
		done := make(chan error, 1)
		go func() {
			request := &raft.AppendEntriesRequest{RPCHeader: raft.RPCHeader{ProtocolVersion: 3, ID: []byte("a")}, Term: 7}
			done <- leader.AppendEntries("b", follower.LocalAddr(), request, new(raft.AppendEntriesResponse))
		}()
		return done
	}
	answer := func(success bool) {
		question := <-follower.Consumer()
		question.Respond(&raft.AppendEntriesResponse{Term: 7, Success: success}, nil)
	}

	early := send()
	question := <-follower.Consumer()
	moment := leader.now()
	question.Respond(&raft.AppendEntriesResponse{Term: 7, Success: true}, nil)
	require.NoError(t, <-early)
	require.False(t, leader.hasFollowed("b", 7, moment), "sent before the moment, answered after it")

	refused := send()
	answer(false)
	require.NoError(t, <-refused)
	require.False(t, leader.hasFollowed("b", 7, moment), "the peer follows another leader")

	late := send()
	answer(true)
	require.NoError(t, <-late)
	require.True(t, leader.hasFollowed("b", 7, moment))
	require.False(t, leader.hasFollowed("b", 8, moment), "of another term")
}

func TestTransportGoesOnTryingWhoIsOutOfReach(t *testing.T) {
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	at := map[string]string{"b": nobody.Addr().String()}
	require.NoError(t, nobody.Close())
	listen := func(self, address string) *transport {
		listener, err := net.Listen("tcp", address)
		require.NoError(t, err)
		gate := newGate(self, []string{"a", "b"}, func(member string) (string, error) { return at[member], nil })
		gate.open.Store(true)
		transport := newTransport(listener, address, gate, patience, newRaftLogger(slog.New(slog.DiscardHandler)))
		t.Cleanup(func() { transport.Close() })
		return transport
	}
	leader := listen("a", "127.0.0.1:0")
	var leads atomic.Bool
	_, err = leader.AppendEntriesPipeline("b", raft.ServerAddress(at["b"]))
	require.ErrorIs(t, err, raft.ErrPipelineReplicationNotSupported, "pipelines can lock up")
	leading := func(follower raft.ServerID, term uint64) bool {
		return follower == "b" && term == 7 && leads.Load()
	}
	leader.leading.Store(&leading)
	send := func(entries ...*raft.Log) error {
		request := &raft.AppendEntriesRequest{RPCHeader: raft.RPCHeader{ProtocolVersion: 3, ID: []byte("a")}, Term: 7, Entries: entries}
		return leader.AppendEntries("b", raft.ServerAddress(at["b"]), request, new(raft.AppendEntriesResponse))
	}
	entry := &raft.Log{Index: 1, Term: 7}
	leads.Store(true)
	for range failuresLeftToRaft {
		require.Error(t, send(entry), "raft tries again soon enough")
	}
	require.Error(t, send(), "a heartbeat comes again by itself")
	leads.Store(false)
	require.Error(t, send(entry), "it is no longer for this member to say")
	leads.Store(true)
	done := make(chan error, 1)
	go func() { done <- send(entry) }()
	select {
	case err := <-done:
		require.Fail(t, "gave up", "%v", err)
	case <-time.After(reachEvery / 5):
	}
	follower := listen("b", at["b"])
	question := <-follower.Consumer()
	question.Respond(&raft.AppendEntriesResponse{Term: 7, Success: true}, nil)
	require.NoError(t, <-done)

	require.NoError(t, follower.Close())
	for range failuresLeftToRaft {
		require.Error(t, send(entry), "it is counted anew")
	}
	go func() { done <- send(entry) }()
	require.NoError(t, leader.Close())
	require.Error(t, <-done)
}

func TestWaitEndsWithItsContext(t *testing.T) {
	m := &machine{inner: &list{}}
	m.advance(4)
	require.NoError(t, m.wait(t.Context(), 4))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, m.wait(ctx, 5), context.Canceled)
}

// A node that is alone leads as soon as it runs, also when it comes back, and what its snapshot holds is read once.
func TestLoneNodeLeadsAtOnce(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for start := range 2 {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		machine := &list{}
		node, err := Open(Config{Self: "127.0.0.1:8848", DataFolder: folder, Machine: machine, Listener: listener, Logger: slog.New(slog.DiscardHandler),
			ElectionTimeout: time.Hour, SnapshotEvery: 1, SnapshotCheck: 5 * time.Millisecond})
		require.NoError(t, err)
		require.Eventually(t, func() bool { return node.Status().State == "leader" }, patience, time.Millisecond)
		_, err = node.Apply(t.Context(), []byte("entry"))
		require.NoError(t, err)
		if start == 0 {
			require.Eventually(t, func() bool { return node.raft.Stats()["last_snapshot_index"] != "0" }, patience, time.Millisecond)
		} else {
			require.Equal(t, 1, machine.restored)
		}
		require.NoError(t, node.Close(t.Context()))
	}
}
