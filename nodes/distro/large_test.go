package distro

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"muster/model"
	"muster/nodes/registry"
	"muster/nodes/rpc"
)

// publishMuch has a connection at a node publish much: batches of many instances, with texts that JSON makes long.
func publishMuch(t *testing.T, at *node, connection string, services int) {
	at.registry.Connect(registry.Connection{ID: connection})
	for service := range services {
		key := model.Service{Namespace: "public", Group: "DEFAULT_GROUP", Name: fmt.Sprintf("large-%02d", service)}
		batch := make([]registry.Published, 500)
		for i := range batch {
			batch[i] = registry.Published{IP: "10.0.0.9", Port: i, Cluster: "DEFAULT", Healthy: true, Weight: 1, Enabled: true,
				Metadata: map[string]string{"k": strings.Repeat("<", 400)}}
		}
		require.NoError(t, at.registry.PublishConnected(connection, key, batch...))
	}
}

func requireSame(t *testing.T, connection string, from, to *node) {
	t.Helper()
	want, _ := from.registry.Snapshot(connection)
	got, known := to.registry.Snapshot(connection)
	require.True(t, known, "%s does not know it", to.name)
	require.Equal(t, want.Published, got.Published)
	require.Equal(t, want.Revision, got.Revision)
}

func TestClientsBeyondAMessageComeInParts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, "a:1", "b:2")
		time.Sleep(41 * time.Second)
		a, b := c.nodes["a:1"], c.nodes["b:2"]
		publishMuch(t, a, "0_10.9.0.1_1", 9)
		small := owned("a:1", 1)
		c.register("a:1", small)
		whole, _ := a.registry.Snapshot("0_10.9.0.1_1")
		payload, err := rpc.Encode(DistroDataRequest{Changed: []registry.ClientData{whole}})
		require.NoError(t, err)
		require.Greater(t, len(payload.GetBody().GetValue()), rpc.MaxMessage, "no message holds it")
		time.Sleep(1100 * time.Millisecond)
		synctest.Wait()
		requireSame(t, "0_10.9.0.1_1", a, b)
		require.True(t, b.has(small))

		late := c.start("c:3") // it asks a
		synctest.Wait()
		require.True(t, late.distro.hasLoaded())
		requireSame(t, "0_10.9.0.1_1", a, late)
		require.True(t, late.has(small))
		require.Contains(t, late.log.String(), `"from":"a:1","clients":2`)
	})
}

func TestPartsThatDoNotFollowEachOtherAreNoClient(t *testing.T) {
	data := func(revision int64, ports ...int) registry.ClientData {
		d := registry.ClientData{ID: "x", Revision: revision}
		for _, port := range ports {
			d.Published = append(d.Published, registry.ServicePublished{Service: orders, Published: registry.Published{Port: port}})
		}
		return d
	}
	var a assembly
	add := func(peer string, d registry.ClientData, number int, more bool) (ports []int, complete bool) {
		whole, complete := a.add(peer, d, number, more)
		for _, p := range whole.Published {
			ports = append(ports, p.Port)
		}
		return ports, complete
	}
	for _, step := range []struct {
		name     string
		peer     string
		data     registry.ClientData
		number   int
		more     bool
		want     []int
		complete bool
	}{
		{"a whole one", "a", data(1, 1), 0, false, []int{1}, true},
		{"an end without a beginning", "a", data(1, 1), 1, false, nil, false},
		{"a beginning", "a", data(1, 1), 0, true, nil, false},
		{"another peer's beginning", "b", data(1, 9), 0, true, nil, false},
		{"the middle", "a", data(1, 2, 3), 1, true, nil, false},
		{"the end", "a", data(1, 4), 2, false, []int{1, 2, 3, 4}, true},
		{"the other peer's end", "b", data(1, 8), 1, false, []int{9, 8}, true},
		{"a beginning again", "a", data(1, 1), 0, true, nil, false},
		{"the end of a later state", "a", data(2, 1), 1, false, nil, false},
		{"and nothing is left", "a", data(1, 1), 1, false, nil, false},
	} {
		ports, complete := add(step.peer, step.data, step.number, step.more)
		require.Equal(t, step.complete, complete, step.name)
		require.Equal(t, step.want, ports, step.name)
	}
}

