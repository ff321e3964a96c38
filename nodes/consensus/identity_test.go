package consensus

import (
	"log/slog"
	"testing"

	"github.com/hashicorp/raft"
	"github.com/stretchr/testify/require"
)

func TestWhoDoesNotShowTheIdentityIsNotHeard(t *testing.T) {
	t.Parallel()
	log := &lines{}
	c := newCluster(t, func(config *Config) {
		config.Identity, config.Logger = "key=value", slog.New(slog.NewTextHandler(log, nil))
	})
	leader := c.leader()
	c.apply(leader, "1")
	c.requireAll("1")
	victim := c.members[c.others(leader)[0]]
	stranger := forge(t)
	vote := &raft.RequestVoteRequest{RPCHeader: raft.RPCHeader{ProtocolVersion: 3, ID: []byte(leader), Addr: make([]byte, 64)}, Term: 100, LeadershipTransfer: true}
	require.Error(t, stranger.RequestVote("", raft.ServerAddress(victim.raft), vote, new(raft.RequestVoteResponse)))
	require.Less(t, victim.node.Status().Term, uint64(100))
	require.Contains(t, log.String(), "did not show the identity")
}
