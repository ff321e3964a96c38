package liveness_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pingcap/failpoint"
	"github.com/stretchr/testify/require"

	"muster/model"
	"muster/model/run"
	"muster/nodes/defect"
	"muster/nodes/liveness"
	"muster/nodes/registry"
)

const self = "10.0.0.1:8848"

var orders = model.Service{Namespace: "public", Group: "DEFAULT_GROUP", Name: "orders"}

// node is a registry whose beats are checked, in a bubble of virtual time.
type node struct {
	registry *registry.Registry
	liveness *liveness.Liveness
	// owner is the address of the node that is responsible for everything.
	owner atomic.Value
	log   bytes.Buffer
}

func inVirtualTime(t *testing.T, test func(t *testing.T, n *node)) {
	synctest.Test(t, func(t *testing.T) {
		n := &node{}
		n.owner.Store(self)
		n.registry = registry.New(registry.Options{Self: self, Owner: func(string) string { return n.owner.Load().(string) }})
		n.liveness = liveness.New(liveness.Options{Registry: n.registry, Log: slog.New(slog.NewJSONHandler(&n.log, nil))})
		ctx, cancel := context.WithCancel(t.Context())
		go n.liveness.Run(ctx)
		test(t, n)
		cancel()
		synctest.Wait()
	})
}

func (n *node) register(t *testing.T, port int, metadata map[string]string) {
	require.NoError(t, n.registry.RegisterEphemeral(orders, registry.Published{IP: "10.1.0.1", Port: port, Cluster: "DEFAULT", Healthy: true, Enabled: true,
		Weight: 1, Metadata: metadata}))
}

// state is "healthy", "unhealthy" or "gone".
func (n *node) state(port int) string {
	synctest.Wait()
	p, known := n.registry.Published(orders, registry.ClientID("10.1.0.1", port, true))
	switch {
	case !known:
		return "gone"
	case p.Healthy:
		return "healthy"
	}
	return "unhealthy"
}

func (n *node) requireEvents(t *testing.T, names ...string) {
	var found []string
	decoder := json.NewDecoder(&n.log)
	for decoder.More() {
		var line map[string]any
		require.NoError(t, decoder.Decode(&line))
		require.Equal(t, orders.String(), line["service"])
		require.Equal(t, "10.1.0.1:80#DEFAULT", line["instance"])
		require.NotZero(t, line["silent_ms"])
		found = append(found, line["msg"].(string))
	}
	require.Equal(t, names, found)
}

func TestSilentInstances(t *testing.T) {
	const never = time.Hour
	cases := map[string]struct {
		metadata, operator map[string]string
		unhealthy, gone    time.Duration // not before, and at most one check later
	}{
		"by default": {nil, nil, 15 * time.Second, 30 * time.Second},
		"with times of its own": {
			map[string]string{registry.BeatTimeoutKey: "3000", registry.DeleteTimeoutKey: "9000"}, nil, 3 * time.Second, 9 * time.Second,
		},
		"the operator's go first": {
			map[string]string{registry.BeatTimeoutKey: "3000"}, map[string]string{registry.BeatTimeoutKey: "20000"}, 20 * time.Second, 30 * time.Second,
		},
		"times that are no times": {map[string]string{registry.BeatTimeoutKey: "soon"}, nil, 15 * time.Second, 30 * time.Second},
		"unchecked":               {map[string]string{"enableClientBeat": "true"}, nil, never, never},
		"checked, says the name":  {map[string]string{"enableClientBeat": "false"}, nil, 15 * time.Second, 30 * time.Second},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			inVirtualTime(t, func(t *testing.T, n *node) {
				time.Sleep(1700 * time.Millisecond)
				n.register(t, 80, c.metadata)
				if c.operator != nil {
					text, err := registry.Command{Kind: registry.SetInstanceMetadata, Service: orders, MetadataID: "10.1.0.1:80:DEFAULT",
						InstanceMetadata: &registry.InstanceMetadata{Weight: 1, Enabled: true, Extend: c.operator}}.Encode()
					require.NoError(t, err)
					require.Nil(t, n.registry.ApplyCommand(text))
				}
				for silent := time.Duration(0); silent < 60*time.Second; silent += 500 * time.Millisecond {
					state := n.state(80)
					switch {
					case silent <= c.unhealthy:
						require.Equal(t, "healthy", state, "after %s", silent)
					case silent > c.unhealthy+liveness.CheckInterval && silent <= c.gone:
						require.Equal(t, "unhealthy", state, "after %s", silent)
					case silent > c.gone+liveness.CheckInterval:
						require.Equal(t, "gone", state, "after %s", silent)
					}
					time.Sleep(500 * time.Millisecond)
				}
			})
		})
	}
}

