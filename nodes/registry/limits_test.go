package registry_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"muster/model"
	"muster/nodes/registry"
)

func named(name string) model.Service {
	return model.Service{Namespace: "public", Group: "DEFAULT_GROUP", Name: name}
}

// fill registers instances until one is refused, and returns how many there are.
func fill(t *testing.T, r *registry.Registry) (count int) {
	for ; ; count++ {
		require.Less(t, count, 100, "nothing is refused")
		if err := r.RegisterEphemeral(orders, registry.Published{IP: "10.0.0.1", Port: 1 + count}); err != nil {
			require.ErrorIs(t, err, registry.ErrFull)
			return count
		}
	}
}

// However instances leave, there is room for as many again.
func TestRoomForInstances(t *testing.T) {
	for name, leave := range map[string]func(r *registry.Registry, count int){
		"taken off": func(r *registry.Registry, count int) {
			for i := range count {
				r.DeregisterEphemeral(orders, "10.0.0.1", 1+i)
			}
		},
		"gone at a peer": func(r *registry.Registry, count int) {
			for i := range count {
				_ = r.RemoveSynced(registry.ClientID("10.0.0.1", 1+i, true), 0)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := registry.New(registry.Options{Limits: registry.Limits{Bytes: 10_000}})
				count := fill(t, r)
				require.Equal(t, 11, count)
				require.NoError(t, r.RegisterEphemeral(orders, registry.Published{IP: "10.0.0.1", Port: 1}), "what is there may come again")
				long := registry.Published{IP: "10.0.0.1", Port: 1, Metadata: map[string]string{"long": strings.Repeat("x", 1000)}}
				require.ErrorIs(t, r.RegisterEphemeral(orders, long), registry.ErrFull)
				require.NoError(t, r.ApplySync(registry.ClientData{ID: "10.0.0.2:1#true", Revision: 1,
					Published: []registry.ServicePublished{{Service: orders, Published: registry.Published{IP: "10.0.0.2", Port: 1}}}}), "what peers say is taken in")
				leave(r, count)
				require.NoError(t, r.RemoveSynced("10.0.0.2:1#true", 0))
				time.Sleep(4 * time.Minute)
				r.Clean()
				require.Equal(t, count, fill(t, r))
			})
		})
	}
}

// Whoever registers and leaves again and again has what is remembered of that counted, until it is forgotten.
func TestRoomForWhatIsRemembered(t *testing.T) {
	const id = "1_10.0.0.9_5000"
	for name, comeAndGo := range map[string]func(r *registry.Registry, i int) error{
		"clients": func(r *registry.Registry, i int) error {
			err := r.RegisterEphemeral(orders, registry.Published{IP: "10.0.0.1", Port: i})
			r.DeregisterEphemeral(orders, "10.0.0.1", i)
			return err
		},
		"services": func(r *registry.Registry, i int) error {
			err := r.RegisterEphemeral(named(fmt.Sprint(i)), registry.Published{IP: "10.0.0.1", Port: 1})
			r.DeregisterEphemeral(named(fmt.Sprint(i)), "10.0.0.1", 1)
			return err
		},
		"services that nobody registers in": func(r *registry.Registry, i int) error { return r.MakeService(named(fmt.Sprint(i))) },
		"services of a connection":          func(r *registry.Registry, i int) error { return r.PublishConnected(id, named(fmt.Sprint(i))) },
		"clusters": func(r *registry.Registry, i int) error {
			return r.RegisterEphemeral(orders, registry.Published{IP: "10.0.0.1", Port: 1, Cluster: fmt.Sprint(i)})
		},
		"moves": func(r *registry.Registry, i int) error {
			return r.PublishConnected(id, orders, registry.Published{IP: "10.0.0.1", Port: i})
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := registry.New(registry.Options{Limits: registry.Limits{Bytes: 10_000}})
				r.Connect(registry.Connection{ID: id})
				var err error
				for i := 1; err == nil; i++ {
					require.Less(t, i, 1000, "nothing is refused")
					err = comeAndGo(r, i)
				}
				require.ErrorIs(t, err, registry.ErrFull)
				r.Disconnect(id)
				r.DeregisterEphemeral(orders, "10.0.0.1", 1)
				time.Sleep(4 * time.Minute)
				r.Clean()
				r.Connect(registry.Connection{ID: id})
				require.NoError(t, comeAndGo(r, 1))
			})
		})
	}
}

