package distro

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pingcap/failpoint"
	"github.com/stretchr/testify/require"

	"muster/nodes/defect"
	"muster/nodes/membership"
	"muster/nodes/registry"
	"muster/nodes/rpc"
)

const all = "a:1 b:2 c:3"

func TestChangesReachAllAfterASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, names...)
		time.Sleep(6 * time.Second)
		instance := owned("a:1", 1)
		c.register("a:1", instance)
		time.Sleep(990 * time.Millisecond)
		c.requireKnown(instance, "a:1")
		time.Sleep(20 * time.Millisecond)
		c.requireKnown(instance, all)

		before := c.delivered(Change)
		for weight := range 20 {
			instance.Weight = float64(weight)
			c.register("a:1", instance)
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(time.Second)
		got, _ := c.nodes["c:3"].registry.Published(orders, registry.ClientID(instance.IP, instance.Port, true))
		require.EqualValues(t, 19, got.Weight)
		require.Equal(t, 2, c.delivered(Change)-before, "a burst costs one message to each peer")

		before = c.delivered(Change)
		for n := range 100 {
			c.register("a:1", owned("a:1", n+2))
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(1100 * time.Millisecond)
		c.requireKnown(owned("a:1", 101), all)
		require.LessOrEqual(t, c.delivered(Change)-before, 2*11, "what changes within a second costs ten messages to each peer")

		c.nodes["a:1"].registry.DeregisterEphemeral(orders, instance.IP, instance.Port)
		time.Sleep(1100 * time.Millisecond)
		c.requireKnown(instance, "")
	})
}

func TestLostMessagesAreToldAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, names...)
		time.Sleep(6 * time.Second)
		c.cut("a:1>b:2", true)
		instance := owned("a:1", 1)
		c.register("a:1", instance)
		time.Sleep(3 * time.Second) // told after 1 s; the time-out is 3 s
		c.requireKnown(instance, "a:1 c:3")
		c.cut("a:1>b:2", false)
		time.Sleep(4100 * time.Millisecond)
		c.requireKnown(instance, all)
		require.Contains(t, c.nodes["a:1"].log.String(),
			`"msg":"distro.sync.failed","target":"b:2","client":"`+registry.ClientID(instance.IP, instance.Port, true)+`","clients":1,"error":"context deadline exceeded"`)
	})
}

func TestVerificationRepairsBothWays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, names...)
		time.Sleep(6 * time.Second)
		kept, gone := owned("a:1", 1), owned("a:1", 2)
		c.register("a:1", kept)
		c.register("a:1", gone)
		time.Sleep(2 * time.Second)
		c.requireKnown(gone, all)

		// The copies at b are spoilt behind everybody's back: one is lost, and a keeps no trace of the other.
		b, a := c.nodes["b:2"].registry, c.nodes["a:1"].registry
		require.NoError(t, b.RemoveSynced(registry.ClientID(kept.IP, kept.Port, true), 0))
		require.NoError(t, a.RemoveSynced(registry.ClientID(gone.IP, gone.Port, true), 0))
		time.Sleep(5100 * time.Millisecond)
		c.requireKnown(kept, all)
		require.Contains(t, c.nodes["a:1"].log.String(), `"msg":"distro.verify.failed","target":"b:2"`)
		time.Sleep(15 * time.Second)
		c.requireKnown(gone, "")
	})
}

func TestStartingNodeLoadsWhatPeersKnow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, "a:1", "b:2")
		time.Sleep(2 * time.Second)
		instances := []registry.Published{owned("a:1", 1), owned("b:2", 1), owned("c:3", 1)}
		for _, instance := range instances {
			c.register("a:1", instance)
		}
		time.Sleep(40 * time.Second)
		n := c.start("c:3")
		synctest.Wait()
		for _, instance := range instances {
			c.requireKnown(instance, all)
		}
		require.True(t, n.distro.hasLoaded())
		require.Contains(t, n.log.String(), `"msg":"distro.loaded","from":"a:1","clients":3`)
	})
}

func TestLoadAtOnceEndsWhenAllHaveAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, "a:1")
		time.Sleep(500 * time.Millisecond)
		c.start("b:2")
		time.Sleep(5 * time.Second)
		require.False(t, c.nodes["a:1"].distro.hasLoaded(), "c may know more")
		c.start("c:3")
		time.Sleep(5 * time.Second)
		for _, n := range c.nodes {
			require.True(t, n.distro.hasLoaded(), n.name)
		}
	})
}

