package consensus

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/raft"
	"github.com/stretchr/testify/require"

	"muster/nodes/storage"
)

// list gives all running members a new list, with which others are started from now on.
func (c *cluster) list(names ...string) {
	c.names = names
	for _, m := range c.members {
		if m.node != nil {
			m.node.SetMembers(names)
		}
	}
}

// requireVoters waits until all running members of the list have those voters.
func (c *cluster) requireVoters(want ...string) {
	c.t.Helper()
	for _, name := range c.names {
		node := c.members[name].node
		if node == nil {
			continue
		}
		require.Eventually(c.t, func() bool { return slices.Equal(want, node.Status().Members) }, patience, 5*time.Millisecond,
			"%s has the voters %v, want %v", name, node.Status().Members, want)
	}
}

// wipe empties the folder of a member that does not run.
func (c *cluster) wipe(name string) { c.members[name].folder = c.t.TempDir() }

var three = []string{"a:1", "b:2", "c:3"}

func TestMembersFollowTheList(t *testing.T) {
	t.Parallel()
	c := newClusterOf(t, three, []string{"d:4", "e:5"}, nil)
	c.apply(c.leader(), "1")
	for _, name := range []string{"d:4", "e:5"} {
		c.list(append(slices.Clone(c.names), name)...)
		c.start(name)
		c.requireVoters(c.names...)
		c.requireAll("1")
	}
	c.apply("e:5", "2")
	c.requireAll("1", "2")

	leader := c.leader()
	c.list(c.others(leader)...)
	c.requireVoters(c.names...)
	c.stop(leader)
	c.apply(c.leader(leader), "3")

	gone := c.others(c.leader(leader))[0]
	c.stop(gone)
	c.list(c.others(gone)...)
	c.requireVoters(c.names...)
	c.apply(c.names[0], "4")
	c.requireAll("1", "2", "3", "4")

	// One that was removed comes back with its old log, the other with nothing.
	c.wipe(gone)
	c.list(append(slices.Clone(c.names), gone, leader)...)
	c.start(gone)
	c.start(leader)
	slices.Sort(c.names)
	c.requireVoters(c.names...)
	c.requireAll("1", "2", "3", "4")
}

func TestClusterSaysWhomItWaitsForToBegin(t *testing.T) {
	t.Parallel()
	c := newClusterOf(t, three[:2], three[2:], func(config *Config) { config.Members = three })
	require.Eventually(t, func() bool {
		_, err := c.members["a:1"].node.Apply(t.Context(), []byte("1"))
		require.ErrorIs(t, err, ErrNoLeader)
		return strings.Contains(err.Error(), "it has none of [c:3]")
	}, patience, 5*time.Millisecond)
	c.names = three
	c.start("c:3")
	c.apply(c.leader(), "1")
	for _, m := range c.members {
		require.Nil(t, m.node.waits.Load(), m.name)
	}
}

func TestNodeWithANewAddressComesBack(t *testing.T) {
	t.Parallel()
	c := newClusterOf(t, three, []string{"d:4"}, nil)
	c.apply(c.leader(), "1")
	c.requireAll("1")
	c.stop("c:3")
	c.members["d:4"].folder = c.members["c:3"].folder
	c.list("a:1", "b:2", "d:4")
	c.start("d:4")
	c.requireVoters("a:1", "b:2", "d:4")
	c.stop("a:1") // it counts for the majority
	c.apply("d:4", "2")
	c.requireAll("1", "2")
}

// A member that has lost its disk must not vote until it was taken out and added anew: it may have voted for another.
func TestNodeThatLostItsDiskIsAddedAnew(t *testing.T) {
	t.Parallel()
	log := &lines{}
	c := newClusterOf(t, three, nil, func(config *Config) { config.Logger = slog.New(slog.NewTextHandler(log, nil)) })
	c.apply(c.leader(), "1")
	c.requireAll("1")
	c.stop("c:3")
	c.stop("b:2")
	c.wipe("c:3")
	c.start("c:3")
	time.Sleep(3 * c.members["a:1"].node.config.ElectionTimeout) // for an election to go wrong
	for _, name := range []string{"a:1", "c:3"} {
		require.NotEqual(t, "leader", c.members[name].node.Status().State, "the node without a memory has voted")
	}
	c.start("b:2")
	c.leader()
	c.requireAll("1")
	for _, line := range []string{"raft.join", `member=c:3 change=removed`, `member=c:3 change="given a vote"`} {
		require.Eventually(t, func() bool { return strings.Contains(log.String(), line) }, patience, 5*time.Millisecond, line)
	}
	c.requireVoters(three...)
	c.stop("b:2")
	c.apply("c:3", "2")
}