func TestRoomForPersistentInstances(t *testing.T) {
	r := registry.New(registry.Options{Limits: registry.Limits{Bytes: 2000, CommandBytes: 2000}})
	admit := func(p registry.Published) error {
		command := registry.Command{Kind: registry.RegisterPersistent, Service: orders, Instance: &p}
		text, err := command.Encode()
		require.NoError(t, err)
		if err := r.Admit(command, text); err != nil {
			return err
		}
		require.Nil(t, r.ApplyCommand(text))
		return nil
	}
	one := registry.Published{IP: "10.0.0.1", Port: 1}
	require.NoError(t, admit(one))
	require.NoError(t, admit(one))
	require.ErrorContains(t, admit(registry.Published{IP: "10.0.0.2", Port: 1}), "beyond 2000 bytes")
	one.Metadata = map[string]string{"long": strings.Repeat("x", 2000)}
	require.ErrorContains(t, admit(one), "want at most 2000")
	snapshot, err := r.SnapshotPersistent()
	require.NoError(t, err)
	for range 3 {
		require.NoError(t, r.RestorePersistent(strings.NewReader(string(snapshot))))
	}
	one.Metadata = nil
	require.NoError(t, admit(one), "what was restored is counted once")
}

// What members could not tell each other in one message is refused, whichever of its texts is long.
// A deregistration takes room, too, where it makes a service.
func TestRoomForServicesMadeByDeregistrations(t *testing.T) {
	r := registry.New(registry.Options{Limits: registry.Limits{Bytes: 1000}})
	gone := registry.Published{IP: "10.0.0.1", Port: 1}
	deregister := registry.Command{Kind: registry.DeregisterPersistent, Service: orders, Instance: &gone, MakesService: true}
	require.NoError(t, r.Admit(deregister, nil))
	apply(t, r, deregister)
	require.NoError(t, r.Admit(deregister, nil), "it is there already")
	deregister.Service.Name = "others"
	require.ErrorIs(t, r.Admit(deregister, nil), registry.ErrFull)
	deregister.MakesService = false
	require.NoError(t, r.Admit(deregister, nil))
}

func TestRoomForOneInstance(t *testing.T) {
	r := registry.New(registry.Options{Limits: registry.Limits{InstanceBytes: 2000}})
	long := strings.Repeat("x", 2000)
	r.Connect(registry.Connection{ID: "1_10.0.0.1_5000"})
	for name, p := range map[string]registry.Published{
		"its address": {IP: long, Port: 1}, "its id": {IP: "10.0.0.1", Port: 1, InstanceID: long}, "its application": {IP: "10.0.0.1", Port: 1, App: long},
		"its metadata": {IP: "10.0.0.1", Port: 1, Metadata: map[string]string{"k": long}},
	} {
		require.ErrorContains(t, r.RegisterEphemeral(orders, p), "want at most 2000", name)
		require.ErrorIs(t, r.PublishConnected("1_10.0.0.1_5000", orders, registry.Published{IP: "10.0.0.1", Port: 2}, p), registry.ErrFull, name)
	}
	require.ErrorIs(t, r.RegisterEphemeral(named(long), registry.Published{IP: "10.0.0.1", Port: 1}), registry.ErrFull)
	require.NoError(t, r.RegisterEphemeral(orders, registry.Published{IP: "10.0.0.1", Port: 1, App: long[:1000]}))
}

