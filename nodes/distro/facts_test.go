package distro

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"muster/nodes/liveness"
	"muster/nodes/membership"
	"muster/nodes/registry"
)

// facts are Nacos's figures and rules for Distro, from 2.5.1 unless stated otherwise, each with the test that measures it on the node.
var facts = []struct {
	source, fact string
	test         func(t *testing.T)
}{
	{"DistroConstants.DEFAULT_DATA_SYNC_DELAY_MILLISECONDS", "a change is told 1 s after the first that has not been told", toldASecondAfterTheFirst},
	{"DistroClientDataProcessor.getDistroData", "what is told is the state at that moment, not the change", toldAsItIsThen},
	{"DistroConstants.DEFAULT_DATA_SYNC_RETRY_DELAY_MILLISECONDS", "what was refused is told again 3 s later, for as long as it takes", toldAgainAfterThreeSeconds},
	{"GlobalConfig.getSyncRetryDelay, 1.4.8", "a list that was refused is told again 5 s later, and waits for others 1 s", listsToldAgainAfterFiveSeconds},
	{"GlobalConfig.getBatchSyncKeyCount, 1.4.8", "1000 changes fill a message, which waits for no more", fullBatchWaitsForNobody},
	{"DistroConstants.DEFAULT_DATA_SYNC_TIMEOUT_MILLISECONDS", "a message has failed after 3 s, and is told again 3 s later", lostMessageCostsSixSeconds},
	{"DistroConstants.DEFAULT_DATA_VERIFY_INTERVAL_MILLISECONDS", "verification begins 5 s after the start and comes every 5 s", verifiesEveryFiveSeconds},
	{"DistroClientDataProcessor.getVerifyData", "a verification carries id and revision of what its sender is responsible for", verifiesWhatItIsResponsibleFor},
	{"DistroVerifyTimedTask.run", "a node that has not loaded verifies nothing", verifiesNothingBeforeItHasLoaded},
	{"DistroClientDataProcessor.onEvent, ClientVerifyFailedEvent", "what the peer has otherwise is told at once, and to it alone", toldAtOnceWhenVerificationFails},
	{"DistroLoadDataTask.loadAllDataSnapshotFromRemote", "a starting node asks peers in order until one has answered in full", loadsFromTheFirstThatKnows},
	{"DistroClientDataProcessor.getDatumSnapshot", "a snapshot holds all ephemeral clients, whoever is responsible", snapshotHoldsAll},
	{"ConnectionBasedClientManager.isExpireClient, nacos.naming.client.expired.time", "copies of a dead node's connections leave 180 s after its last verification", copiesOfDeadNodesLeave},
	{"ConnectionBasedClientManager.verifyClient", "copies of connections stay as long as their node verifies them", copiesOfLivingNodesStay},
	{"DistroMapper.onEvent", "SUSPICIOUS members are responsible, DOWN ones are not, and what they had is another's", responsibilityMovesWithDown},
	{"DistroMapper.mapSrv", "who is responsible depends on the address, or in 1.x on the service", responsibleByAddressOrService},
}

func TestFacts(t *testing.T) {
	for _, fact := range facts {
		t.Run(fact.fact, func(t *testing.T) {
			t.Log("from", fact.source)
			synctest.Test(t, fact.test)
		})
	}
}

// settled is a cluster of three that has loaded, right after a verification.
func settled(t *testing.T) *cluster {
	c := newCluster(t, names...)
	time.Sleep(10 * time.Second)
	synctest.Wait()
	return c
}

// requireAfter demands times, to the delay engine's tick.
func requireAfter(t *testing.T, want, got []time.Duration) {
	t.Helper()
	require.GreaterOrEqual(t, len(got), len(want), "%v", got)
	for i := range want {
		require.InDelta(t, want[i], got[i], float64(tick+time.Millisecond), "%v", got)
	}
}

