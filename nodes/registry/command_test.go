package registry_test

import (
	"bytes"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"muster/nodes/registry"
)

// apply applies a command that must not be refused.
func apply(t *testing.T, r *registry.Registry, c registry.Command) {
	require.Nil(t, answer(t, r, c))
}

// answer applies a command and returns the state machine's answer.
func answer(t *testing.T, r *registry.Registry, c registry.Command) any {
	text, err := c.Encode()
	require.NoError(t, err)
	return r.ApplyCommand(text)
}

func snapshot(t *testing.T, r *registry.Registry) []byte {
	text, err := r.SnapshotPersistent()
	require.NoError(t, err)
	return text
}

// script is a run of all kinds of commands.
func script() []registry.Command {
	settings := registry.NewServiceMetadata(false)
	settings.ProtectThreshold = 0.3
	settings.Extend = map[string]string{"a": "b"}
	clusters := registry.NewServiceMetadata(false)
	clusters.Clusters = map[string]registry.ClusterMetadata{"c1": {CheckPort: 80, Checker: registry.HealthChecker{Type: "NONE"}}}
	switches := registry.DefaultSwitches()
	switches.ClientBeatInterval = 7000
	cover := registry.InstanceMetadata{Weight: 3, Enabled: true, Extend: map[string]string{"op": "1"}}
	var commands []registry.Command
	for i := range 5 {
		p := instance()
		p.Port += i
		commands = append(commands, registry.Command{Kind: registry.RegisterPersistent, Service: orders, Instance: &p})
	}
	other := orders
	other.Name = "other"
	return append(commands,
		registry.Command{Kind: registry.UpdateService, Service: orders, ServiceMetadata: &settings},
		registry.Command{Kind: registry.SetCluster, Service: orders, ServiceMetadata: &clusters},
		registry.Command{Kind: registry.SetInstanceMetadata, Service: orders, MetadataID: "10.1.0.1:80:DEFAULT", InstanceMetadata: &cover},
		registry.Command{Kind: registry.DeregisterPersistent, Service: orders, Instance: &registry.Published{IP: "10.1.0.1", Port: 81}},
		registry.Command{Kind: registry.CreateService, Service: other, ServiceMetadata: &settings},
		registry.Command{Kind: registry.SetSwitches, Switches: &switches},
	)
}

// A service that a persistent instance is deregistered from comes to be if the command says so.
func TestDeregistrationMakesService(t *testing.T) {
	other := orders
	other.Name = "other"
	deregister := registry.Command{Kind: registry.DeregisterPersistent, Service: other, Instance: &registry.Published{IP: instance().IP, Port: instance().Port}}
	for _, test := range []struct {
		name    string
		profile registry.Profile
		makes   bool
		made    bool
	}{
		{"over HTTP", registry.Nacos2, false, false},
		{"over gRPC", registry.Nacos2, true, true},
		{"in Nacos 1.x", registry.Nacos1, true, false},
	} {
		r := registry.New(registry.Options{Self: nodeA, Profile: test.profile})
		deregister.MakesService = test.makes
		apply(t, r, deregister)
		_, made := r.Service(other)
		require.Equal(t, test.made, made, test.name)
		if test.made {
			require.Equal(t, registry.KindError{Service: other}, r.CheckKind(other, true), test.name)
		}
	}
}

func TestEqualCommandsMakeEqualStates(t *testing.T) {
	plain, busy := registry.New(registry.Options{Self: nodeA}), registry.New(registry.Options{Self: nodeB})
	for i, c := range script() {
		p := instance()
		p.IP = fmt.Sprintf("10.9.0.%d", i)
		ephemeral := orders
		ephemeral.Name = "ephemeral"
		require.NoError(t, busy.RegisterEphemeral(ephemeral, p))
		apply(t, plain, c)
		apply(t, busy, c)
	}
	require.Equal(t, string(snapshot(t, plain)), string(snapshot(t, busy)), "ephemeral instances are no part of the replicated state")
	require.Equal(t, hosts(plain), hosts(busy))
	require.Len(t, hosts(plain), 4)
	require.Equal(t, 3.0, hosts(plain)[0].Weight)
	require.Equal(t, map[string]string{"op": "1"}, hosts(plain)[0].Metadata)
	require.EqualValues(t, 7000, busy.Switches().ClientBeatInterval)
	require.Contains(t, busy.ServiceMetadata(orders).Clusters, "c1")

	restored := registry.New(registry.Options{Self: nodeA})
	stale := orders
	stale.Name = "stale"
	apply(t, restored, registry.Command{Kind: registry.RegisterPersistent, Service: stale, Instance: new(instance())})
	require.NoError(t, restored.RestorePersistent(bytes.NewReader(snapshot(t, plain))))
	require.Equal(t, string(snapshot(t, plain)), string(snapshot(t, restored)))
	require.Equal(t, hosts(plain), hosts(restored))
	require.Empty(t, restored.View(stale).Hosts, "what is not in the snapshot is gone")
	require.Len(t, busy.EphemeralClients(), len(script()))
	require.NoError(t, busy.RestorePersistent(bytes.NewReader(snapshot(t, plain))))
	require.Len(t, busy.EphemeralClients(), len(script()), "a snapshot leaves ephemeral clients alone")
}

