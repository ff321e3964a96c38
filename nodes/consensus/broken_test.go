package consensus

import (
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pingcap/failpoint"
	"github.com/stretchr/testify/require"
)

func TestBrokenConnectionsAreKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var far net.Conn
		k := newKeeper(func(string, time.Duration) (near net.Conn, err error) {
			near, far = net.Pipe()
			return near, nil
		}, 2*time.Second)
		connection, err := k.connect("a:1", time.Second)
		require.NoError(t, err)
		server := far
		require.NoError(t, connection.SetDeadline(time.Now().Add(time.Second)))
		answered := make(chan error, 1)
		go func() {
			_, err := connection.Write([]byte("?"))
			if err == nil {
				_, err = connection.Read(make([]byte, 1))
			}
			answered <- err
		}()
		time.Sleep(time.Second)
		_, err = k.connect("a:1", time.Second)
		require.NoError(t, err, "it has not waited long")
		time.Sleep(time.Minute)
		_, err = k.connect("a:1", time.Second)
		require.ErrorContains(t, err, "waits for an answer")
		_, err = k.connect("b:2", time.Second)
		require.NoError(t, err)

		_, err = server.Read(make([]byte, 1))
		require.NoError(t, err)
		_, err = server.Write([]byte("!"))
		require.NoError(t, err)
		require.NoError(t, <-answered, "no deadline ended it")
		_, err = k.connect("a:1", time.Second)
		require.NoError(t, err)
	})
}

// A healed cut is over at once, unless broken connections are kept: then the cluster waits for what the cut swallowed.
func TestHealedPeerStaysOutOfReachWhileItsConnectionsAreKept(t *testing.T) {
	require.NoError(t, failpoint.Enable("muster/nodes/"+string(KeepBrokenConnections), "return(true)"))
	defer failpoint.Disable("muster/nodes/" + string(KeepBrokenConnections))
	const timeout = 400 * time.Millisecond
	c := newCluster(t, func(config *Config) { config.MessageTimeout = timeout })
	leader := c.leader()
	c.apply(leader, "1")
	c.requireAll("1")
	follower := c.others(leader)[0]
	link := c.links[leader+">"+follower][0]
	link.set(true)
	c.apply(leader, "2")
	time.Sleep(2 * timeout)
	require.Equal(t, []string{"1"}, c.members[follower].machine.all(), "everything waits on one connection")
	link.set(false)
	c.requireAll("1", "2")
}