func toldASecondAfterTheFirst(t *testing.T) {
	c := settled(t)
	instance, began := owned("a:1", 1), time.Now()
	for i := range 5 { // at 0, 0.3, 0.6, 0.9 and 1.2 s
		instance.Weight = float64(i)
		c.register("a:1", instance)
		time.Sleep(300 * time.Millisecond)
	}
	time.Sleep(2 * time.Second)
	for _, link := range []string{"a:1>b:2", "a:1>c:3"} {
		told, after := c.sent(link, Change, began)
		require.Len(t, told, 2)
		requireAfter(t, []time.Duration{time.Second, 2200 * time.Millisecond}, after)
		require.EqualValues(t, 3, told[0].Changed[0].Published[0].Weight)
		require.EqualValues(t, 4, told[1].Changed[0].Published[0].Weight)
	}
	told, _ := c.sent("b:2>c:3", Change, began)
	require.Empty(t, told, "who has learned of it from a peer does not pass it on")
}

func toldAsItIsThen(t *testing.T) {
	c := settled(t)
	instance, began := owned("a:1", 1), time.Now()
	c.register("a:1", instance)
	time.Sleep(100 * time.Millisecond)
	c.nodes["a:1"].registry.DeregisterEphemeral(orders, instance.IP, instance.Port)
	time.Sleep(2 * time.Second)
	told, _ := c.sent("a:1>b:2", Change, began)
	require.Len(t, told, 1)
	require.Empty(t, told[0].Changed)
	require.Equal(t, registry.ClientID(instance.IP, instance.Port, true), told[0].Removed[0].ClientID)
}

func toldAgainAfterThreeSeconds(t *testing.T) {
	c := settled(t)
	began := time.Now()
	c.kill("b:2")
	c.register("a:1", owned("a:1", 1))
	time.Sleep(10 * time.Minute)
	failed := c.failed("a:1", began)
	require.Len(t, failed, 200)
	for i, after := range failed {
		require.InDelta(t, time.Second+time.Duration(i)*3*time.Second, after, float64(time.Duration(i+1)*5*time.Millisecond))
	}

	c.start("b:2")
	time.Sleep(time.Second)
	synctest.Wait()
	began = time.Now()
	require.Eventually(t, func() bool { told, _ := c.sent("a:1>b:2", Change, began); return len(told) > 0 }, 30*time.Second, time.Second,
		"it has loaded what it was not told, and is told all the same")
}

func listsToldAgainAfterFiveSeconds(t *testing.T) {
	c, owner, other := listed(t)
	time.Sleep(4 * time.Second)
	synctest.Wait()
	began := time.Now()
	c.kill(other)
	c.register(owner, owned("a:1", 1))
	time.Sleep(15 * time.Second)
	requireAfter(t, []time.Duration{2 * time.Second, 8 * time.Second, 14 * time.Second}, c.failed(owner, began))
}

func fullBatchWaitsForNobody(t *testing.T) {
	c, owner, other := listed(t)
	time.Sleep(4 * time.Second)
	synctest.Wait()
	began := time.Now()
	for port := range batch {
		c.register(owner, registry.Published{IP: "10.0.0.9", Port: port, Cluster: "DEFAULT", Healthy: true, Weight: 1, Enabled: true})
	}
	time.Sleep(3 * time.Second)
	_, after := c.sent(owner+">"+other, Change, began)
	requireAfter(t, []time.Duration{time.Second}, after)
}

func lostMessageCostsSixSeconds(t *testing.T) {
	c := settled(t)
	time.Sleep(2500 * time.Millisecond) // so that a verification is lost, too, and none tells it sooner
	c.cut("a:1>b:2", true)
	began := time.Now()
	c.register("a:1", owned("a:1", 1))
	time.Sleep(4500 * time.Millisecond)
	c.cut("a:1>b:2", false)
	time.Sleep(4 * time.Second)
	synctest.Wait()
	_, after := c.sent("a:1>b:2", Change, began)
	requireAfter(t, []time.Duration{time.Second, 7 * time.Second}, after)
	requireAfter(t, []time.Duration{4 * time.Second}, c.failed("a:1", began))
}

func verifiesEveryFiveSeconds(t *testing.T) {
	began := time.Now()
	c := newCluster(t, names...)
	time.Sleep(21 * time.Second)
	for _, link := range []string{"a:1>b:2", "a:1>c:3", "b:2>a:1"} {
		_, after := c.sent(link, Verify, began)
		requireAfter(t, []time.Duration{5 * time.Second, 10 * time.Second, 15 * time.Second, 20 * time.Second}, after)
		require.Len(t, after, 4)
	}
}

