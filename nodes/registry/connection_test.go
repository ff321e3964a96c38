package registry_test

import (
	"encoding/json"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"muster/model"
	"muster/nodes/registry"
)

// connected is the client of a connection.
const connected = "1700000000000_10.1.0.1_50000"

func connection() registry.Connection {
	return registry.Connection{ID: connected, App: "-", Agent: "Nacos-Go-Client:v2.3.2", IP: "10.1.0.1", Port: 50000}
}

func at(ip string) registry.Published {
	p := instance()
	p.IP = ip
	return p
}

// carry tells a node what another knows of the connection's client, as Distro does.
func carry(t *testing.T, from, to *registry.Registry) error {
	data, known := from.Snapshot(connected)
	if !known {
		return to.RemoveSynced(connected, from.Silent(connected))
	}
	text, err := json.Marshal(data)
	require.NoError(t, err)
	var received registry.ClientData
	require.NoError(t, json.Unmarshal(text, &received))
	return to.ApplySync(received)
}

func TestConnectionOwnsWhatItPublishes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := registry.New(registry.Options{Self: nodeA}), registry.New(registry.Options{Self: nodeB})
		told := &changes{}
		told.of(a)
		require.ErrorIs(t, a.PublishConnected(connected, orders, instance()), registry.ErrNotConnected)
		_, made := a.Service(orders)
		require.False(t, made, "what was refused leaves no service behind")

		a.Connect(connection())
		require.Empty(t, a.ResponsibleClients(), "it has nothing to tell yet")
		require.NoError(t, a.PublishConnected(connected, orders, at("10.1.0.1"), at("10.1.0.2")))
		require.Equal(t, []string{connected}, a.ResponsibleClients())
		require.True(t, a.Responsible(connected))
		require.NoError(t, carry(t, a, b))
		require.Len(t, hosts(b), 2, "a batch arrives whole")
		require.Len(t, b.Publishers(orders), 2)
		require.False(t, b.Responsible(connected), "a copy is its owner's to answer for")
		require.True(t, b.Renew(connected, 0, 0))

		require.NoError(t, a.PublishConnected(connected, orders, at("10.1.0.3")))
		require.Len(t, hosts(a), 1, "a registration replaces the one before")
		require.NoError(t, a.DeregisterConnected(connected, orders))
		require.NoError(t, a.DeregisterConnected(connected, orders), "again")
		require.NoError(t, carry(t, a, b))
		require.Empty(t, hosts(b))
		require.Contains(t, b.EphemeralClients(), connected, "the client stays as long as its connection")

		require.NoError(t, a.PublishConnected(connected, orders, instance()))
		require.NoError(t, carry(t, a, b))
		time.Sleep(time.Second)
		a.Disconnect(connected)
		a.Disconnect(connected)
		require.Equal(t, changes{changed: 4, removed: 1}, *told)
		require.Empty(t, hosts(a))
		require.NoError(t, carry(t, a, b))
		require.Empty(t, hosts(b))
		for _, r := range []*registry.Registry{a, b} {
			require.Empty(t, r.EphemeralClients())
			require.Empty(t, r.Clients())
			_, known := r.Client(connected)
			require.False(t, known)
		}
	})
}

// A node believes no peer about a client that is connected to it, however late the peer's news is.
func TestConnectionIsNotTakenAway(t *testing.T) {
	a := registry.New(registry.Options{Self: nodeA})
	told := &changes{}
	told.of(a)
	a.Connect(connection())
	require.NoError(t, a.PublishConnected(connected, orders, instance()))
	require.ErrorIs(t, a.RemoveSynced(connected, 0), registry.ErrStale)
	require.ErrorIs(t, a.ApplySync(registry.ClientData{ID: connected, Revision: 9}), registry.ErrStale)
	require.Len(t, hosts(a), 1)
	require.Equal(t, changes{changed: 3}, *told, "peers learn better")
}

// The copies of a node that died are found out by time alone.
func TestCopiesOfDeadOwnersExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := registry.New(registry.Options{Self: nodeA})
		b := registry.New(registry.Options{Self: nodeB, Owner: func(string) string { return nodeB }})
		a.Connect(connection())
		require.NoError(t, a.PublishConnected(connected, orders, instance()))
		require.NoError(t, carry(t, a, b))
		time.Sleep(179 * time.Second)
		require.Empty(t, b.ExpireCopies())
		require.Len(t, hosts(b), 1)
		time.Sleep(2 * time.Second)
		require.Equal(t, []string{connected}, b.ExpireCopies())
		require.Empty(t, hosts(b))
	})
}

// A client that has moved to another node and registered the same there is one host as long as the old copy is there.
func TestEqualHostsAreOne(t *testing.T) {
	a := registry.New(registry.Options{Self: nodeA})
	other := connection()
	other.ID = "1700000000009_10.1.0.1_50009"
	for _, c := range []registry.Connection{connection(), other} {
		a.Connect(c)
		require.NoError(t, a.PublishConnected(c.ID, orders, instance()))
	}
	require.Len(t, hosts(a), 1)
	heavier := instance()
	heavier.Weight = 2
	require.NoError(t, a.PublishConnected(other.ID, orders, heavier))
	require.Len(t, hosts(a), 2)
}

