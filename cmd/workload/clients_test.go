package main

import (
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"muster/model"
)

func isWrite(o model.Operation) bool {
	switch o.Invoked.Call {
	case model.Register, model.Deregister, model.Update:
		return true
	}
	return false
}

// A persistent write of unknown outcome is sent again word for word until it is acknowledged, at another node each time; meanwhile
// its client only reads, and afterwards leaves the instance alone.
func TestUnknownPersistentWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		random := rand.New(rand.NewPCG(1, 1))
		s.registry.disturb = func(_ int, r *http.Request) disturbance {
			if r.Method == http.MethodGet {
				return nothing
			}
			return disturbance(random.IntN(10)) // half of the writes go wrong, in one way or another
		}
		load := standard()
		load.EphemeralClients, load.PersistentClients, load.ObserveInterval, load.OperationsPerSecond, load.Stop = 0, 3, 0, 6, 8*time.Minute
		operations := s.run(t, load, 7, 8*time.Minute).Operations()

		open := map[string]model.Operation{}          // the write of unknown outcome that a client is at
		settled := map[string]time.Duration{}         // when an address with such a write was known again
		last := map[string]model.Operation{}          // each client's last write
		delays := map[time.Duration]bool{}            // in whole seconds
		repeated, reads, again, longest := 0, 0, 0, 0 // how often it came to what is held here
		row := map[string]int{}
		for _, o := range operations {
			client, invoked := o.Invoked.Client, o.Invoked
			if !isWrite(o) {
				if _, is := open[client]; is {
					reads++
				}
				continue
			}
			address := invoked.Instance.Address()
			first, is := open[client]
			if is {
				repeated++
				row[client]++
				longest = max(longest, row[client])
				require.Equal(t, first.Invoked.Op, invoked.Repeats)
				require.Equal(t, first.Invoked.Call, invoked.Call)
				require.Equal(t, first.Invoked.Instance, invoked.Instance)
				require.NotEqual(t, last[client].Invoked.Node, invoked.Node, "it went wrong there")
				delays[(invoked.T - last[client].Completed.T).Truncate(time.Second)] = true
			} else {
				row[client] = 0
				require.Zero(t, invoked.Repeats)
				if when, was := settled[address]; was {
					again++
					require.GreaterOrEqual(t, invoked.T, when+settling, "%s is written too early", address)
				}
			}
			switch {
			case o.Completed.Phase == model.OK:
				if is {
					settled[address] = o.Completed.T
				}
				delete(open, client)
			case o.Completed.Phase == model.Unknown && !is:
				open[client] = o
			}
			last[client] = o
		}
		require.Greater(t, repeated, 100)
		require.Greater(t, reads, 100)
		require.Greater(t, again, 3, "addresses are used again in the end")
		require.Greater(t, longest, 3)
		require.Equal(t, map[time.Duration]bool{time.Second: true, 2 * time.Second: true, 4 * time.Second: true}, delays)
	})
}

// A refusal is final: nothing is open, and the client goes on with something else at the next node.
func TestRefusedPersistentWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.registry.disturb = func(number int, r *http.Request) disturbance {
			if r.Method != http.MethodGet && number == 0 {
				return refused
			}
			return nothing
		}
		load := standard()
		load.EphemeralClients = 0
		failed := map[string]int{}
		for _, o := range s.run(t, load, 7, 30*time.Second).Operations() {
			if !isWrite(o) {
				continue
			}
			require.Zero(t, o.Invoked.Repeats)
			if o.Invoked.Node == "n1" {
				require.Equal(t, model.Fail, o.Completed.Phase)
				failed[o.Invoked.Client]++
			}
		}
		require.Equal(t, map[string]int{"p1": 1, "p6": 1}, failed, "those that prefer it try once and go elsewhere")
	})
}

