package registry_test

import (
	"encoding/json"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"muster/model"
	"muster/nodes/registry"
)

const (
	nodeA = "10.0.0.1:8848"
	nodeB = "10.0.0.2:8848"
)

var orders = model.Service{Namespace: "public", Group: "DEFAULT_GROUP", Name: "orders"}

// client is the client that publishes instance.
const client = "10.1.0.1:80#true"

func instance() registry.Published {
	return registry.Published{IP: "10.1.0.1", Port: 80, Cluster: "DEFAULT", Healthy: true, Weight: 1, Enabled: true}
}

// changes notes what a registry reports.
type changes struct{ changed, removed int }

func (c *changes) of(r *registry.Registry) {
	r.OnClientChange(func(_ string, removed bool) {
		if removed {
			c.removed++
		} else {
			c.changed++
		}
	})
}

// tell carries a client from one node to another, as Distro does.
func tell(t *testing.T, from, to *registry.Registry) error {
	data, known := from.Snapshot(client)
	if !known {
		return to.RemoveSynced(client, from.Silent(client))
	}
	text, err := json.Marshal(data)
	require.NoError(t, err)
	var received registry.ClientData
	require.NoError(t, json.Unmarshal(text, &received))
	return to.ApplySync(received)
}

// verify asks a node whether it has a client as another has it.
func verify(t *testing.T, from, to *registry.Registry) bool {
	revision, known := from.Revision(client)
	require.True(t, known)
	return to.Renew(client, revision, from.Silent(client))
}

func hosts(r *registry.Registry) []*registry.Host { return r.FreshView(orders).Hosts }

// twoNodes are a and b; the client lives at a, and b has its copy.
func twoNodes(t *testing.T) (a, b *registry.Registry) {
	a, b = registry.New(registry.Options{Self: nodeA}), registry.New(registry.Options{Self: nodeB})
	require.NoError(t, a.RegisterEphemeral(orders, instance()))
	require.NoError(t, tell(t, a, b))
	require.Len(t, hosts(b), 1)
	return a, b
}

func TestPeersAgree(t *testing.T) {
	a, b := twoNodes(t)
	require.True(t, verify(t, a, b))
	require.Equal(t, hosts(a), hosts(b))

	unlike := instance()
	unlike.Cluster = "other"
	require.NoError(t, a.RegisterEphemeral(orders, unlike))
	require.False(t, verify(t, a, b), "a change of the cluster alone changes the revision")
	require.NoError(t, tell(t, a, b))
	require.Equal(t, hosts(a), hosts(b))

	require.True(t, a.DeregisterEphemeral(orders, "10.1.0.1", 80))
	require.NoError(t, tell(t, a, b))
	require.Empty(t, hosts(b))
}

// While the link between the nodes is cut the client beats at b; a hears nothing. Nacos lets a's news win when the cut heals.
func TestWhoHeardLastWins(t *testing.T) {
	cases := map[string]struct {
		// cut is what a does after hearing nothing for so long.
		silence time.Duration
		cut     func(*registry.Registry, registry.Publication) bool
	}{
		"a removed what lives at b": {31 * time.Second, func(a *registry.Registry, p registry.Publication) bool { return a.Expire(orders, client, p.Beat) }},
		"a marked unhealthy what beats at b": {16 * time.Second, func(a *registry.Registry, p registry.Publication) bool {
			return a.MarkUnhealthy(orders, client, p.Beat)
		}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, b := twoNodes(t)
				time.Sleep(c.silence)
				require.True(t, b.Beat(orders, registry.ClientID("10.1.0.1", 80, true)))
				require.True(t, c.cut(a, a.Publications(client)[0]))
				var atB changes
				atB.of(b)

				require.ErrorIs(t, tell(t, a, b), registry.ErrStale)
				require.Equal(t, changes{changed: 1}, atB, "b makes known what it knows")
				require.NoError(t, tell(t, b, a))
				require.Len(t, hosts(a), 1)
				require.True(t, hosts(a)[0].Healthy)
				require.True(t, verify(t, a, b))
			})
		})
	}
}

// The copy at b is as fresh as a third node's verification; a, that was cut off from that node, must not remove it.
func TestFreshCopiesOutliveStaleNews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := twoNodes(t)
		third := registry.New(registry.Options{Self: "10.0.0.3:8848"})
		require.NoError(t, tell(t, a, third))
		time.Sleep(31 * time.Second)
		require.True(t, third.Beat(orders, registry.ClientID("10.1.0.1", 80, true)))
		require.True(t, verify(t, third, b))
		require.True(t, a.Expire(orders, client, a.Publications(client)[0].Beat))
		require.ErrorIs(t, tell(t, a, b), registry.ErrStale)
		require.Len(t, hosts(b), 1)
	})
}

func TestDeregisteredStaysGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := twoNodes(t)
		late, known := b.Snapshot(client)
		require.True(t, known)
		time.Sleep(time.Second)
		require.True(t, a.DeregisterEphemeral(orders, "10.1.0.1", 80))
		var atA changes
		atA.of(a)
		late.Silent += time.Second
		require.ErrorIs(t, a.ApplySync(late), registry.ErrStale, "news from before the deregistration")
		require.Equal(t, changes{removed: 1}, atA)
		require.Empty(t, hosts(a))

		require.NoError(t, tell(t, a, b))
		require.Empty(t, hosts(b))
		require.NoError(t, b.RegisterEphemeral(orders, instance()))
		require.NoError(t, tell(t, b, a), "a registration after it")
		require.Len(t, hosts(a), 1)
	})
}

func TestExpiryIsRefusedAfterABeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := twoNodes(t)
		judged := a.Publications(client)[0].Beat
		time.Sleep(time.Second)
		require.True(t, a.Beat(orders, registry.ClientID("10.1.0.1", 80, true)))
		require.False(t, a.MarkUnhealthy(orders, client, judged))
		require.False(t, a.Expire(orders, client, judged))
		require.Len(t, hosts(a), 1)
	})
}

// everyID is what a peer spoke of that spoke of all its clients.
func everyID(string) bool { return true }

func TestDropUnlisted(t *testing.T) {
	const grace = 15 * time.Second
	synctest.Test(t, func(t *testing.T) {
		owner := nodeA
		b := registry.New(registry.Options{Self: nodeB, Owner: func(string) string { return owner }})
		a, _ := twoNodes(t)
		require.NoError(t, tell(t, a, b))
		require.Empty(t, b.DropUnlisted(nodeA, nil, everyID, grace), "verified just now")
		time.Sleep(grace + time.Second)
		require.Empty(t, b.DropUnlisted(nodeA, map[string]bool{client: true}, everyID, grace), "listed")
		require.Empty(t, b.DropUnlisted("10.0.0.3:8848", nil, everyID, grace), "another node's client")
		require.Empty(t, b.DropUnlisted(nodeA, nil, func(id string) bool { return id > client }, grace), "nothing was said of it")
		require.Equal(t, []string{client}, b.DropUnlisted(nodeA, nil, everyID, grace))
		require.Empty(t, hosts(b))
	})
}

func TestPersistentClientsAreNotForDistro(t *testing.T) {
	r := registry.New(registry.Options{Self: nodeA})
	require.ErrorContains(t, r.ApplySync(registry.ClientData{ID: "10.1.0.1:80#false"}), "persistent")
	apply(t, r, registry.Command{Kind: registry.RegisterPersistent, Service: orders, Instance: new(instance())})
	require.NoError(t, r.RemoveSynced("10.1.0.1:80#false", 0))
	require.Len(t, hosts(r), 1)
	require.Empty(t, r.EphemeralClients())
}

func TestClientDataJSON(t *testing.T) {
	p := instance()
	p.Weight, p.Enabled, p.InstanceID, p.Metadata = 2.5, false, "id", map[string]string{"customInstanceId": "mine", "é": `"`}
	data := registry.ClientData{ID: client, Revision: 7, Silent: 1500 * time.Millisecond, Published: []registry.ServicePublished{{Service: orders, Published: p}}}
	text, err := json.Marshal(data)
	require.NoError(t, err)
	require.JSONEq(t, `{"clientId":"10.1.0.1:80#true","attributes":{"clientAttributes":{"revision":7,"silentMillis":1500}},
		"namespaces":["public"],"groupNames":["DEFAULT_GROUP"],"serviceNames":["orders"],
		"instancePublishInfos":[{"ip":"10.1.0.1","port":80,"healthy":true,"cluster":"DEFAULT","weight":2.5,"enabled":false,"instanceId":"id",
		"extendDatum":{"customInstanceId":"mine","é":"\""}}]}`, string(text))
	var back registry.ClientData
	require.NoError(t, json.Unmarshal(text, &back))
	require.Equal(t, data, back)

	for name, text := range map[string]string{
		"no object":     `[]`,
		"uneven":        `{"clientId":"x#true","namespaces":["a"],"groupNames":[],"serviceNames":[],"instancePublishInfos":[]}`,
		"port a string": `{"instancePublishInfos":[{"port":"80"}]}`,
		// A time.Duration holds 9223372036854 ms.
		"silent for longer than can be": `{"attributes":{"clientAttributes":{"silentMillis":9223372036855}}}`,
		"silent for ever":               `{"attributes":{"clientAttributes":{"silentMillis":9223372036854775807}}}`,
		"heard from in the future":      `{"attributes":{"clientAttributes":{"silentMillis":-1}}}`,
	} {
		require.Error(t, json.Unmarshal([]byte(text), &back), name)
	}
	require.ErrorContains(t, json.Unmarshal([]byte(`{"clientId":"x#true","attributes":{"clientAttributes":{"silentMillis":9223372036855}}}`), &back),
		`client data of "x#true": silentMillis is 9223372036855: want 0 to 9223372036854`)
	require.NoError(t, json.Unmarshal([]byte(`{"attributes":{"clientAttributes":{"silentMillis":9223372036854}}}`), &back))
	require.Greater(t, back.Silent, 292*365*24*time.Hour)
}

func FuzzApplySync(f *testing.F) {
	r := registry.New(registry.Options{Self: nodeA})
	if err := r.RegisterEphemeral(orders, instance()); err != nil {
		f.Fatal(err)
	}
	for _, id := range r.Clients() {
		data, _ := r.Snapshot(id)
		text, err := json.Marshal(data)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte(`{}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var data registry.ClientData
		if json.Unmarshal(text, &data) != nil {
			return
		}
		r := registry.New(registry.Options{Self: nodeB, Owner: func(string) string { return nodeA }})
		if r.ApplySync(data) == nil {
			_, err := json.Marshal(data)
			require.NoError(t, err)
		}
	})
}
