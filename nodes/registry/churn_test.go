package registry

import (
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"muster/model"
)

// What comes and goes leaves nothing behind: neither entries nor the room that they took.
func TestChurnLeavesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := New(Options{Self: "10.0.0.1:8848"})
		rest := func() {
			for range 6 {
				time.Sleep(time.Minute)
				r.ExpireCopies()
				r.ExpireSockets()
				r.Clean()
			}
		}
		key := func(i int) model.Service {
			return model.Service{Namespace: "public", Group: "g", Name: fmt.Sprintf("churn-%d", i)}
		}
		churn := func(count int) {
			for i := range count {
				if i%1000 == 0 {
					time.Sleep(100 * time.Millisecond) // or all views would be computed at once
				}
				instance := Published{IP: fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255), Port: 80, Cluster: "DEFAULT"}
				require.NoError(t, r.RegisterEphemeral(key(i%100), instance))
				if i%2 == 0 { // the others expire
					require.True(t, r.DeregisterEphemeral(key(i%100), instance.IP, instance.Port))
				} else {
					require.True(t, r.Expire(key(i%100), ClientID(instance.IP, instance.Port, true), time.Now()))
				}
				if i%10 != 0 {
					continue
				}
				id := fmt.Sprintf("%d_10.0.0.9_%d", i, i%60_000)
				r.Connect(Connection{ID: id})
				require.NoError(t, r.PublishConnected(id, key(count+i), instance))
				require.NoError(t, r.Subscribe(id, Subscription{Service: key(i % 100)}))
				r.Disconnect(id)
				require.NoError(t, r.SubscribeSocket(Connection{IP: instance.IP, Port: 99}, Subscription{Service: key(i)}))
			}
		}
		churn(100)
		rest()
		before := heap()
		churn(100_000)
		grown := heap() - before
		rest()
		require.Zero(t, r.Counts())
		require.Empty(t, r.clients)
		require.Empty(t, r.graves)
		require.Empty(t, r.services)
		require.Empty(t, r.subscribers)
		require.Empty(t, r.awaited)
		require.Empty(t, r.orphans)
		require.Zero(t, r.kept)
		left := heap() - before
		runtime.KeepAlive(r)
		require.Greater(t, grown, 20<<20, "there was something to be given back")
		require.Less(t, left, 1<<20, "of %d bytes", grown)
	})
}

// heap is how many bytes are in use.
func heap() int {
	var stats runtime.MemStats
	runtime.GC()
	runtime.GC() // what sync.Pools held goes with the second
	runtime.ReadMemStats(&stats)
	return int(stats.HeapAlloc)
}
