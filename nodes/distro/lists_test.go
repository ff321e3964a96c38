package distro

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"muster/nodes/membership"
	"muster/nodes/registry"
)

// listed starts three nodes that compare lists; the first one returned answers for orders.
func listed(t *testing.T) (c *cluster, owner, other string) {
	c = newCluster(t)
	c.profile = registry.Nacos1
	for _, name := range names {
		c.start(name)
	}
	time.Sleep(6 * time.Second)
	owner = membership.OwnerAmong(orders.GroupedName(), names)
	other = names[0]
	if other == owner {
		other = names[1]
	}
	return c, owner, other
}

// A lone change waits a second as in Nacos 2.x, and then another one for more; what becomes due meanwhile comes along.
func TestListsAreToldInBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, owner, _ := listed(t)
		time.Sleep(2 * time.Second) // a verification has just been, and does not carry what follows
		first, second := owned("a:1", 1), owned("a:1", 2)
		c.register(owner, first)
		time.Sleep(500 * time.Millisecond)
		c.register(owner, second)
		time.Sleep(1400 * time.Millisecond)
		c.requireKnown(first, owner)
		time.Sleep(200 * time.Millisecond)
		c.requireKnown(first, all)
		c.requireKnown(second, all)
	})
}

// What a peer was not told is found by the checksum of the list, and so is what it has too much of.
func TestListsAreCompared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, owner, other := listed(t)
		kept, gone := owned("a:1", 1), owned("a:1", 2)
		c.register(owner, kept)
		c.register(owner, gone)
		time.Sleep(3 * time.Second)
		c.requireKnown(gone, all)

		// As if the news of the removal had been lost for good.
		state := c.nodes[owner].registry
		require.NoError(t, state.RemoveSynced(state.InstanceClient(orders, gone.IP, gone.Port, gone.Cluster, true), 0))
		time.Sleep(dropGrace + 11*time.Second)
		c.requireKnown(gone, "")
		c.requireKnown(kept, all)

		c.cut(owner+">"+other, true)
		late := owned("a:1", 3)
		c.register(owner, late)
		time.Sleep(2500 * time.Millisecond)
		require.False(t, c.nodes[other].has(late))
		c.cut(owner+">"+other, false)
		time.Sleep(20 * time.Second)
		c.requireKnown(late, all)
	})
}
