package consensus

import (
	"io"
	"log/slog"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/raft"
	"github.com/stretchr/testify/require"
)

func TestWhoDoesNotProveTheIdentityIsNotHeard(t *testing.T) {
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
	refused := victim.node.Status().Refused // members are slow to introduce themselves on a busy machine
	vote := &raft.RequestVoteRequest{RPCHeader: raft.RPCHeader{ProtocolVersion: 3, ID: []byte(leader), Addr: make([]byte, 64)}, Term: 100, LeadershipTransfer: true}
	require.Error(t, stranger.RequestVote("", raft.ServerAddress(victim.raft), vote, new(raft.RequestVoteResponse)))
	require.Eventually(t, func() bool { return victim.node.Status().Refused > refused }, patience, time.Millisecond)
	require.Less(t, victim.node.Status().Term, uint64(100))
	require.Contains(t, log.String(), "dropped a raft connection")
}

// called is the near end of a connection that a member with the secret "s" has taken in, and what its first Read returns.
func called(t *testing.T) (caller net.Conn, heard <-chan error) {
	near, far := net.Pipe()
	t.Cleanup(func() { near.Close() })
	gate := openGate("10.0.0.1:8848")
	gate.identity = "s"
	taken := stream{gate: gate, logger: newRaftLogger(slog.New(slog.DiscardHandler))}.wary(far)
	done := make(chan error, 1)
	go func() {
		_, err := taken.Read(make([]byte, 1))
		require.Zero(t, gate.strangers.Load())
		done <- err
	}()
	return near, done
}

func TestIntroductions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		caller, heard := called(t)
		require.NoError(t, introduce(caller, "s", time.Second))
		time.Sleep(time.Hour) // no deadline is left
		_, err := caller.Write([]byte("!"))
		require.NoError(t, err)
		require.NoError(t, <-heard)

		caller, heard = called(t)
		require.Error(t, introduce(caller, "another", time.Second))
		require.ErrorIs(t, <-heard, errStranger)
	})
}

// What one connection was shown is worth nothing on the next.
func TestProofsAreGoodForOneConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var theirs challenge
		first, heard := called(t)
		_, err := io.ReadFull(first, theirs[:])
		require.NoError(t, err)
		ours := newChallenge()
		shown := prove("s", roleCaller, theirs, ours)
		overheard := append(ours[:], shown[:]...)
		_, err = first.Write(overheard)
		require.NoError(t, err)
		var answer proof
		_, err = io.ReadFull(first, answer[:])
		require.NoError(t, err)
		require.NoError(t, first.Close())
		require.Error(t, <-heard)

		second, heard := called(t)
		_, err = io.ReadFull(second, theirs[:])
		require.NoError(t, err)
		_, err = second.Write(overheard)
		require.NoError(t, err)
		require.ErrorIs(t, <-heard, errStranger)

		// Nor is a challenge that was sent back, with what its own author said of it.
		third, heard := called(t)
		_, err = io.ReadFull(third, theirs[:])
		require.NoError(t, err)
		_, err = third.Write(append(theirs[:], answer[:]...))
		require.NoError(t, err)
		require.ErrorIs(t, <-heard, errStranger)
	})
}

// Who does not answer the challenge, or has nobody to answer its own, is not waited for.
func TestIntroductionsEndInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, says := range []int{0, 1, 63} {
			caller, heard := called(t)
			began := time.Now()
			go func() {
				_, _ = io.ReadFull(caller, make([]byte, len(challenge{})))
				_, _ = caller.Write(make([]byte, says))
			}()
			require.ErrorContains(t, <-heard, "timeout")
			require.Equal(t, introductionTimeout, time.Since(began))
		}
		near, far := net.Pipe()
		defer far.Close()
		began := time.Now()
		require.ErrorContains(t, introduce(near, "s", time.Second), "read the challenge: ")
		require.Equal(t, time.Second, time.Since(began))
	})
}

// A crowd of strangers does not fill the node's memory; members come in again when it is gone.
func TestSoManyStrangersAtOnce(t *testing.T) {
	waiting := make(chan net.Conn, strangersLimit+2)
	gate := openGate("10.0.0.1:8848")
	gate.identity = "s"
	s := stream{offered{nil, waiting}, "", gate, nil, newRaftLogger(slog.New(slog.DiscardHandler))}
	offer := func() (far net.Conn) {
		near, far := net.Pipe()
		waiting <- from{near, "10.0.0.1"}
		return far
	}
	var crowd []net.Conn
	for range strangersLimit {
		offer()
		taken, err := s.Accept()
		require.NoError(t, err)
		crowd = append(crowd, taken)
	}
	tooMuch := offer()
	accepted := make(chan net.Conn)
	go func() {
		taken, _ := s.Accept()
		accepted <- taken
	}()
	_, err := tooMuch.Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF)
	require.NoError(t, crowd[0].Close())
	require.NoError(t, crowd[0].Close(), "and it counts but once")
	require.EqualValues(t, strangersLimit-1, gate.strangers.Load())
	offer()
	require.NotNil(t, <-accepted)
	require.EqualValues(t, 1, gate.refused.Load())
}