func TestLoadGoesOnWithoutAMemberThatStaysAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, "a:1", "b:2")
		time.Sleep(70 * time.Second)
		require.True(t, c.nodes["a:1"].distro.hasLoaded())
		require.True(t, c.nodes["b:2"].distro.hasLoaded())
	})
}

func TestSilentPeerHoldsUpNoLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, "a:1", "b:2")
		time.Sleep(41 * time.Second)
		instance := owned("b:2", 1)
		c.register("b:2", instance)
		c.cut("c:3>a:1", true)
		late := c.start("c:3")
		time.Sleep(loadPatience - time.Millisecond)
		synctest.Wait()
		require.False(t, late.distro.hasLoaded())
		time.Sleep(time.Millisecond)
		synctest.Wait()
		require.True(t, late.distro.hasLoaded(), "b was asked when a had been silent for a while")
		c.requireKnown(instance, "b:2 c:3")
	})
}

func TestSnapshotComesInPages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, "a:1")
		synctest.Wait() // it has asked, and nobody was there
		for port := range 2*batch + 7 {
			c.register("a:1", registry.Published{IP: "10.0.0.9", Port: port, Cluster: "DEFAULT", Healthy: true, Weight: 1, Enabled: true})
		}
		n := c.start("b:2")
		synctest.Wait()
		require.Len(t, n.registry.EphemeralClients(), 2*batch+7)
		require.Equal(t, 3, c.delivered(Snapshot))
	})
}

// Connections that have published nothing are not told of, however many there are: what comes after them is.
func TestSnapshotGoesOnAfterIdleConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, "a:1", "b:2")
		time.Sleep(41 * time.Second)
		for port := range 2*batch + 7 {
			c.nodes["a:1"].registry.Connect(registry.Connection{ID: fmt.Sprintf("0_10.9.0.1_%d", port)}) // comes before all others
		}
		instance := owned("a:1", 1)
		c.register("a:1", instance)
		n := c.start("c:3")
		synctest.Wait()
		require.True(t, n.distro.hasLoaded())
		c.requireKnown(instance, "a:1 c:3")
	})
}

func TestPeerThatNamesNoFurtherClientsHasNotAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, names...)
		time.Sleep(6 * time.Second)
		rpc.Handle(c.nodes["a:1"].server, func(context.Context, *DistroDataRequest) (DistroDataResponse, error) {
			return DistroDataResponse{Result: rpc.OK(), More: true, Loaded: true}, nil
		})
		told := c.nodes["b:2"].distro.loadFrom(t.Context(), "a:1")
		require.ErrorContains(t, told.err, `a:1 has more clients after ""`)
		require.False(t, told.complete)
	})
}

func TestDeadPeerHoldsUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, names...)
		time.Sleep(6 * time.Second)
		c.lose("b:2", true)
		instance := owned("a:1", 1)
		c.register("a:1", instance)
		time.Sleep(1100 * time.Millisecond)
		c.requireKnown(instance, "a:1 c:3")
		time.Sleep(60 * time.Second)
		state, _ := c.nodes["a:1"].membership.State("b:2")
		require.Equal(t, membership.Down, state)
		c.lose("b:2", false)
		time.Sleep(10 * time.Second)
		c.requireKnown(instance, all)
	})
}

// While a node is cut off, the others take over its clients, hear no beats, and judge them unhealthy, then dead. When the cut heals,
// that must not reach the node where the client beats all the time; with the defects it does.
func TestOneQueueHasADeadPeerHoldUpAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		enable(t, OneQueue)
		c := newCluster(t, names...)
		time.Sleep(6 * time.Second)
		c.lose("b:2", true)
		c.register("a:1", owned("a:1", 1))
		time.Sleep(500 * time.Millisecond)
		late := owned("a:1", 2)
		c.register("a:1", late)
		time.Sleep(3 * time.Second)
		c.requireKnown(late, "a:1")
		time.Sleep(600 * time.Millisecond)
		c.requireKnown(late, "a:1 c:3")
	})
}