func TestBeatsKeepAlive(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, n *node) {
		require.False(t, n.liveness.Beat(orders, model.InstanceKey{IP: "10.1.0.1", Port: 80}), "nobody knows it")
		n.register(t, 80, nil)
		for range 12 {
			time.Sleep(14 * time.Second)
			require.True(t, n.liveness.Beat(orders, model.InstanceKey{IP: "10.1.0.1", Port: 80}))
			require.Equal(t, "healthy", n.state(80))
		}
		time.Sleep(21 * time.Second)
		require.Equal(t, "unhealthy", n.state(80))
		require.True(t, n.liveness.Beat(orders, model.InstanceKey{IP: "10.1.0.1", Port: 80}))
		require.Equal(t, "healthy", n.state(80), "at once")
		time.Sleep(36 * time.Second)
		require.Equal(t, "gone", n.state(80))
		require.False(t, n.liveness.Beat(orders, model.InstanceKey{IP: "10.1.0.1", Port: 80}))
		n.requireEvents(t, run.EventInstanceUnhealthy, run.EventInstanceUnhealthy, run.EventInstanceExpired)
	})
}

func TestOnlyTheResponsibleNodeChecks(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, n *node) {
		n.register(t, 80, nil)
		n.owner.Store("10.0.0.2:8848")
		time.Sleep(2 * time.Minute)
		require.Equal(t, "healthy", n.state(80))
	})
}

// A node that takes over could not hear for a while who beat: it has to miss a client for as long as makes it unhealthy. Then it removes
// those that nobody has heard of for as long as removes them.
func TestTakeoverStartsListening(t *testing.T) {
	for name, c := range map[string]struct {
		told time.Duration // before the takeover
		then string        // when it has been missed for long enough
	}{
		"told of just now": {time.Second, "unhealthy"},
		"told of long ago": {29 * time.Second, "gone"},
	} {
		t.Run(name, func(t *testing.T) {
			inVirtualTime(t, func(t *testing.T, n *node) {
				n.owner.Store("10.0.0.2:8848")
				require.NoError(t, n.registry.ApplySync(registry.ClientData{ID: "10.1.0.1:80#true", Revision: 1, Published: []registry.ServicePublished{
					{Service: orders, Published: registry.Published{IP: "10.1.0.1", Port: 80, Cluster: "DEFAULT", Healthy: true, Enabled: true, Weight: 1}}}}))
				time.Sleep(c.told)
				n.owner.Store(self)
				time.Sleep(liveness.UnhealthyAfter)
				require.Equal(t, "healthy", n.state(80))
				time.Sleep(2*liveness.CheckInterval + time.Second)
				require.Equal(t, c.then, n.state(80))
				time.Sleep(liveness.RemovedAfter - liveness.UnhealthyAfter)
				require.Equal(t, "gone", n.state(80), "a client that died with its node goes too")
			})
		})
	}
}

// Who beats in time after a takeover lives, however long it had not been told of.
func TestBeatsAfterATakeover(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, n *node) {
		n.register(t, 80, nil)
		n.owner.Store("10.0.0.2:8848")
		time.Sleep(time.Minute)
		n.owner.Store(self)
		for range 12 {
			time.Sleep(liveness.UnhealthyAfter - time.Second)
			require.Equal(t, "healthy", n.state(80))
			require.True(t, n.liveness.Beat(orders, model.InstanceKey{IP: "10.1.0.1", Port: 80}))
		}
	})
}

// A node that was responsible, was not, and is again has old beats of its own. Others may have heard newer ones meanwhile: it listens
// anew, too.
func TestResponsibleAgainStartsListening(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, n *node) {
		n.register(t, 80, nil)
		time.Sleep(2 * liveness.CheckInterval)
		n.owner.Store("10.0.0.2:8848")
		time.Sleep(time.Minute)
		n.owner.Store(self)
		time.Sleep(liveness.UnhealthyAfter)
		require.Equal(t, "healthy", n.state(80))
		time.Sleep(2*liveness.CheckInterval + time.Second)
		require.Equal(t, "gone", n.state(80))
	})
}

// In Nacos 1.x a service is checked every five seconds from when the node knew it, whenever its instances came.
func TestChecksCountFromTheService(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		state := registry.New(registry.Options{Profile: registry.Nacos1, Self: self})
		checks := liveness.New(liveness.Options{Registry: state, Log: slog.New(slog.DiscardHandler), Since: state.ServiceSince})
		ctx, cancel := context.WithCancel(t.Context())
		go checks.Run(ctx)
		quick := registry.Published{IP: "10.1.0.1", Port: 80, Cluster: "DEFAULT", Healthy: true, Enabled: true, Weight: 1,
			Metadata: map[string]string{registry.BeatTimeoutKey: "3000", registry.DeleteTimeoutKey: "6000"}}
		time.Sleep(3300 * time.Millisecond)
		require.NoError(t, state.RegisterEphemeral(orders, registry.Published{IP: "10.1.0.2", Port: 80, Cluster: "DEFAULT"}))
		time.Sleep(2500 * time.Millisecond)
		require.NoError(t, state.RegisterEphemeral(orders, quick))
		for _, step := range []struct {
			after     time.Duration
			instances int
		}{{2600 * time.Millisecond, 2}, {4800 * time.Millisecond, 2}, {200 * time.Millisecond, 1}} { // 5.1 s, 9.9 s, 10.1 s after the service
			time.Sleep(step.after)
			synctest.Wait()
			require.Len(t, state.Publishers(orders), step.instances)
		}
		cancel()
		synctest.Wait()
	})
}