// A node that does not answer one kind of read is asked for the other kind all the same.
func TestReadsAvoidWhereTheyFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.registry.disturb = func(number int, r *http.Request) disturbance {
			if number == 2 && r.FormValue("read") == string(model.ReadLinearizable) {
				return notDone
			}
			return nothing
		}
		load := standard()
		load.EphemeralClients, load.ObserveInterval = 0, 0
		failed, local := map[string][]time.Duration{}, 0
		for _, o := range s.run(t, load, 7, 35*time.Second).Operations() {
			switch {
			case o.Completed.Phase != model.OK:
				require.Equal(t, model.ReadLinearizable, o.Invoked.Read)
				require.Equal(t, "n3", o.Invoked.Node)
				failed[o.Invoked.Client] = append(failed[o.Invoked.Client], o.Invoked.T)
			case o.Invoked.Node == "n3" && o.Invoked.Read == model.ReadLocal:
				local++
			}
		}
		require.Greater(t, local, 50)
		require.Len(t, failed, 6)
		for client, times := range failed {
			for i := 1; i < len(times); i++ {
				require.GreaterOrEqual(t, times[i]-times[i-1], avoidance, client)
			}
		}
	})
}

// e1 is silent from 10 s to 50 s, e2 from 20 s to the end. e1's instance expires meanwhile; its first beat tells it so.
func TestSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		load := standard()
		load.Silences = []model.Silence{
			{Client: 2, From: 20 * time.Second},
			{Client: 1, From: 10 * time.Second, For: 40 * time.Second},
			{Client: 1, From: 80 * time.Second, For: time.Second},
		}
		load.Stop = 70 * time.Second
		history := newStage(t).run(t, load, 7, 100*time.Second)
		require.Equal(t, []string{"e1", "e2", "e1"}, clientsOf(history, model.ClientSilent))
		require.Equal(t, []string{"e1", "e1"}, clientsOf(history, model.ClientResumed))
		require.NotContains(t, clientsOf(history, model.ClientStopped), "e2", "the dead do not finish their work")
		require.Contains(t, clientsOf(history, model.ClientStopped), "e1")

		of := map[string][]model.Record{}
		for _, r := range history.Records {
			of[r.Client] = append(of[r.Client], r)
		}
		last := of["e2"][len(of["e2"])-1]
		require.Equal(t, model.ClientSilent, last.Call)
		require.Equal(t, 20*time.Second, last.T)

		at := 0
		for of["e1"][at].Call != model.ClientSilent {
			require.Less(t, of["e1"][at].T, 10*time.Second)
			at++
		}
		require.Equal(t, 10*time.Second, of["e1"][at].T)
		var after []string
		for _, r := range of["e1"][at+1 : at+6] {
			require.Equal(t, 50*time.Second, r.T)
			after = append(after, string(r.Phase)+" "+string(r.Call))
		}
		require.Equal(t, []string{"event resumed", "invoke beat", "fail beat", "invoke register", "ok register"}, after)
		beats := 0
		for _, r := range of["e1"] {
			if r.Call == model.Beat && r.Phase == model.OK && r.T > 81*time.Second {
				beats++
			}
		}
		require.GreaterOrEqual(t, beats, 3, "it beats after a silence that began after its work was done")
	})
}

// The last of the clients leaves when its work is done: it deregisters, at another node if the first does not answer, and is not
// heard of again. The others beat on.
func TestLeaving(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		began := time.Now()
		s.registry.disturb = func(_ int, r *http.Request) disturbance {
			since := time.Since(began)
			if r.Method == http.MethodDelete && since >= 40*time.Second && since < 42*time.Second {
				return notDone
			}
			return nothing
		}
		load := standard()
		load.Leaving, load.Stop = 1, 40*time.Second
		last, beat := map[string]model.Operation{}, map[string]time.Duration{}
		asked := map[string]bool{}
		for _, o := range s.run(t, load, 7, time.Minute).Operations() {
			last[o.Invoked.Client] = o
			if o.Invoked.Call == model.Beat {
				beat[o.Invoked.Client] = o.Invoked.T
			}
			if o.Invoked.Client == "e4" && o.Invoked.Call == model.Deregister && o.Invoked.T >= 40*time.Second {
				asked[o.Invoked.Node] = true
			}
		}
		require.Equal(t, model.Deregister, last["e4"].Invoked.Call)
		require.Equal(t, model.OK, last["e4"].Completed.Phase)
		require.Less(t, last["e4"].Completed.T, 45*time.Second)
		require.Greater(t, len(asked), 1, "it asks one node after another")
		require.Less(t, beat["e4"], 40*time.Second)
		for _, client := range []string{"e1", "e3"} {
			require.Greater(t, beat[client], 50*time.Second)
		}
	})
}

