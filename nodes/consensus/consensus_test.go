package consensus

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/raft"
	"github.com/pingcap/failpoint"
	"github.com/stretchr/testify/require"

	"muster/model/run"
	"muster/nodes/loopback"
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
	forward := func() error {
		leader := c.leader()
		follower := c.others(leader)[0]
		c.apply(follower, "1")
		link := c.links[follower+">"+leader][0]
		link.set(true)
		defer link.set(false)
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		_, err := c.members[follower].node.Apply(ctx, []byte("2"))
		return err
	}
	err := forward()
	for range 20 {
		if errors.Is(err, ErrUnknownOutcome) {
			break
		}
		err = forward() // leadership moved in between
	}
	require.ErrorIs(t, err, ErrUnknownOutcome)
	require.NotErrorIs(t, err, ErrNotCommitted)
}

// Who asks is believed no further than the form of the answer.
func TestAnswersToForwards(t *testing.T) {
	answers := make(chan []byte, 1)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	leader := newTransport(listener, "a", openGate("a", "b"), patience, newRaftLogger(slog.New(slog.DiscardHandler)))
	defer leader.Close()
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	find := func(string) (string, error) { return listener.Addr().String(), nil }
	asking := &Node{config: Config{Self: "b", Refusals: []error{errBad}}, transport: newTransport(nobody, "b", newGate("b", nil, find), patience, newRaftLogger(slog.New(slog.DiscardHandler)))}
	defer asking.transport.Close()
	_, err = asking.forward(t.Context(), "a", []byte("x"))
	require.ErrorIs(t, err, ErrNotCommitted, "raft does not run yet")
	answer := func([]byte) []byte { return <-answers }
	leader.answers.Store(&answer)

	for _, test := range []struct {
		answer   string
		is       error
		contains string
	}{
		{"\x03it is another", ErrNotCommitted, "the leader a says: it is another"},
		{"\x04it may be", ErrUnknownOutcome, "the leader a says: it may be"},
		{"", ErrUnknownOutcome, "a malformed answer of no bytes"},
		{"\x09", ErrUnknownOutcome, "a malformed answer of kind 9; want 1 to 4"},
	} {
		answers <- []byte(test.answer)
		_, err := asking.forward(t.Context(), "a", []byte("x"))
		require.ErrorIs(t, err, test.is)
		require.ErrorContains(t, err, test.contains)
	}
	for _, test := range []struct {
		answer string
		want   any
	}{{"\x01", nil}, {"\x02" + errBad.Error(), errBad}, {"\x02another", errors.New("another")}} {
		answers <- []byte(test.answer)
		refusal, err := asking.forward(t.Context(), "a", []byte("x"))
		require.NoError(t, err)
		require.Equal(t, test.want, refusal)
	}

	want := readIndex{index: 1, term: 2, committed: 3, committedTerm: 4, leader: "a"}
	answers <- want.encode([]byte{carriedOut})
	news, err := asking.askReadIndexOf(t.Context(), "a")
	require.NoError(t, err)
	require.Equal(t, want, news)
	for answer, contains := range map[string]string{"": "no bytes", "\x03no": "the leader a says: no", "\x01short": "a malformed answer of 5 bytes; want 4 numbers"} {
		answers <- []byte(answer)
		_, err := asking.askReadIndexOf(t.Context(), "a")
		require.ErrorContains(t, err, contains)
	}
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
	c.apply(c.leader(), "1")
	require.NoError(t, failpoint.Enable("muster/nodes/"+string(AckBeforeCommit), "return(true)"))
	defer failpoint.Disable("muster/nodes/" + string(AckBeforeCommit))
	old, err := "", ErrNoLeader
	for attempt := 0; err != nil && attempt < 20; attempt++ { // on a busy machine who is cut off may notice before it is asked
		if old != "" {
			c.isolate(old, false)
		}
		old = c.leader()
		c.isolate(old, true)
		_, err = c.members[old].node.Apply(t.Context(), []byte("lost"))
	}
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
	nobody, err := loopback.Addresses(1)
	require.NoError(t, err)
	at := map[string]string{"b": nobody[0]}
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

// A snapshot that was taken before the leader's came must not be raft's last one.
func TestSnapshotIsNotWrittenOverTheLeaders(t *testing.T) {
	m := &machine{inner: &list{}}
	require.Nil(t, m.Apply(&raft.Log{Index: 4, Data: []byte("a")}))
	old, err := m.Snapshot()
	require.NoError(t, err)
	sink := func() raft.SnapshotSink {
		made, err := raft.NewInmemSnapshotStore().Create(raft.SnapshotVersionMax, 4, 1, raft.Configuration{}, 1, nil)
		require.NoError(t, err)
		return made
	}
	require.NoError(t, old.Persist(sink()))
	require.NoError(t, m.Restore(io.NopCloser(strings.NewReader("\x09\x00\x00\x00\x00\x00\x00\x00a\nb"))))
	require.EqualValues(t, 9, m.index())
	require.ErrorContains(t, old.Persist(sink()), "the leader's, which is newer, has come meanwhile")
	latest, err := m.Snapshot()
	require.NoError(t, err)
	require.NoError(t, latest.Persist(sink()))
}