func TestPartsHoldEverythingOnce(t *testing.T) {
	whole := registry.ClientData{ID: "x", Revision: 7}
	for i := range 3000 {
		whole.Published = append(whole.Published, registry.ServicePublished{Service: orders,
			Published: registry.Published{Port: i, Metadata: map[string]string{"k": strings.Repeat("v", i)}}})
	}
	var joined []registry.ServicePublished
	for number, more := 0, true; more; number++ {
		var piece registry.ClientData
		piece, more = part(whole, number)
		require.LessOrEqual(t, sizeOfClient(piece), room+sizeOfClient(registry.ClientData{ID: "x"}))
		require.NotEmpty(t, piece.Published)
		joined = append(joined, piece.Published...)
	}
	require.Equal(t, whole.Published, joined)
	for _, number := range []int{1000, -1, math.MinInt, math.MaxInt} {
		none, more := part(whole, number)
		require.Empty(t, none.Published)
		require.False(t, more)
	}
}

func TestSoManyAreMentioned(t *testing.T) {
	for _, test := range []struct{ clients, length, want int }{
		{0, 20, 0}, {1, 20, 1}, {mentions, 20, mentions}, {mentions + 1, 20, mentions}, {3, 2 * room, 1}, {200, room / 10, 9},
	} {
		require.Equal(t, test.want, mentionable(slices.Repeat([]string{strings.Repeat("x", test.length)}, test.clients)), "%+v", test)
	}
}

// A verification of many clients takes several messages, each about some ids: what one does not mention of the others' stays.
func TestManyClientsAreVerifiedPieceByPiece(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, "a:1", "b:2")
		time.Sleep(41 * time.Second)
		a, b := c.nodes["a:1"].registry, c.nodes["b:2"].registry
		count := 0
		for host := 0; count < 2*mentions+7; host++ {
			instance := registry.Published{IP: fmt.Sprintf("10.%d.%d.%d", host>>16, host>>8&255, host&255), Port: 80, Cluster: "DEFAULT", Healthy: true}
			if c.nodes["a:1"].membership.Responsible(registry.Tag(instance.IP, instance.Port)) {
				require.NoError(t, a.RegisterEphemeral(orders, instance))
				count++
			}
		}
		time.Sleep(4 * time.Second)
		require.Equal(t, a.EphemeralClients(), b.EphemeralClients())
		gone := []string{a.EphemeralClients()[5], a.EphemeralClients()[mentions], a.EphemeralClients()[2*mentions+6]}
		for _, id := range gone {
			require.NoError(t, a.RemoveSynced(id, 0))
		}
		before := c.delivered(Verify)
		time.Sleep(25 * time.Second)
		require.Positive(t, c.delivered(Verify)-before)
		want := slices.DeleteFunc(slices.Clone(a.EphemeralClients()), func(id string) bool { return slices.Contains(gone, id) })
		require.Equal(t, want, b.EphemeralClients())
	})
}

// A list beyond a message is told in several: what a peer lacks of it comes, and what it has too much of goes.
func TestManyListsAreVerifiedPieceByPiece(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		c.profile = registry.Nacos1
		a, b := c.start("a:1"), c.start("b:2")
		time.Sleep(41 * time.Second)
		var keys []model.Service
		instance := registry.Published{IP: "10.0.0.9", Port: 80, Cluster: "DEFAULT", Healthy: true}
		for number := 0; len(keys) < mentions+7; number++ {
			key := model.Service{Namespace: "public", Group: "DEFAULT_GROUP", Name: fmt.Sprintf("s-%06d", number)}
			if a.membership.Responsible(key.GroupedName()) {
				require.NoError(t, a.registry.RegisterEphemeral(key, instance))
				keys = append(keys, key)
			}
		}
		time.Sleep(4 * time.Second)
		require.Equal(t, a.registry.EphemeralClients(), b.registry.EphemeralClients())
		for _, key := range []model.Service{keys[5], keys[mentions+2]} {
			id := a.registry.InstanceClient(key, instance.IP, instance.Port, instance.Cluster, true)
			require.NoError(t, a.registry.RemoveSynced(id, 0)) // as if the news of it had been lost for good
		}
		time.Sleep(time.Second)
		before := time.Now()
		time.Sleep(dropGrace + 11*time.Second)
		require.Len(t, b.registry.EphemeralClients(), mentions+5)
		require.Equal(t, a.registry.EphemeralClients(), b.registry.EphemeralClients())
		sent, _ := c.sent("a:1>b:2", Verify, before)
		require.Equal(t, "public##DEFAULT_GROUP@@"+keys[mentions].Name, sent[0].Until)
		require.Equal(t, sent[0].Until, sent[1].After)
	})
}

func TestListsBeyondAMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, owner, other := listed(t)
		from, to := c.nodes[owner].registry, c.nodes[other].registry
		for port := range 4500 {
			require.NoError(t, from.RegisterEphemeral(orders, registry.Published{IP: "10.0.0.9", Port: port, Cluster: "DEFAULT", Healthy: true,
				Metadata: map[string]string{"k": strings.Repeat("<", 400)}}))
		}
		time.Sleep(4 * time.Second)
		ids := from.EphemeralClients()
		require.True(t, slices.Equal(ids, to.EphemeralClients()))
		time.Sleep(dropGrace)
		require.NoError(t, from.RemoveSynced(ids[7], 0)) // as if the news of it had been lost for good
		for _, id := range ids[4000:] {
			require.NoError(t, to.RemoveSynced(id, to.Silent(id))) // and of these
		}
		time.Sleep(dropGrace + 6*time.Second)
		require.Len(t, to.EphemeralClients(), 4499)
		require.True(t, slices.Equal(slices.Delete(ids, 7, 8), to.EphemeralClients()))
	})
}

func TestLoadingSaysWhetherWaitingIsOfUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, "a:1", "b:2")
		time.Sleep(41 * time.Second)
		publishMuch(t, c.nodes["a:1"], "0_10.9.0.1_1", 4)
		c.lose("c:3", true)
		late := c.start("c:3")
		time.Sleep(3*time.Second + loadPatience - time.Millisecond)
		require.True(t, late.distro.Loading(), "b is being asked for the first time")
		time.Sleep(2 * time.Millisecond)
		require.False(t, late.distro.Loading(), "nobody answers")
		require.False(t, late.distro.hasLoaded())
		late.distro.progress("d:4", true)
		require.False(t, late.distro.Loading(), "d is no member any more")

		c.cut("c:3>a:1", false)
		c.loseAfter("c:3>a:1", 2) // in the midst of it
		time.Sleep(5 * time.Second)
		require.True(t, late.distro.Loading(), "a has told a part")
		c.cut("c:3>a:1", false)
		time.Sleep(20 * time.Second)
		require.False(t, late.distro.Loading())
		require.True(t, late.distro.hasLoaded())
		requireSame(t, "0_10.9.0.1_1", c.nodes["a:1"], late)
	})
}

func TestQueueTellsTheFirstFirst(t *testing.T) {
	start := time.Now()
	at := func(n int) time.Time { return start.Add(time.Duration(n) * time.Second) }
	q := newQueue()
	require.True(t, q.plan(at(5), "a"))
	require.False(t, q.plan(at(6), "b"))
	require.False(t, q.plan(at(9), "a"), "it is told earlier anyway")
	require.True(t, q.plan(at(3), "b"))
	require.Empty(t, q.take(at(2)))
	require.Equal(t, []string{"b"}, q.take(at(4)))
	require.False(t, q.plan(at(6), "b"), "the first plan for b is left over")
	next, waits := q.next()
	require.True(t, waits)
	require.Equal(t, at(5), next)
	require.Equal(t, []string{"a", "b"}, q.take(at(10)))
	_, waits = q.next()
	require.False(t, waits)
	require.Empty(t, q.order)
	require.Empty(t, q.due)
}
