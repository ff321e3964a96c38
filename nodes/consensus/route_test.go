package consensus

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/raft"
	"github.com/pingcap/failpoint"
	"github.com/stretchr/testify/require"
)

func TestRouteLagsBehindOnPurpose(t *testing.T) {
	const name = "muster/nodes/" + string(ForwardToFormerLeader)
	require.NoError(t, failpoint.Enable(name, "return(true)"))
	defer failpoint.Disable(name)
	synctest.Test(t, func(t *testing.T) {
		var r route
		var known atomic.Value
		known.Store(raft.ServerID(""))
		ctx, cancel := context.WithCancel(t.Context())
		go r.follow(ctx, func() raft.ServerID { return known.Load().(raft.ServerID) })
		synctest.Wait()
		require.Equal(t, raft.ServerID("a"), r.leader("a"), "nobody was found yet")

		known.Store(raft.ServerID("a"))
		time.Sleep(routeEvery + routeJitter)
		synctest.Wait()
		require.Equal(t, raft.ServerID("a"), r.leader("b"), "the route is as old as the last look")
		known.Store(raft.ServerID(""))
		time.Sleep(time.Minute)
		require.Equal(t, raft.ServerID("a"), r.leader(""), "a leader is believed in until there is another")
		known.Store(raft.ServerID("b"))
		time.Sleep(routeEvery + routeJitter)
		synctest.Wait()
		require.Equal(t, raft.ServerID("b"), r.leader(""))
		cancel()
	})
}

func TestRouteIsWhatIsBelieved(t *testing.T) {
	var r route
	former := raft.ServerID("a")
	r.former.Store(&former)
	require.Equal(t, raft.ServerID("b"), r.leader("b"))
	require.Empty(t, r.leader(""))
}