func verifiesWhatItIsResponsibleFor(t *testing.T) {
	c := settled(t)
	first, second, other := owned("a:1", 1), owned("a:1", 2), owned("b:2", 1)
	for at, instance := range map[string]registry.Published{"a:1": first, "b:2": other} {
		c.register(at, instance)
	}
	c.register("a:1", second)
	time.Sleep(3 * time.Second)
	began := time.Now()
	time.Sleep(3 * time.Second)
	synctest.Wait()
	verified, _ := c.sent("a:1>c:3", Verify, began)
	require.Len(t, verified, 1)
	revisions := map[string]int64{}
	for _, mention := range verified[0].Verified {
		revisions[mention.ClientID] = mention.Revision
	}
	want := map[string]int64{}
	for _, instance := range []registry.Published{first, second} {
		id := registry.ClientID(instance.IP, instance.Port, true)
		want[id], _ = c.nodes["c:3"].registry.Revision(id)
	}
	require.Equal(t, want, revisions)
	told, _ := c.sent("a:1>c:3", Change, began)
	require.Empty(t, told, "equal revisions cost nothing more")
}

func verifiesNothingBeforeItHasLoaded(t *testing.T) {
	began := time.Now()
	c := newCluster(t, "a:1")
	c.register("a:1", owned("a:1", 1))
	time.Sleep(12 * time.Second)
	verified, _ := c.sent("a:1>b:2", Verify, began)
	require.Empty(t, verified)
	c.start("b:2")
	c.start("c:3")
	time.Sleep(30 * time.Second)
	verified, _ = c.sent("a:1>b:2", Verify, began)
	require.NotEmpty(t, verified)
}

func toldAtOnceWhenVerificationFails(t *testing.T) {
	c := settled(t)
	instance := owned("a:1", 1)
	id := registry.ClientID(instance.IP, instance.Port, true)
	c.register("a:1", instance)
	time.Sleep(3 * time.Second)
	synctest.Wait()
	require.NoError(t, c.nodes["b:2"].registry.RemoveSynced(id, 0))
	began := time.Now()
	time.Sleep(3 * time.Second)
	synctest.Wait()
	_, verified := c.sent("a:1>b:2", Verify, began)
	told, after := c.sent("a:1>b:2", Change, began)
	require.Len(t, told, 1)
	require.Equal(t, id, told[0].Changed[0].ID)
	requireAfter(t, verified, after)
	told, _ = c.sent("a:1>c:3", Change, began)
	require.Empty(t, told)
}

func loadsFromTheFirstThatKnows(t *testing.T) {
	c := settled(t)
	c.kill("c:3")
	began := time.Now()
	c.start("c:3")
	time.Sleep(time.Second)
	_, asked := c.sent("c:3>a:1", Snapshot, began)
	requireAfter(t, []time.Duration{0}, asked)
	_, asked = c.sent("c:3>b:2", Snapshot, began)
	require.Empty(t, asked, "a knew all")

	c.kill("c:3")
	c.kill("a:1")
	began = time.Now()
	c.start("c:3")
	time.Sleep(time.Second)
	_, asked = c.sent("c:3>b:2", Snapshot, began)
	requireAfter(t, []time.Duration{0}, asked)
	require.True(t, c.nodes["c:3"].distro.hasLoaded())
}

func snapshotHoldsAll(t *testing.T) {
	c := settled(t)
	mine, theirs, connected := owned("a:1", 1), owned("b:2", 1), registry.Connection{ID: "1_10.1.0.1_1000"}
	c.register("a:1", mine)
	c.register("b:2", theirs)
	c.nodes["b:2"].registry.Connect(connected)
	require.NoError(t, c.nodes["b:2"].registry.PublishConnected(connected.ID, orders, owned("c:3", 1)))
	time.Sleep(2 * time.Second)
	synctest.Wait()
	var response DistroDataResponse
	require.NoError(t, wire{c, "c:3"}.Call(t.Context(), "a:1", DistroDataRequest{DataOperation: Snapshot, Source: "c:3"}, &response))
	var ids []string
	for _, data := range response.Clients {
		ids = append(ids, data.ID)
	}
	require.ElementsMatch(t, []string{
		registry.ClientID(mine.IP, mine.Port, true), registry.ClientID(theirs.IP, theirs.Port, true), connected.ID,
	}, ids)
}