// A client whose node dies beats through another one, soon enough for its instance to live on.
func TestBeatsFailOver(t *testing.T) {
	for name, strike := range map[string]func(s *stage){
		"killed": func(s *stage) { s.Stop(nodeAddress(0)) },
		"silent": func(s *stage) { s.Silence(nodeAddress(0)) },
		"500s": func(s *stage) {
			s.registry.goWrong(func(n int, _ *http.Request) disturbance { return map[int]disturbance{0: notDone}[n] })
		},
		"hanging": func(s *stage) {
			s.registry.goWrong(func(n int, _ *http.Request) disturbance { return map[int]disturbance{0: doneAndHung}[n] })
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t)
				s.strikes[20100*time.Millisecond] = func() { strike(s) }
				load := standard()
				load.OperationsPerSecond = 0
				beats := map[string]time.Duration{}
				failed := 0
				for _, o := range s.run(t, load, 7, time.Minute).Operations() {
					if o.Invoked.Call == model.Observe {
						continue
					}
					if o.Completed.Phase != model.OK {
						failed++
						continue
					}
					require.Condition(t, func() bool { return o.Invoked.Call == model.Beat || o.Invoked.T < 6*time.Second }, "nobody has to register again: %+v", o)
					if before, ok := beats[o.Invoked.Client]; ok {
						require.Less(t, o.Completed.T-before, 10*time.Second, "%s", o.Invoked.Client)
					}
					beats[o.Invoked.Client] = o.Completed.T
				}
				require.Len(t, beats, 4)
				require.Equal(t, 1, failed, "the one client of that node fails once")
			})
		})
	}
}

// Writes of ephemeral clients that end as unknown are sent again, too, and an instance whose registration may still come is not
// deregistered.
func TestUnknownEphemeralWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		random := rand.New(rand.NewPCG(1, 1))
		s.registry.disturb = func(_ int, r *http.Request) disturbance {
			if r.Method == http.MethodGet || strings.HasSuffix(r.URL.Path, "/beat") {
				return nothing
			}
			return []disturbance{nothing, nothing, nothing, nothing, nothing, notDone, doneAnd500, doneAndHung, refused}[random.IntN(9)]
		}
		load := standard()
		load.PersistentClients, load.ObserveInterval, load.OperationsPerSecond, load.Stop = 0, 0, 5, 40*time.Minute
		last := map[string]model.Operation{}
		open := map[string]int64{} // the first of the writes of unknown outcome that a client is at
		uncertain := map[string]time.Duration{}
		repeated := map[model.Call]int{}
		deregistered := 0
		for _, o := range s.run(t, load, 7, 40*time.Minute).Operations() {
			client := o.Invoked.Client
			switch o.Invoked.Call {
			case model.Register, model.Deregister:
			default:
				continue
			}
			if before, is := last[client]; is && before.Completed.Phase != model.OK {
				repeated[o.Invoked.Call]++
				require.Equal(t, before.Invoked.Call, o.Invoked.Call)
				require.Equal(t, before.Invoked.Instance, o.Invoked.Instance)
				require.NotEqual(t, before.Invoked.Node, o.Invoked.Node)
			}
			require.Equal(t, open[client], o.Invoked.Repeats)
			switch {
			case o.Completed.Phase == model.OK:
				open[client] = 0
			case o.Completed.Phase == model.Unknown && open[client] == 0:
				open[client] = o.Invoked.Op
			}
			if o.Invoked.Call == model.Deregister {
				deregistered++
				if since, is := uncertain[client]; is {
					require.GreaterOrEqual(t, o.Invoked.T, since+settling)
				}
			} else if o.Completed.Phase == model.Unknown {
				uncertain[client] = o.Completed.T
			}
			last[client] = o
		}
		require.Greater(t, repeated[model.Register], 5)
		require.Greater(t, repeated[model.Deregister], 2)
		require.Greater(t, deregistered, 10)
	})
}