func TestRefusals(t *testing.T) {
	r := registry.New(registry.Options{Self: nodeA})
	metadata := registry.NewServiceMetadata(false)
	create := registry.Command{Kind: registry.CreateService, Service: orders, ServiceMetadata: &metadata}
	apply(t, r, create)
	require.Equal(t, registry.ErrServiceExists, answer(t, r, create))
	apply(t, r, registry.Command{Kind: registry.RegisterPersistent, Service: orders, Instance: new(instance())})
	require.Equal(t, registry.ErrServiceNotEmpty, answer(t, r, registry.Command{Kind: registry.DeleteService, Service: orders}))
	apply(t, r, registry.Command{Kind: registry.DropService, Service: orders, ServiceMetadata: &metadata})
	require.NotNil(t, r.ServiceMetadata(orders), "a service that is in use is not dropped")

	other := orders
	other.Name = "other"
	var kind registry.KindError
	require.ErrorAs(t, r.RegisterEphemeral(orders, instance()), &kind)
	require.Equal(t, "Current service DEFAULT_GROUP@@orders is persistent service, can't register ephemeral instance.", kind.Error())
	require.NoError(t, r.RegisterEphemeral(other, instance()))
	require.ErrorAs(t, r.CheckKind(other, false), &kind)
	require.NoError(t, r.CheckKind(other, true))

	p := instance()
	p.Weight = 0 / zero
	_, err := registry.Command{Kind: registry.RegisterPersistent, Service: orders, Instance: &p}.Encode()
	require.ErrorIs(t, err, registry.ErrWeight)
	require.ErrorIs(t, r.RegisterEphemeral(other, p), registry.ErrWeight)
}

// zero keeps the compiler from seeing the NaN.
var zero float64

func TestRestoreRefuses(t *testing.T) {
	r := registry.New(registry.Options{Self: nodeA})
	require.Error(t, r.RestorePersistent(bytes.NewReader(nil)))
	require.ErrorContains(t, r.RestorePersistent(bytes.NewBufferString(`{"format":9}`)), "format 9")
}

func FuzzApplyCommand(f *testing.F) {
	for _, c := range script() {
		text, err := c.Encode()
		require.NoError(f, err)
		f.Add(text)
	}
	f.Add([]byte(`{"kind":"service-drop","service":"a/b/c","service_metadata":{}}`))
	f.Add([]byte(`{"kind":"register"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		r := registry.New(registry.Options{Self: nodeA})
		r.ApplyCommand(text)
		again := registry.New(registry.Options{Self: nodeA})
		require.NoError(t, again.RestorePersistent(bytes.NewReader(snapshot(t, r))))
		require.Equal(t, string(snapshot(t, r)), string(snapshot(t, again)))
	})
}

// FuzzRestore restores anything. What is restored is written again as it was, and restored alike.
func FuzzRestore(f *testing.F) {
	r := registry.New(registry.Options{Self: nodeA})
	for _, c := range script() {
		text, err := c.Encode()
		require.NoError(f, err)
		r.ApplyCommand(text)
	}
	text, err := r.SnapshotPersistent()
	require.NoError(f, err)
	f.Add(text)
	f.Add([]byte(`{"format":1,"instances":[{"Service":"a/b/c"},{"Service":""}],"services":[{"service":"a/b/c","metadata":null}],"switches":null}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, again := registry.New(registry.Options{Self: nodeA}), registry.New(registry.Options{Self: nodeA})
		if r.RestorePersistent(bytes.NewReader(text)) != nil {
			return
		}
		require.NoError(t, again.RestorePersistent(bytes.NewReader(snapshot(t, r))))
		require.Equal(t, string(snapshot(t, r)), string(snapshot(t, again)))
	})
}

func TestClean(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := registry.New(registry.Options{Self: nodeA})
		made := orders
		made.Name = "made"
		metadata := registry.NewServiceMetadata(false)
		apply(t, r, registry.Command{Kind: registry.CreateService, Service: made, ServiceMetadata: &metadata})
		require.NoError(t, r.RegisterEphemeral(orders, instance()))
		cover := registry.Command{Kind: registry.SetInstanceMetadata, Service: orders, MetadataID: "10.1.0.1:80:DEFAULT",
			InstanceMetadata: &registry.InstanceMetadata{Weight: 2, Enabled: true}}
		early := cover
		early.MetadataID = "10.1.0.1:81:DEFAULT"
		apply(t, r, cover)
		apply(t, r, early)
		require.Empty(t, r.Clean())

		require.True(t, r.DeregisterEphemeral(orders, "10.1.0.1", 80))
		time.Sleep(registry.EmptyServiceAge - time.Second)
		require.Empty(t, r.Clean(), "too early")
		require.Empty(t, r.Uncovered(), "too early")
		second := instance()
		second.Port = 82
		require.NoError(t, r.RegisterEphemeral(orders, second))
		time.Sleep(2 * time.Second)
		commands := r.Clean()
		require.Len(t, commands, 2)
		require.Equal(t, commands[1:], r.Uncovered())
		require.Equal(t, registry.DropService, commands[0].Kind)
		require.Equal(t, made, commands[0].Service)
		require.Equal(t, registry.DropInstanceMetadata, commands[1].Kind)
		require.Equal(t, cover.MetadataID, commands[1].MetadataID, "metadata that came before their instance stay")
		for _, c := range commands {
			apply(t, r, c)
		}
		require.Empty(t, r.Clean())
		_, known := r.Service(made)
		require.False(t, known)

		require.True(t, r.DeregisterEphemeral(orders, "10.1.0.1", 82))
		time.Sleep(registry.EmptyServiceAge)
		require.Empty(t, r.Clean(), "the service goes first")
		_, known = r.Service(orders)
		require.False(t, known)
		time.Sleep(time.Second)
		require.Empty(t, r.Clean(), "it may be still on its way to this node")
		time.Sleep(registry.EmptyServiceAge)
		require.Len(t, r.Clean(), 1)
	})
}