// What operators write over instances and services is kept by all members, too.
func TestRoomInSnapshots(t *testing.T) {
	r := registry.New(registry.Options{Limits: registry.Limits{Bytes: 2000}})
	long := registry.NewServiceMetadata(false)
	long.Extend = map[string]string{"long": strings.Repeat("x", 2000)}
	create := registry.Command{Kind: registry.CreateService, Service: orders, ServiceMetadata: &long}
	require.NoError(t, r.Admit(create, nil))
	apply(t, r, create)
	snapshot(t, r)
	require.ErrorContains(t, r.Admit(create, nil), "want at most 2000")
	require.ErrorIs(t, r.Admit(registry.Command{Kind: registry.SetInstanceMetadata}, nil), registry.ErrFull)
	restarted := registry.New(registry.Options{Limits: registry.Limits{Bytes: 2000}})
	require.NoError(t, restarted.RestorePersistent(bytes.NewReader(snapshot(t, r))))
	require.ErrorIs(t, restarted.Admit(create, nil), registry.ErrFull)
	remove := registry.Command{Kind: registry.DeleteService, Service: orders}
	require.NoError(t, r.Admit(remove, nil), "what makes room is let in")
	apply(t, r, remove)
	snapshot(t, r)
	require.NoError(t, r.Admit(create, nil))
}

func TestRoomOfAConnection(t *testing.T) {
	r := registry.New(registry.Options{Limits: registry.Limits{ServicesPerConnection: 2, Bytes: 10_000}})
	const id = "1_10.0.0.1_5000"
	for range 3 { // what a connection had is given back when it ends
		r.Connect(registry.Connection{ID: id})
		for i := range 3 {
			publish := r.PublishConnected(id, named(fmt.Sprint(i)), registry.Published{IP: "10.0.0.1", Port: 80})
			subscribe := r.Subscribe(id, registry.Subscription{Service: named(fmt.Sprint(i))})
			if i < 2 {
				require.NoError(t, publish)
				require.NoError(t, subscribe)
				continue
			}
			require.ErrorContains(t, publish, "publishes in at most 2 services")
			require.ErrorContains(t, subscribe, "subscribes to at most 2 services")
		}
		require.NoError(t, r.Subscribe(id, registry.Subscription{Service: named("0")}))
		require.NoError(t, r.Unsubscribe(id, named("0")))
		require.NoError(t, r.Unsubscribe(id, named("0")), "twice is once")
		require.NoError(t, r.Subscribe(id, registry.Subscription{Service: named("2")}))
		batch := make([]registry.Published, 20)
		require.ErrorIs(t, r.PublishConnected(id, named("0"), batch...), registry.ErrFull)
		r.Disconnect(id)
	}
}

func TestRoomForSocketSubscriptions(t *testing.T) {
	for _, profile := range []registry.Profile{registry.Nacos1, registry.Nacos2} {
		synctest.Test(t, func(t *testing.T) {
			r := registry.New(registry.Options{Profile: profile, Limits: registry.Limits{SocketSubscriptions: 3}})
			subscribe := func(port int, service string) error {
				clusters := ""
				return r.SubscribeSocket(registry.Connection{IP: "10.0.0.1", Port: port}, registry.Subscription{Service: named(service), Clusters: &clusters})
			}
			for range 2 {
				require.NoError(t, subscribe(1, "a"))
				require.NoError(t, subscribe(1, "b"))
				require.NoError(t, subscribe(2, "a"))
				require.ErrorIs(t, subscribe(3, "a"), registry.ErrFull)
				require.ErrorIs(t, subscribe(2, "b"), registry.ErrFull)
				require.NoError(t, subscribe(2, "a"), "asked again")
				time.Sleep(time.Minute)
				r.ExpireSockets()
			}
			r.Connect(registry.Connection{ID: "1_10.0.0.1_5000"})
			for i := range 5 {
				require.NoError(t, r.Subscribe("1_10.0.0.1_5000", registry.Subscription{Service: named(fmt.Sprint(i))}), "connections do not count")
			}
		})
	}
}