// A process that was stopped heard nobody; when it goes on, the silence is its own.
func TestAfterAPauseNobodyIsBlamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &node{registry: registry.New(registry.Options{Self: self})}
		l := liveness.New(liveness.Options{Registry: n.registry, Log: slog.New(slog.DiscardHandler)})
		n.register(t, 80, nil)
		time.Sleep(5 * time.Second)
		l.Check(time.Now())
		time.Sleep(40 * time.Second) // no checks meanwhile
		l.Check(time.Now())
		require.Equal(t, "healthy", n.state(80))
		for range 3 {
			time.Sleep(5 * time.Second)
			l.Check(time.Now())
			require.Equal(t, "healthy", n.state(80))
		}
		time.Sleep(5 * time.Second)
		l.Check(time.Now())
		require.Equal(t, "gone", n.state(80), "now it has been listened for")
	})
}

func TestHealthCheckSwitchedOff(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, n *node) {
		switches := registry.DefaultSwitches()
		switches.HealthCheckEnabled = false
		text, err := registry.Command{Kind: registry.SetSwitches, Switches: &switches}.Encode()
		require.NoError(t, err)
		require.Nil(t, n.registry.ApplyCommand(text))
		n.register(t, 80, nil)
		time.Sleep(time.Minute)
		require.Equal(t, "healthy", n.state(80))
	})
}

func TestCleaningProposesOnTheLeaderOnly(t *testing.T) {
	for _, leads := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			r := registry.New(registry.Options{Self: self})
			metadata := registry.NewServiceMetadata(false)
			text, err := registry.Command{Kind: registry.CreateService, Service: orders, ServiceMetadata: &metadata}.Encode()
			require.NoError(t, err)
			require.Nil(t, r.ApplyCommand(text))
			proposed := 0
			l := liveness.New(liveness.Options{Registry: r, Log: slog.New(slog.DiscardHandler), Leads: func() bool { return leads },
				Propose: func(_ context.Context, c registry.Command) error {
					require.Equal(t, registry.DropService, c.Kind)
					proposed++
					return nil
				}})
			ctx, cancel := context.WithCancel(t.Context())
			go l.Run(ctx)
			time.Sleep(70 * time.Second)
			cancel()
			synctest.Wait()
			require.Equal(t, leads, proposed == 1)
		})
	}
}

func enable(t *testing.T, name defect.Name) {
	path := "muster/nodes/" + string(name)
	require.NoError(t, failpoint.Enable(path, "return(true)"))
	t.Cleanup(func() { require.NoError(t, failpoint.Disable(path)) })
}

// The defects must do harm, or a checker that misses them would look right.
func TestNeverExpire(t *testing.T) {
	enable(t, liveness.NeverExpire)
	inVirtualTime(t, func(t *testing.T, n *node) {
		n.register(t, 80, nil)
		time.Sleep(time.Minute)
		require.Equal(t, "unhealthy", n.state(80))
	})
}

func TestTakeOverLastBeats(t *testing.T) {
	enable(t, liveness.TakeOverLastBeats)
	inVirtualTime(t, func(t *testing.T, n *node) {
		n.owner.Store("10.0.0.2:8848")
		require.NoError(t, n.registry.ApplySync(registry.ClientData{ID: "10.1.0.1:80#true", Revision: 1, Published: []registry.ServicePublished{
			{Service: orders, Published: registry.Published{IP: "10.1.0.1", Port: 80, Cluster: "DEFAULT", Healthy: true, Enabled: true, Weight: 1}}}}))
		time.Sleep(31 * time.Second)
		require.Equal(t, "healthy", n.state(80))
		n.owner.Store(self)
		time.Sleep(liveness.CheckInterval)
		require.Equal(t, "gone", n.state(80), "though it may have beaten all the time")
	})
}

func TestBeatWrongInstance(t *testing.T) {
	enable(t, liveness.BeatWrongInstance)
	inVirtualTime(t, func(t *testing.T, n *node) {
		n.register(t, 80, nil)
		n.register(t, 81, nil)
		for range 8 {
			time.Sleep(5 * time.Second)
			n.liveness.Beat(orders, model.InstanceKey{IP: "10.1.0.1", Port: 80})
		}
		require.Equal(t, "gone", n.state(80))
		require.Equal(t, "healthy", n.state(81))
	})
}
