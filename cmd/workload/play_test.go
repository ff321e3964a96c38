package main

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"muster/model"
)

// standard is a load of both kinds.
func standard() model.Load {
	return model.Load{
		EphemeralClients: 4, EphemeralServices: 2, PersistentClients: 6, PersistentServices: 2,
		OperationsPerSecond: 50, ReadShare: 0.5, ReadModes: []model.ReadMode{model.ReadLocal, model.ReadLinearizable},
		Timeout: 3 * time.Second, BeatInterval: 5 * time.Second, ObserveInterval: time.Second,
		WarmUp: 5 * time.Second, Stop: 35 * time.Second,
	}
}

// isLoad tells operations of the load from beats and observers.
func isLoad(o model.Operation) bool {
	return o.Invoked.Call != model.Beat && o.Invoked.Call != model.Observe
}

func TestCalm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		history := newStage(t).run(t, standard(), 7, 59900*time.Millisecond)
		calls := map[model.Call]int{}
		reads := map[model.ReadMode]int{}
		services := map[model.Service]map[string]bool{} // who writes there
		asked := map[string]map[string]bool{}           // which nodes each client asks
		instances := map[string]string{}                // who owns an address
		versions := map[string]bool{}
		load, left := 0, 0
		for _, o := range history.Operations() {
			i, c := o.Invoked, o.Completed
			require.Equal(t, model.OK, c.Phase, "%+v", c)
			require.Equal(t, 200, c.Status)
			require.GreaterOrEqual(t, i.T, 5*time.Second, "warm-up")
			require.Equal(t, strings.Contains(i.Service.Name, "ephemeral"), i.Ephemeral)
			require.Equal(t, i.Service, c.Service)
			require.Equal(t, i.Node, c.Node)
			if isLoad(o) {
				load++
				require.Less(t, i.T, 35*time.Second, "stop")
			}
			calls[i.Call]++
			if i.Call == model.Deregister && i.Ephemeral {
				left++
			}
			if asked[i.Client] == nil {
				asked[i.Client] = map[string]bool{}
			}
			asked[i.Client][i.Node] = true
			switch i.Call {
			case model.Query:
				require.NotNil(t, c.Instances)
				if !i.Ephemeral {
					reads[i.Read]++
				}
			case model.Observe:
				require.NotNil(t, c.Instances)
				require.Equal(t, "observer-"+i.Node, i.Client)
			default:
				require.NotNil(t, i.Instance)
				require.Equal(t, i.Ephemeral, i.Instance.Ephemeral)
				if services[i.Service] == nil {
					services[i.Service] = map[string]bool{}
				}
				services[i.Service][i.Client] = true
				if owner, owned := instances[i.Instance.Address()]; owned {
					require.Equal(t, owner, i.Client, "an instance has one writer")
				}
				instances[i.Instance.Address()] = i.Client
			}
			if i.Call == model.Register {
				version := i.Instance.Metadata[versionKey]
				require.False(t, versions[version], "version %s stands for one write", version)
				versions[version] = true
			}
		}
		// 30 s of 50 a second, and the four first registrations.
		require.InEpsilon(t, 1500, load, 0.05)
		require.InEpsilon(t, 750, calls[model.Query], 0.1)
		require.InEpsilon(t, reads[model.ReadLocal], reads[model.ReadLinearizable], 0.25)
		require.InDelta(t, 4*55/5, calls[model.Beat], 8, "four clients beat to the end")
		require.InDelta(t, 3*4*55, calls[model.Observe], 12)
		for _, call := range []model.Call{model.Register, model.Deregister, model.Update} {
			require.Greater(t, calls[call], 20, "%s", call)
		}
		require.Positive(t, left, "ephemeral instances come and go")
		require.Less(t, left, 2*4, "they stay for a while, and are away for a while")
		require.Len(t, services, 4)
		for service, writers := range services {
			require.GreaterOrEqual(t, len(writers), 2, "clients share %s", service)
		}
		for client, nodes := range asked {
			if strings.HasPrefix(client, "observer-") {
				require.Len(t, nodes, 1)
			} else {
				require.Len(t, nodes, 3, "%s reads everywhere", client)
			}
		}
		require.ElementsMatch(t, []string{"e1", "e2", "e3", "e4", "p1", "p2", "p3", "p4", "p5", "p6"}, clientsOf(history, model.ClientStopped))
		for _, r := range history.Records {
			if r.Phase == model.Event {
				require.Equal(t, 35*time.Second, r.T)
			}
		}
	})
}

// clientsOf names the clients that an event happened to.
func clientsOf(history model.History, event model.Call) []string {
	var names []string
	for _, r := range history.Records {
		if r.Phase == model.Event && r.Call == event {
			names = append(names, r.Client)
		}
	}
	return names
}

