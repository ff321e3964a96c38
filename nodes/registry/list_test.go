package registry_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"muster/nodes/registry"
)

// member makes a node of the profile nacos1 that takes a:1 for the owner of everything.
func member(self string) *registry.Registry {
	return registry.New(registry.Options{Profile: registry.Nacos1, Self: self, Owner: func(string) string { return "a:1" }})
}

func inCluster(ip, cluster string) registry.Published {
	return registry.Published{IP: ip, Port: 80, Cluster: cluster, Healthy: true, Enabled: true, Weight: 1}
}

const ordersList = "public##DEFAULT_GROUP@@orders"

// In the profile nacos1 an instance is ephemeral or not by itself, stands in a cluster by itself, and is listed at once.
func TestInstancesByThemselves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := member("a:1")
		require.NoError(t, r.RegisterEphemeral(orders, inCluster("10.0.0.1", "c1")))
		require.NoError(t, r.RegisterEphemeral(orders, inCluster("10.0.0.1", "c2")))
		persistent := inCluster("10.0.0.1", "c1")
		apply(t, r, registry.Command{Kind: registry.RegisterPersistent, Service: orders, Instance: &persistent})
		require.Len(t, r.View(orders).Hosts, 3)
		require.Equal(t, []string{"c1", "c2"}, r.View(orders).Clusters)
		require.True(t, r.Responsible(r.InstanceClient(orders, "10.0.0.1", 80, "c1", true)))

		require.True(t, r.Deregister(orders, r.InstanceClient(orders, "10.0.0.1", 80, "c2", true)))
		require.Len(t, r.View(orders).Hosts, 2, "shown at once")
		require.Equal(t, []string{"c1", "c2"}, r.View(orders).Clusters, "a cluster stays")
		apply(t, r, registry.Command{Kind: registry.DeregisterPersistent, Service: orders, Instance: &persistent})
		require.True(t, r.View(orders).Hosts[0].Ephemeral)

		apply(t, r, registry.Command{Kind: registry.DeleteService, Service: orders})
		require.False(t, r.View(orders).Known, "instances go with their service")
		require.Empty(t, r.EphemeralClients())
		time.Sleep(2 * time.Second)
	})
}

// Lists that differ are told whole, and then are the same; what the owner does not have goes after a while.
func TestLists(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		owner, peer := member("a:1"), member("b:1")
		for _, ip := range []string{"10.0.0.1", "10.0.0.2"} {
			require.NoError(t, owner.RegisterEphemeral(orders, inCluster(ip, "c1")))
		}
		lists := owner.ResponsibleLists()
		require.Len(t, lists, 1)
		require.Equal(t, ordersList, lists[0].Name)
		require.Empty(t, peer.ResponsibleLists())
		same, _ := peer.RenewList(lists[0])
		require.False(t, same)

		_, clients := owner.List(ordersList)
		require.Len(t, clients, 2)
		for _, data := range clients {
			require.NoError(t, peer.ApplySync(data))
		}
		same, ids := peer.RenewList(lists[0])
		require.True(t, same)
		require.Len(t, ids, 2)

		require.True(t, owner.Deregister(orders, ids[0]))
		list, clients := owner.List(ordersList)
		same, _ = peer.RenewList(list)
		require.False(t, same)
		require.Len(t, clients, 1)
		theirs := map[string]bool{clients[0].ID: true}
		require.Empty(t, peer.DropOthers("a:1", []registry.List{list}, theirs, 15*time.Second), "they may disagree about who is responsible")
		time.Sleep(16 * time.Second)
		require.Empty(t, peer.DropOthers("c:1", []registry.List{list}, theirs, 15*time.Second), "none of c's business")
		require.Equal(t, []string{ids[0]}, peer.DropOthers("a:1", []registry.List{list}, theirs, 15*time.Second))
		same, _ = peer.RenewList(list)
		require.True(t, same)
	})
}

// Nacos 1.x counts disabled hosts, and protects without anybody having asked for it.
func TestSelectList(t *testing.T) {
	r := member("a:1")
	for i, shape := range []struct{ healthy, enabled bool }{{true, true}, {false, true}, {true, false}} {
		p := inCluster("10.0.0."+string(rune('1'+i)), "c1")
		p.Healthy, p.Enabled = shape.healthy, shape.enabled
		require.NoError(t, r.RegisterEphemeral(orders, p))
	}
	for _, test := range []struct {
		name            string
		want            registry.Selection
		threshold       float32
		hosts, unhealth int
	}{
		{"as they are", registry.Selection{}, 0, 2, 1},
		{"healthy ones", registry.Selection{HealthyOnly: true}, 0.6, 1, 0},
		{"protected: two of three", registry.Selection{HealthyOnly: true}, 0.67, 2, 0},
		{"another cluster", registry.Selection{Clusters: "c2,c3"}, 1, 0, 0},
	} {
		unhealthy := 0
		hosts := r.View(orders).SelectList(test.want, test.threshold)
		for _, h := range hosts {
			if !h.Healthy {
				unhealthy++
			}
		}
		require.Len(t, hosts, test.hosts, test.name)
		require.Equal(t, test.unhealth, unhealthy, test.name)
	}
}