func TestKindOfConnected(t *testing.T) {
	a := registry.New(registry.Options{Self: nodeA})
	p := instance()
	text, err := registry.Command{Kind: registry.RegisterPersistent, Service: orders, Instance: &p}.Encode()
	require.NoError(t, err)
	require.Nil(t, a.ApplyCommand(text))
	a.Connect(connection())
	require.EqualError(t, a.PublishConnected(connected, orders, instance()),
		"Current service DEFAULT_GROUP@@orders is persistent service, can't register ephemeral instance.")
}

// shown notes what subscribers are shown: how many hosts, and when.
type shown struct {
	hosts []int
	after []time.Duration
}

func TestSubscribersAreShownViews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var mu sync.Mutex // of seen
		var seen shown
		a := registry.New(registry.Options{Self: nodeA})
		a.OnView(func(view *registry.View, audience []registry.Subscriber) {
			require.Equal(t, orders, view.Service)
			require.Len(t, audience, 1)
			require.Equal(t, connected, audience[0].ID)
			mu.Lock()
			defer mu.Unlock()
			seen.hosts = append(seen.hosts, len(view.Hosts))
			seen.after = append(seen.after, time.Since(began))
		})
		wish := registry.Subscription{Service: orders}
		require.ErrorIs(t, a.Subscribe(connected, wish), registry.ErrNotConnected)
		require.ErrorIs(t, a.Unsubscribe(connected, orders), registry.ErrNotConnected)
		a.Connect(connection())
		require.NoError(t, a.Subscribe(connected, wish))
		time.Sleep(200 * time.Millisecond)
		require.NoError(t, a.PublishConnected(connected, orders, instance()), "within the delay: one view for both")
		time.Sleep(800 * time.Millisecond)
		require.NoError(t, a.Subscribe(connected, wish), "again: no view of its own")
		time.Sleep(time.Second)
		require.NoError(t, a.PublishConnected(connected, orders, at("10.1.0.1"), at("10.1.0.2")))
		a.ShowLater(orders, connected, time.Second)
		time.Sleep(2 * time.Second)
		a.ShowLater(orders, connected, time.Second)
		require.NoError(t, a.DeregisterConnected(connected, orders), "a change comes before what waits longer")
		time.Sleep(2 * time.Second)
		require.NoError(t, a.Unsubscribe(connected, orders))
		require.NoError(t, a.Unsubscribe(connected, orders), "again")
		require.NoError(t, a.PublishConnected(connected, orders, instance()))
		a.ShowLater(orders, connected, time.Second)
		time.Sleep(2 * time.Second)
		mu.Lock()
		defer mu.Unlock()
		require.Equal(t, shown{[]int{1, 2, 0}, []time.Duration{500 * time.Millisecond, 2500 * time.Millisecond, 4500 * time.Millisecond}}, seen)
	})
}

func TestSubscriptions(t *testing.T) {
	a := registry.New(registry.Options{Self: nodeA})
	a.Connect(connection())
	clusters := "c1,c2"
	stock := model.Service{Namespace: "public", Group: "DEFAULT_GROUP", Name: "stock"}
	require.NoError(t, a.Subscribe(connected, registry.Subscription{Service: stock}))
	require.NoError(t, a.Subscribe(connected, registry.Subscription{Service: orders, Clusters: &clusters}))
	require.Equal(t, []registry.Subscription{{Service: orders, Clusters: &clusters}, {Service: stock}}, a.Subscriptions(connected))
	require.Equal(t, []registry.Subscriber{{Connection: connection(), Subscription: registry.Subscription{Service: stock}}}, a.Subscribers(stock))
	found, here := a.ConnectionOf(connected)
	require.True(t, here)
	require.Equal(t, connection(), found)
	a.Disconnect(connected)
	require.Empty(t, a.Subscribers(stock))
	require.Empty(t, a.Subscriptions(connected))
	_, here = a.ConnectionOf(connected)
	require.False(t, here)
}

func TestPersistentServicesAreNotShownIfSoWished(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, quiet := range []bool{false, true} {
			r := registry.New(registry.Options{Self: nodeA, QuietPersistent: quiet})
			var shown atomic.Int64
			r.OnView(func(*registry.View, []registry.Subscriber) { shown.Add(1) })
			r.Connect(connection())
			persistent, ephemeral := orders, orders
			persistent.Name = "kept"
			require.NoError(t, r.Subscribe(connected, registry.Subscription{Service: persistent}))
			require.NoError(t, r.Subscribe(connected, registry.Subscription{Service: ephemeral}))
			time.Sleep(time.Second)
			shown.Store(0)
			p := instance()
			text, err := registry.Command{Kind: registry.RegisterPersistent, Service: persistent, Instance: &p}.Encode()
			require.NoError(t, err)
			require.Nil(t, r.ApplyCommand(text))
			time.Sleep(time.Second)
			require.Equal(t, quiet, shown.Load() == 0)
			shown.Store(0)
			require.NoError(t, r.RegisterEphemeral(ephemeral, instance()))
			time.Sleep(time.Second)
			require.NotZero(t, shown.Load(), "ephemeral ones always are")
		}
	})
}