// A node that has lost its disk may have acknowledged entries, with a member that is away, of which the one that is there never heard.
func TestNodeThatLostItsDiskDoesNotBeginAgainWithALaggard(t *testing.T) {
	t.Parallel()
	timeout := time.Hour
	c := newClusterOf(t, three, nil, func(config *Config) { config.ElectionTimeout = timeout })
	for _, name := range three {
		require.Eventually(t, func() bool { return c.members[name].node.raft.LastIndex() == 1 }, patience, time.Millisecond, "all begin, and nobody leads")
	}
	for _, name := range three {
		c.stop(name)
	}
	timeout = electionTimeout
	c.start("a:1")
	c.start("c:3")
	c.apply(c.leader(), "1")
	c.requireAll("1")
	c.stop("a:1")
	c.stop("c:3")

	c.wipe("a:1")
	c.start("a:1")
	c.start("b:2")
	time.Sleep(4 * electionTimeout)
	for _, name := range []string{"a:1", "b:2"} {
		require.Empty(t, c.members[name].node.Status().Leader, "%s is in a second cluster", name)
	}
	c.start("c:3")
	c.requireAll("1")
}

// A removal that is not committed can be undone by another leader, for whom the member votes still: it must not be let in on the strength of it.
func TestNobodyIsLetInBeforeTheRemovalIsCommitted(t *testing.T) {
	t.Parallel()
	c := newCluster(t, func(config *Config) { config.ElectionTimeout = 4 * time.Second }) // the leader leads on for half of it
	leader := c.leader()
	c.apply(leader, "1")
	rest := c.others(leader)
	c.isolate(rest[0], true)
	c.isolate(rest[1], true)
	node := c.members[leader].node
	require.Equal(t, three, node.Status().Members)
	node.raft.RemoveServer(raft.ServerID(rest[1]), 0, node.config.Timeout)
	require.Eventually(t, func() bool { return len(node.configured()) == 2 }, patience, time.Millisecond)

	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	require.ErrorContains(t, node.letIn(ctx, rest[1]), "make sure that "+rest[1]+" has no vote")
}

// lines is a log that many write to.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(text []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(text)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func TestAllAddressesNew(t *testing.T) {
	t.Parallel()
	c := newClusterOf(t, three, []string{"d:4", "e:5", "f:6"}, func(config *Config) {
		config.SnapshotEvery, config.SnapshotCheck = 16, 20*time.Millisecond
		config.ResetMembers = config.Self > "c:3"
	})
	for _, command := range numbers(1, 20) {
		c.apply(c.leader(), command)
	}
	c.requireAll(numbers(1, 20)...)
	for i, name := range three {
		c.stop(name)
		c.members[[]string{"d:4", "e:5", "f:6"}[i]].folder = c.members[name].folder
	}
	c.names = []string{"d:4", "e:5", "f:6"}
	for _, name := range c.names {
		c.start(name)
	}
	c.apply(c.leader(), "21")
	c.requireAll(numbers(1, 21)...)
	c.requireVoters(c.names...)
}

func TestNodeThatWasAloneHasANewAddress(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	node, _, _ := openAlone(t, folder, nil)
	require.Eventually(t, func() bool { return node.Status().State == "leader" }, patience, time.Millisecond)
	_, err := node.Apply(t.Context(), []byte("1"))
	require.NoError(t, err)
	require.NoError(t, node.Close(t.Context()))

	moved, machine, log := openAlone(t, folder, func(c *Config) { c.Self = "127.0.0.2:8848" })
	require.Eventually(t, func() bool { return moved.Status().State == "leader" }, patience, time.Millisecond)
	require.NoError(t, moved.ReadBarrier(t.Context()))
	require.Equal(t, []string{"1"}, machine.all())
	require.Equal(t, []string{"127.0.0.2:8848"}, moved.Status().Members)
	require.NoError(t, moved.Close(t.Context()))
	require.Contains(t, log.String(), "the list of members replaces that of the data folder")
}

