package registry_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"muster/nodes/registry"
)

func TestClients(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := registry.New(registry.Options{})
		p := instance()
		id := registry.ClientID(p.IP, p.Port, true)
		require.NoError(t, r.RegisterEphemeral(orders, p))
		other := orders
		other.Name = "payments"
		apply(t, r, registry.Command{Kind: registry.RegisterPersistent, Service: other, Instance: &p})
		persistent := registry.ClientID(p.IP, p.Port, false)
		require.Equal(t, []string{persistent, id}, r.Clients())
		require.Equal(t, []registry.ClientPublished{{ClientID: id, Published: p}}, r.Publishers(orders))
		unknown := orders
		unknown.Name = "unknown"
		require.Empty(t, r.Publishers(unknown))

		info, known := r.Client(id)
		require.True(t, known)
		require.Equal(t, registry.ClientInfo{ID: id, Ephemeral: true, Updated: time.Now()}, info)
		info, known = r.Client(persistent)
		require.True(t, known)
		require.False(t, info.Ephemeral)
		require.WithinDuration(t, time.Now(), info.Updated, time.Second)
		_, known = r.Client("10.9.9.9:1#true")
		require.False(t, known)

		require.True(t, r.DeregisterEphemeral(orders, p.IP, p.Port))
		require.Empty(t, r.Publishers(orders))
		time.Sleep(29 * time.Second)
		_, known = r.Client(id)
		require.True(t, known, "for a while it is known, empty")
		require.Equal(t, []string{persistent, id}, r.Clients())
		time.Sleep(time.Second)
		_, known = r.Client(id)
		require.False(t, known)
		require.Equal(t, []string{persistent}, r.Clients())
	})
}
