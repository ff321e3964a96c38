package consensus

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// ports are members by the addresses of their Raft ports, as operators name them.
func ports(members ...string) string {
	var list []string
	for _, member := range members {
		host, port, _ := strings.Cut(member, ":")
		list = append(list, host+":"+map[string]string{"2001": "1001", "2002": "1002", "2003": "1003"}[port])
	}
	return strings.Join(list, ",")
}

func TestOperatorsCommands(t *testing.T) {
	t.Parallel()
	names := []string{"a:2001", "b:2002", "c:2003"}
	c := newClusterOf(t, names, nil, nil)
	leader := c.leader()
	c.apply(leader, "1")
	c.requireAll("1")
	follower := c.others(leader)[0]
	operate := func(at, command, value string) error { return c.members[at].node.Operate(t.Context(), command, value) }

	require.NoError(t, operate(follower, "doSnapshot", ports(leader)))
	snapshots, err := c.members[leader].node.store.Snapshots.List()
	require.NoError(t, err)
	require.Len(t, snapshots, 1)
	require.NoError(t, operate(leader, "doSnapshot", ports(leader)), "there is nothing new, which is no error")

	require.NoError(t, operate(c.others(leader)[1], "transferLeader", ports(follower)))
	require.Eventually(t, func() bool { return c.leader() == follower }, patience, 5*time.Millisecond)

	require.NoError(t, operate(leader, "changePeers", ports(names...)))
	require.NoError(t, operate(leader, "removePeer", "x:1999"), "it is no member")
	for want, command := range map[string][2]string{
		"is in the list of members":          {"removePeers", ports(leader)},
		"are not those of the list":          {"restRaftCluster", ports(leader, follower)},
		"start each once with --reset-memb":  {"resetPeers", ports(names...)},
		"want the ip:port of a member's Raf": {"transferLeader", "nobody"},
		"want a number":                      {"doSnapshot", "a:b"},
		"it is none of":                      {"transferLeader", "x:1999"},
		"want one of [transferLeader":        {"dance", ports(leader)},
		"want one member":                    {"doSnapshot", ports(names...)},
	} {
		require.ErrorContains(t, operate(leader, command[0], command[1]), want)
	}
	c.stop(follower)
	c.stop(c.others(follower)[0])
	last := c.others(follower)[1]
	require.Eventually(t, func() bool { return c.members[last].node.Status().Leader == "" }, patience, 5*time.Millisecond)
	require.ErrorIs(t, operate(last, "transferLeader", ports(last)), ErrNoLeader)
}