func TestHealedCutSparesLiveInstances(t *testing.T) {
	for _, test := range []struct {
		name   string
		defect defect.Name
		judge  func(r *registry.Registry, id string) bool
	}{
		{"judged dead", DeleteFromAnyone, func(r *registry.Registry, id string) bool { return r.Expire(orders, id, time.Now()) }},
		{"judged unhealthy", ChangeFromAnyone, func(r *registry.Registry, id string) bool { return r.MarkUnhealthy(orders, id, time.Now()) }},
	} {
		for _, broken := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, defect %v", test.name, broken), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					if broken {
						enable(t, test.defect)
					}
					c := newCluster(t, names...)
					time.Sleep(6 * time.Second)
					instance := owned("a:1", 1)
					id := registry.ClientID(instance.IP, instance.Port, true)
					c.register("a:1", instance)
					time.Sleep(2 * time.Second)
					c.lose("a:1", true)
					c.beat("a:1", instance, 60*time.Second)
					judged := 0
					for _, at := range []string{"b:2", "c:3"} {
						if r := c.nodes[at].registry; r.Responsible(id) && test.judge(r, id) {
							judged++
						}
					}
					require.Equal(t, 1, judged, "one of the two took over")
					// The way to a heals first, or a might correct the others before they have spoken.
					c.cut("b:2>a:1", false)
					c.cut("c:3>a:1", false)
					harmed := false
					for i := range 200 {
						if i == 100 {
							c.lose("a:1", false)
						}
						time.Sleep(100 * time.Millisecond)
						synctest.Wait()
						got, known := c.nodes["a:1"].registry.Published(orders, id)
						harmed = harmed || !known || !got.Healthy
					}
					require.Equal(t, broken, harmed, "at the node that hears its beats")
					if !broken {
						c.requireKnown(instance, all)
					}
				})
			})
		}
	}
}

// To b, which a cut separates from a, c is responsible for some of a's clients. c, which sees both, takes a for it, and says nothing of them.
func TestPeerThatSeesOtherMembersIsSilentWithoutMeaningIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, names...)
		time.Sleep(6 * time.Second)
		number := 1
		for membership.OwnerAmong(registry.Tag(owned("a:1", number).IP, owned("a:1", number).Port), []string{"b:2", "c:3"}) != "c:3" {
			number++
		}
		instance := owned("a:1", number)
		c.register("a:1", instance)
		time.Sleep(2 * time.Second)
		c.cut("a:1>b:2", true)
		c.cut("b:2>a:1", true)
		c.beat("a:1", instance, 60*time.Second)
		require.Equal(t, "c:3", c.nodes["b:2"].membership.Owner(registry.Tag(instance.IP, instance.Port)))
		c.requireKnown(instance, all)
		c.cut("a:1>b:2", false)
		c.cut("b:2>a:1", false)
		c.beat("a:1", instance, 20*time.Second)
		c.requireKnown(instance, all)
	})
}

func enable(t *testing.T, name defect.Name) {
	require.NoError(t, failpoint.Enable("muster/nodes/"+string(name), "return(true)"))
	t.Cleanup(func() { failpoint.Disable("muster/nodes/" + string(name)) })
}

func TestSkipSyncKeepsThePeerIgnorant(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		enable(t, SkipSync)
		c := newCluster(t, names...)
		time.Sleep(6 * time.Second)
		instance := owned("a:1", 1)
		c.register("a:1", instance)
		time.Sleep(30 * time.Second)
		c.requireKnown(instance, "a:1 c:3")
	})
}

func TestSnapshotSparesWhatClientsToldSince(t *testing.T) {
	for _, broken := range []bool{false, true} {
		t.Run(fmt.Sprintf("defect %v", broken), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if broken {
					enable(t, SnapshotOverNative)
				}
				c := newCluster(t, "a:1", "b:2")
				time.Sleep(2 * time.Second)
				old := owned("c:3", 1)
				c.register("a:1", old)
				time.Sleep(40 * time.Second)
				c.syncDelay = 10 * time.Second // c shall not correct the others before it has loaded
				c.lose("c:3", true)
				n := c.start("c:3")
				synctest.Wait()
				fresh := old
				fresh.Weight = 7
				c.register("c:3", fresh)
				c.lose("c:3", false)
				time.Sleep(3500 * time.Millisecond) // the first message is lost; the snapshot comes with the second
				require.True(t, n.distro.hasLoaded())
				got, _ := n.registry.Published(orders, registry.ClientID(old.IP, old.Port, true))
				require.Equal(t, map[bool]float64{false: 7, true: 1}[broken], got.Weight)
			})
		})
	}
}

func TestNewsFromStrangersIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, names...)
		for _, request := range []DistroDataRequest{
			{DataOperation: Verify, Source: "x:9"}, {DataOperation: Verify, Source: "a:1"}, {DataOperation: "NONSENSE", Source: "b:2"},
		} {
			payload, err := rpc.Encode(request)
			require.NoError(t, err)
			answer, err := c.nodes["a:1"].server.Answer(t.Context(), payload)
			require.NoError(t, err)
			require.Contains(t, string(answer.GetBody().GetValue()), `"errorCode":400`)
		}
	})
}

// A message that waited while a cut lasted tells an old state as if it were new: only its delay gives it away.
func TestLateMessageIsNoNews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, names...)
		time.Sleep(6 * time.Second)
		instance := owned("a:1", 1)
		id := registry.ClientID(instance.IP, instance.Port, true)
		c.register("a:1", instance)
		time.Sleep(2 * time.Second)
		a := c.nodes["a:1"]
		old, _ := a.registry.Snapshot(id)
		late := DistroDataRequest{DataOperation: Change, Source: "a:1", Boot: a.distro.delays.began.UnixNano(),
			RunningMillis: time.Since(a.distro.delays.began).Milliseconds(), Changed: []registry.ClientData{old}}

		c.lose("a:1", true)
		time.Sleep(30 * time.Second)
		fresh := instance
		fresh.Weight = 7
		c.register("b:2", fresh) // the client went over to b, and beats there
		time.Sleep(4 * time.Second)
		payload, err := rpc.Encode(late)
		require.NoError(t, err)
		_, err = c.nodes["b:2"].server.Answer(t.Context(), payload)
		require.NoError(t, err)
		got, _ := c.nodes["b:2"].registry.Published(orders, id)
		require.EqualValues(t, 7, got.Weight)
	})
}

func TestDelays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := delays{began: time.Now(), senders: map[string]sender{}}
		peerBegan := time.Now().Add(-time.Hour) // its clock does not matter
		message := func(boot int64, delay time.Duration) time.Duration {
			sent := time.Since(peerBegan)
			time.Sleep(delay)
			return d.of("b:2", boot, sent)
		}
		require.Zero(t, message(1, 20*time.Millisecond), "the first sets the measure")
		require.Zero(t, message(1, 5*time.Millisecond), "a quicker one sets it anew")
		require.InDelta(t, 30*time.Second, message(1, 30*time.Second+5*time.Millisecond), float64(31*time.Millisecond))
		require.Less(t, message(1, 5*time.Millisecond), time.Millisecond)
		require.Zero(t, message(2, time.Second), "another run of the process")

		time.Sleep(time.Hour)
		peerBegan = peerBegan.Add(time.Second) // its clock ran 280 ppm slow meanwhile
		require.Zero(t, message(2, time.Second))
	})
	require.Equal(t, time.Duration(1<<63-1), older(1<<63-1, time.Second))
}

func TestMentionHoldsAnySilence(t *testing.T) {
	require.Equal(t, 3*time.Millisecond, Mention{SilentMillis: 3}.silent())
	require.Zero(t, Mention{SilentMillis: -3}.silent())
	require.Positive(t, Mention{SilentMillis: 1<<63 - 1}.silent())
}

func TestNewMembersLearnAndFormerOnesAreLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, names...)
		time.Sleep(6 * time.Second)
		atA := c.nodes["a:1"].distro
		atA.parts.add("c:3", registry.ClientData{ID: "x"}, 0, true)
		for _, name := range []string{"a:1", "b:2"} {
			require.NoError(t, c.nodes[name].membership.Set([]string{"a:1", "b:2"}))
		}
		require.False(t, atA.parts.awaits("c:3"), "the rest will not come")
		require.NotContains(t, atA.delays.senders, "c:3")
		early, late := owned("a:1", 1), owned("a:1", 2)
		for _, instance := range []registry.Published{early, late} {
			require.NoError(t, c.nodes["a:1"].registry.RegisterEphemeral(orders, instance))
			go c.beat("a:1", instance, 20*time.Second)
			time.Sleep(10 * time.Second)
			c.requireKnown(instance, "a:1 b:2")
		}

		for _, name := range []string{"a:1", "b:2"} {
			require.NoError(t, c.nodes[name].membership.Set(names))
		}
		time.Sleep(12 * time.Second) // the first verification comes 5 s after the target; the peer may have to turn UP first
		c.requireKnown(late, all)
	})
}
