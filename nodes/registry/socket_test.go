package registry_test

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"muster/nodes/registry"
)

var socket = registry.Connection{Agent: "Nacos-Java-Client:v1.4.8", App: "shop", IP: "127.0.0.1", Port: 4000}

const socketClient = "127.0.0.1:4000#true"

// showings counts what a registry shows to subscribers.
func showings(r *registry.Registry) *atomic.Int64 {
	count := new(atomic.Int64)
	r.OnView(func(_ *registry.View, audience []registry.Subscriber) { count.Add(int64(len(audience))) })
	return count
}

// Who subscribes over UDP has to ask for the list again within half a minute.
func TestSocketLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := registry.New(registry.Options{})
		count := showings(r)
		require.NoError(t, r.SubscribeSocket(socket, registry.Subscription{Service: orders}))
		time.Sleep(25 * time.Second)
		require.EqualValues(t, 1, count.Load(), "a new subscriber")
		require.NoError(t, r.SubscribeSocket(socket, registry.Subscription{Service: orders}))
		time.Sleep(25 * time.Second)
		require.Empty(t, r.ExpireSockets())
		require.NoError(t, r.RegisterEphemeral(orders, registry.Published{IP: "10.0.0.1", Port: 80}))
		time.Sleep(time.Second)
		require.EqualValues(t, 2, count.Load(), "a change")
		require.Len(t, r.SubscribersLike(orders), 1)

		time.Sleep(5 * time.Second)
		require.Empty(t, r.SubscribersLike(orders))
		require.Equal(t, []string{socketClient}, r.ExpireSockets())
		require.NoError(t, r.RegisterEphemeral(orders, registry.Published{IP: "10.0.0.2", Port: 80}))
		time.Sleep(time.Second)
		require.EqualValues(t, 2, count.Load())
		require.Zero(t, r.Counts().Subscribers)
	})
}

// A client that only subscribes is verified at its peers, where it is empty; it goes when it has gone here.
func TestSocketClientAtPeers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		here, peer := registry.New(registry.Options{}), registry.New(registry.Options{})
		here.OnClientChange(func(id string, removed bool) {
			require.True(t, removed)
			require.NoError(t, peer.RemoveSynced(id, here.Silent(id)))
		})
		require.NoError(t, here.SubscribeSocket(socket, registry.Subscription{Service: orders}))
		require.Equal(t, []string{socketClient}, here.ResponsibleClients())
		data, known := here.Snapshot(socketClient)
		require.True(t, known)
		require.NoError(t, peer.ApplySync(data))
		require.True(t, peer.Renew(socketClient, data.Revision, data.Silent))
		_, known = peer.Client(socketClient)
		require.True(t, known)
		require.Empty(t, peer.Subscribers(orders), "subscriptions stay here")
		time.Sleep(31 * time.Second)
		here.ExpireSockets()
		require.NotContains(t, peer.EphemeralClients(), socketClient)
	})
}

// A publisher that takes its last instance off goes on being told of changes.
func TestSocketOutlivesPublication(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := registry.New(registry.Options{})
		require.NoError(t, r.SubscribeSocket(socket, registry.Subscription{Service: orders}))
		require.NoError(t, r.RegisterEphemeral(orders, registry.Published{IP: "127.0.0.1", Port: 4000}))
		require.True(t, r.DeregisterEphemeral(orders, "127.0.0.1", 4000))
		require.Len(t, r.Subscribers(orders), 1)
		require.Empty(t, r.Publishers(orders))
		time.Sleep(time.Second)
	})
}

// While pushes are switched off, nobody is shown anything; then all are shown what they missed.
func TestPushesSwitchedOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := registry.New(registry.Options{})
		count := showings(r)
		require.NoError(t, r.SubscribeSocket(socket, registry.Subscription{Service: orders}))
		time.Sleep(time.Second)
		off := registry.DefaultSwitches()
		off.PushEnabled = false
		apply(t, r, registry.Command{Kind: registry.SetSwitches, Switches: &off})
		require.NoError(t, r.RegisterEphemeral(orders, registry.Published{IP: "10.0.0.1", Port: 80}))
		time.Sleep(time.Second)
		require.EqualValues(t, 1, count.Load())
		require.Len(t, r.View(orders).Hosts, 1, "queries go on")
		on := registry.DefaultSwitches()
		apply(t, r, registry.Command{Kind: registry.SetSwitches, Switches: &on})
		time.Sleep(time.Second)
		require.EqualValues(t, 2, count.Load())
	})
}