// connect has a client publish over a connection to a, known everywhere, and lets all nodes check who is alive.
func connect(t *testing.T, c *cluster) (id string) {
	ctx, cancel := context.WithCancel(t.Context())
	var wait sync.WaitGroup
	t.Cleanup(func() { cancel(); wait.Wait() })
	for _, n := range c.nodes {
		wait.Go(func() { liveness.New(liveness.Options{Registry: n.registry, Log: n.distro.config.Logger}).Run(ctx) })
	}
	connection := registry.Connection{ID: "1_10.1.0.1_1000"}
	c.nodes["a:1"].registry.Connect(connection)
	require.NoError(t, c.nodes["a:1"].registry.PublishConnected(connection.ID, orders, owned("a:1", 1)))
	time.Sleep(2 * time.Second)
	synctest.Wait()
	return connection.ID
}

// A survivor looks every 5 s; the dead node verified up to 5 s before it died. In a real cluster the copies went 177.8 to 180.6 s after the
// kill.
func copiesOfDeadNodesLeave(t *testing.T) {
	began := time.Now()
	c := settled(t)
	id := connect(t, c)
	time.Sleep(1500 * time.Millisecond)
	c.kill("a:1")
	killed := time.Now()
	_, verified := c.sent("a:1>b:2", Verify, began)
	last := began.Add(verified[len(verified)-1])
	gone := map[string]time.Duration{}
	for time.Since(killed) < 200*time.Second && len(gone) < 2 {
		time.Sleep(100 * time.Millisecond)
		synctest.Wait()
		for _, name := range []string{"b:2", "c:3"} {
			if _, known := c.nodes[name].registry.Published(orders, id); !known && gone[name] == 0 {
				gone[name] = time.Since(last)
			}
		}
	}
	require.Len(t, gone, 2)
	for name, after := range gone {
		require.GreaterOrEqual(t, after, 180*time.Second, name)
		require.LessOrEqual(t, after, 186*time.Second, name)
	}
}

func copiesOfLivingNodesStay(t *testing.T) {
	c := settled(t)
	id := connect(t, c)
	for range 60 {
		time.Sleep(10 * time.Second)
		synctest.Wait()
		for _, name := range names {
			_, known := c.nodes[name].registry.Published(orders, id)
			require.True(t, known, name)
		}
	}
}

func responsibilityMovesWithDown(t *testing.T) {
	c := settled(t)
	instance := owned("c:3", 1)
	tag := registry.Tag(instance.IP, instance.Port)
	id := registry.ClientID(instance.IP, instance.Port, true)
	c.register("c:3", instance)
	time.Sleep(2 * time.Second)
	c.kill("c:3")
	view := c.nodes["a:1"].membership
	for {
		time.Sleep(100 * time.Millisecond)
		synctest.Wait()
		state, _ := view.State("c:3")
		if state == membership.Down {
			break
		}
		require.Equal(t, "c:3", view.Owner(tag), "%s", state)
	}
	heir := view.Owner(tag)
	require.Equal(t, membership.OwnerAmong(tag, []string{"a:1", "b:2"}), heir)
	require.Eventually(t, func() bool { return c.nodes["b:2"].membership.Owner(tag) == heir }, 20*time.Second, time.Second)
	require.Equal(t, []string{id}, c.nodes[heir].registry.ResponsibleClients())

	c.start("c:3")
	require.Eventually(t, func() bool { return view.Owner(tag) == "c:3" }, 20*time.Second, time.Second)
	require.Equal(t, []string{id}, c.nodes["c:3"].registry.ResponsibleClients())
}

func responsibleByAddressOrService(t *testing.T) {
	c := settled(t)
	for _, by := range names {
		instance := owned(by, 1)
		c.register("a:1", instance)
		id := registry.ClientID(instance.IP, instance.Port, true)
		for _, name := range names {
			_, known := c.nodes[name].registry.Revision(id)
			require.Equal(t, name == by && known, c.nodes[name].registry.Responsible(id) && known, name)
		}
	}
	for _, name := range names {
		c.kill(name)
	}
	c, owner, _ := listed(t)
	for _, by := range names {
		c.register(owner, owned(by, 1))
	}
	require.Len(t, c.nodes[owner].registry.ResponsibleClients(), 3, "one service, one owner")
}