// The clients of one service prefer different nodes, so that a cut goes right through the service.
func TestPreferredNodes(t *testing.T) {
	load := standard()
	load.EphemeralClients, load.EphemeralServices = 9, 3
	p := play{load: load}
	for _, name := range []string{"n1", "n2", "n3"} {
		p.nodes = append(p.nodes, node{name, "http://10.0.0.1:8848"})
	}
	actors, err := p.cast(newHistory(nil, nil))
	require.NoError(t, err)
	preferred := map[model.Service][]int{}
	for _, a := range actors {
		switch c := a.(type) {
		case *ephemeralClient:
			preferred[c.service] = append(preferred[c.service], c.preferred)
		case *persistentClient:
			preferred[c.service] = append(preferred[c.service], c.preferred)
		}
	}
	require.Len(t, preferred, 5)
	for service, nodes := range preferred {
		slices.Sort(nodes)
		require.Equal(t, []int{0, 1, 2}, nodes, "%s", service)
	}
}

// Given the same answers, a seed decides everything: what each client does, when, and where.
func TestSeed(t *testing.T) {
	play := func(seed uint64) map[string][]string {
		var lines map[string][]string
		synctest.Test(t, func(t *testing.T) {
			s := newStage(t)
			s.strikes[10100*time.Millisecond] = func() { s.Stop(nodeAddress(0)) }
			s.strikes[20100*time.Millisecond] = func() { s.Silence(nodeAddress(1)) }
			lines = linesOf(t, s.run(t, standard(), seed, 39900*time.Millisecond))
		})
		return lines
	}
	first, again, other := play(7), play(7), play(8)
	require.Len(t, first, 4+6+3)
	for client, lines := range first {
		require.Equal(t, len(lines), len(again[client]), client)
		for i := range lines {
			require.Equal(t, lines[i], again[client][i])
		}
		if !strings.HasPrefix(client, "observer-") {
			require.NotEqual(t, lines[0], other[client][0], "another seed must do something else")
		}
	}
}

// linesOf writes down what each client did. What a list showed is left out: that depends on what others have written meanwhile.
func linesOf(t *testing.T, history model.History) map[string][]string {
	lines := map[string][]string{}
	for _, r := range history.Records {
		r.Instances = nil
		line, err := json.Marshal(r)
		require.NoError(t, err)
		lines[r.Client] = append(lines[r.Client], string(line))
	}
	return lines
}

func TestObserversChangeNobodyElse(t *testing.T) {
	play := func(observe time.Duration) []string {
		var lines []string
		synctest.Test(t, func(t *testing.T) {
			load := standard()
			load.ObserveInterval = observe
			lines = linesOf(t, newStage(t).run(t, load, 7, 20*time.Second))["p3"]
		})
		return lines
	}
	require.Equal(t, play(0), play(300*time.Millisecond))
}

func TestIdleLoadOnlyBeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		load := standard()
		load.OperationsPerSecond, load.ObserveInterval = 0, 0
		calls := map[model.Call]int{}
		for _, o := range newStage(t).run(t, load, 7, 31*time.Second).Operations() {
			calls[o.Invoked.Call]++
			if o.Invoked.Call == model.Register {
				require.Less(t, o.Invoked.T, 6*time.Second)
			}
		}
		require.Equal(t, map[model.Call]int{model.Register: 4, model.Beat: 4 * 5}, calls)
	})
}

// When the run ends in the middle of things, what is open is completed: reads have failed, writes are unknown.
func TestEndsInTheMiddle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.registry.disturb = func(_ int, r *http.Request) disturbance {
			if r.Method == http.MethodGet {
				return nothing
			}
			return doneAndHung
		}
		const end = 6900 * time.Millisecond
		history := s.run(t, standard(), 7, end)
		last := history.Records[len(history.Records)-1]
		require.Equal(t, end, last.T)
		givenUp := 0
		for _, r := range history.Records {
			if strings.Contains(r.Error, "given up") {
				givenUp++
				require.Equal(t, model.Unknown, r.Phase)
				require.Equal(t, end, r.T)
			}
		}
		require.Greater(t, givenUp, 3)
	})
}

// An observer whose node does not answer gives the round up at its first service and keeps to its times.
func TestObserverOfADeadNode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.strikes[8100*time.Millisecond] = func() { s.Stop(nodeAddress(0)); s.Silence(nodeAddress(1)) }
		s.strikes[12100*time.Millisecond] = func() { s.Serve(nodeAddress(1), s.registry.node(1)) }
		rounds := map[string][]time.Duration{}
		failed := map[string]int{}
		for _, o := range s.run(t, standard(), 7, 19900*time.Millisecond).Operations() {
			if o.Invoked.Call != model.Observe {
				continue
			}
			if o.Completed.Phase != model.OK {
				require.Equal(t, model.Fail, o.Completed.Phase)
				failed[o.Invoked.Client]++
			}
			times := rounds[o.Invoked.Client]
			if len(times) == 0 || times[len(times)-1] != o.Invoked.T {
				rounds[o.Invoked.Client] = append(times, o.Invoked.T)
			}
		}
		require.Equal(t, 11, failed["observer-n1"], "once a second from 9 s on")
		require.Contains(t, []int{2, 3}, failed["observer-n2"], "while it is silent a try takes the whole second, and the next round is skipped")
		require.Zero(t, failed["observer-n3"])
		for i, at := range rounds["observer-n3"] {
			require.InDelta(t, 5*time.Second+2*time.Second/3+time.Duration(i)*time.Second, at, 10, "a third of a second after the second observer")
		}
	})
}
