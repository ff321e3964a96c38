package registry_test

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"muster/nodes/registry"
)

// A client's node dies; the client registers at another what it had. What it says there counts, not the copy of its old connection,
// unless the old node turns out to live.
func TestInstancesMoveToNewConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		died, survivor := registry.New(registry.Options{Self: nodeA}), registry.New(registry.Options{Self: nodeB})
		died.Connect(connection())
		require.NoError(t, died.PublishConnected(connected, orders, at("10.1.0.1"), at("10.1.0.2")))
		require.NoError(t, carry(t, died, survivor))
		time.Sleep(time.Second)

		anew := registry.Connection{ID: "1700000009000_10.1.0.1_50001", IP: "10.1.0.1", Port: 50001}
		survivor.Connect(anew)
		heavier := at("10.1.0.1")
		heavier.Weight = 7
		require.NoError(t, survivor.PublishConnected(anew.ID, orders, heavier))
		shown := survivor.FreshView(orders).Hosts
		require.Len(t, shown, 2, "once each; the other was not registered anew")
		require.EqualValues(t, 7, shown[0].Weight)
		copied, _ := survivor.Snapshot(connected)
		require.Len(t, copied.Published, 1, "nor is it handed on to whoever loads")

		require.NoError(t, survivor.DeregisterConnected(anew.ID, orders))
		require.Len(t, survivor.FreshView(orders).Hosts, 1, "it does not come back")

		var shows atomic.Int64
		survivor.OnView(func(view *registry.View, _ []registry.Subscriber) { shows.Store(int64(len(view.Hosts))) })
		survivor.Connect(registry.Connection{ID: "1700000009999_10.1.0.9_50009", IP: "10.1.0.9", Port: 50009})
		require.NoError(t, survivor.Subscribe("1700000009999_10.1.0.9_50009", registry.Subscription{Service: orders}))
		time.Sleep(time.Second)
		require.EqualValues(t, 1, shows.Load())
		require.True(t, survivor.Renew(connected, 0, 0), "the old node lives, and the connection with it")
		time.Sleep(time.Second)
		require.EqualValues(t, 2, shows.Load())
	})
}
