package registry

import (
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"muster/model"
)

// raced is a service with one instance, of the client racedClient.
var raced = model.Service{Namespace: "public", Group: "DEFAULT_GROUP", Name: "raced"}

const racedClient = "10.1.0.1:80#true"

func registerRaced(t *testing.T, r *Registry) {
	require.NoError(t, r.RegisterEphemeral(raced, Published{IP: "10.1.0.1", Port: 80, Cluster: "DEFAULT", Healthy: true, Enabled: true}))
}

// A beat and an expiry wait for the lock together. Whoever comes first, a beat that was acknowledged must not be followed by the
// removal of its instance. The rounds differ in the order that the lock is won in.
func TestNoExpiryAfterAnAcknowledgedBeat(t *testing.T) {
	for range 2000 {
		r := New(Options{})
		registerRaced(t, r)
		judged := r.Publications(racedClient)[0].Beat
		for !time.Now().After(judged) {
			runtime.Gosched() // a beat is news only if the clock has moved on
		}
		var wait sync.WaitGroup
		var beat, expired bool
		r.mu.Lock()
		wait.Go(func() { beat = r.Beat(raced, racedClient) })
		wait.Go(func() { expired = r.Expire(raced, racedClient, judged) })
		runtime.Gosched()
		r.mu.Unlock()
		wait.Wait()
		require.NotEqual(t, beat, expired, "the beat was acknowledged, or the instance expired, and not both")
	}
}

// A sign of life comes in while this node looks for copies to remove, and waits for the lock that it looks under.
func TestNoRemovalAfterAnAcknowledgedSign(t *testing.T) {
	const owner = "10.0.0.1:8848"
	cases := map[string]struct {
		sign   func(*Registry) bool
		remove func(*Registry) []string
	}{
		"a beat, while a peer's list is compared": {
			func(r *Registry) bool { return r.Beat(raced, racedClient) },
			func(r *Registry) []string {
				return r.DropUnlisted(owner, nil, func(string) bool { return true }, 15*time.Second)
			},
		},
		"a verification, while copies expire": {
			func(r *Registry) bool { return r.Renew(racedClient, 0, 0) },
			(*Registry).ExpireCopies,
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var r *Registry
				var wait sync.WaitGroup
				looking, acknowledged := false, false
				r = New(Options{Self: "10.0.0.2:8848", Owner: func(string) string { // is asked in the midst of the look
					if looking {
						looking = false
						wait.Go(func() { acknowledged = c.sign(r) })
						for r.mu.TryRLock() { // until the sign waits for the lock, unless nobody can read anyway
							r.mu.RUnlock()
							runtime.Gosched()
						}
					}
					return owner
				}})
				registerRaced(t, r)
				time.Sleep(copyAge + time.Second)
				looking = true
				removed := c.remove(r)
				wait.Wait()
				require.NotEqual(t, acknowledged, len(removed) == 1, "the sign was acknowledged, or the copy removed, and not both")
			})
		})
	}
}