func TestNobodyIsRemovedWithoutWhomThereIsNoMajority(t *testing.T) {
	t.Parallel()
	c := newClusterOf(t, three, nil, func(config *Config) { config.ElectionTimeout = 4 * time.Second }) // who leads shall go on
	leader := c.leader()
	c.apply(leader, "1")
	dead, alive := c.others(leader)[0], c.others(leader)[1]
	c.stop(dead)
	node := c.members[c.leader()].node
	require.ErrorContains(t, node.remove(t.Context(), other(c, dead)), "would be no majority")
	require.Equal(t, three, node.Status().Members)
	require.NoError(t, node.remove(t.Context(), dead))
	require.Contains(t, node.Status().Members, alive)
	require.Len(t, node.Status().Members, 2)
}

// other is the member that neither leads nor is dead.
func other(c *cluster, dead string) string {
	rest := slices.DeleteFunc(c.others(c.leader()), func(name string) bool { return name == dead })
	return rest[0]
}

func TestReadAtAFollowerDoesNotWaitForTheCommitInterval(t *testing.T) {
	t.Parallel()
	c := newCluster(t, func(config *Config) {
		config.CommitInterval, config.Timeout = time.Minute, 10*time.Second
	})
	leader := c.leader()
	for i, command := range numbers(1, 5) {
		c.apply(leader, command)
		for _, name := range c.others(leader) {
			c.readBarrier(name)
			require.Equal(t, numbers(1, i+1), c.members[name].machine.all())
		}
	}
}

// A follower believes what the leader says of commits only as far as its own log agrees.
func TestFollowerDoesNotTakeAnothersCommitForItsOwn(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	leader := c.leader()
	c.apply(leader, "1")
	c.requireAll("1")
	follower := c.members[c.others(leader)[0]].node
	committed, term := follower.Status().Committed, follower.raft.CurrentTerm()
	follower.learnCommit(t.Context(), readIndex{leader: leader, term: term, committed: committed + 10, committedTerm: 1})
	follower.learnCommit(t.Context(), readIndex{leader: leader, term: term, committed: committed, committedTerm: 99})
	c.readBarrier(follower.config.Self)
	led := follower.raft.CurrentTerm() - term // a new leader begins with an entry of its own
	require.LessOrEqual(t, follower.Status().Committed, committed+led)
}

func TestSnapshotsHoldTheMembers(t *testing.T) {
	t.Parallel()
	c := newClusterOf(t, three, []string{"d:4"}, func(config *Config) { config.SnapshotEvery, config.SnapshotCheck = 16, 20*time.Millisecond })
	c.leader()
	laggard := other(c, "")
	c.stop(laggard)
	c.list("a:1", "b:2", "c:3", "d:4")
	c.start("d:4")
	c.requireVoters(c.names...)
	for _, command := range numbers(1, 60) {
		c.apply(c.leader(), command)
	}
	store := c.members[c.leader()].node.store
	require.Eventually(t, func() bool { first, err := store.Log.FirstIndex(); return err == nil && first > 20 }, patience, 5*time.Millisecond)
	c.start(laggard)
	c.requireAll(numbers(1, 60)...)
	c.requireVoters(c.names...)

	for _, name := range c.names {
		c.stop(name)
	}
	opened, err := storage.Open(c.members[laggard].folder, slog.New(slog.DiscardHandler), newRaftLogger(slog.New(slog.DiscardHandler)))
	require.NoError(t, err)
	snapshots, err := opened.Snapshots.List()
	require.NoError(t, err)
	require.Len(t, snapshots[0].Configuration.Servers, 4)
	require.NoError(t, opened.Close())
	for _, name := range c.names {
		c.start(name)
	}
	c.apply(c.leader(), "61")
	c.requireVoters(c.names...)
	c.requireAll(numbers(1, 61)...)
}
