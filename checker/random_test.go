package checker

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"

	"muster/model"
	"muster/model/run"
)

// drawn says what a random history is like.
type drawn struct {
	services, keys, clients, operations int
	// unknown is the share of writes without an answer, half of which take effect all the same, some of them much later.
	unknown float64
}

// linearizableHistory is right by construction: every operation takes effect at one moment between its invocation and its answer, on
// one machine.
func linearizableHistory(random *rand.Rand, d drawn) model.History {
	type effect struct {
		moment  time.Duration
		invoked model.Record
	}
	var effects []effect
	var records []model.Record
	free := make([]time.Duration, d.clients)
	for op := range d.operations {
		client := random.IntN(d.clients)
		from := free[client] + time.Duration(random.Int64N(int64(20*time.Millisecond)))
		moment := from + time.Duration(random.Int64N(int64(10*time.Millisecond)))
		to := moment + time.Duration(random.Int64N(int64(10*time.Millisecond)))
		invoked := model.Record{
			T: from, Client: fmt.Sprintf("c%d", client), Op: int64(op + 1), Phase: model.Invoke, Node: "n1",
			Service: model.Service{Namespace: "public", Group: "g", Name: strconv.Itoa(client % d.services)},
		}
		answer := invoked
		answer.T, answer.Phase = to, model.OK
		i := instance(1+random.IntN(d.keys), strconv.Itoa(op))
		lost := false
		switch draw := random.Float64(); {
		case draw < 0.5:
			invoked.Call, invoked.Read = model.Query, model.ReadLinearizable
		case draw < 0.8:
			invoked.Call, invoked.Instance, lost = model.Register, &i, random.Float64() < d.unknown
		default:
			invoked.Call, invoked.Instance, lost = model.Deregister, &i, random.Float64() < d.unknown
		}
		answer.Call = invoked.Call
		if lost {
			to = from + 200*time.Millisecond
			answer.T, answer.Phase = to, model.Unknown
			moment += time.Duration(random.Int64N(int64(2 * time.Second)))
		}
		free[client] = to
		records = append(records, invoked, answer)
		if !lost || random.IntN(2) == 0 {
			effects = append(effects, effect{moment, invoked})
		}
	}
	answers := map[int64]*model.Record{}
	for i := range records {
		if records[i].Phase != model.Invoke {
			answers[records[i].Op] = &records[i]
		}
	}
	slices.SortStableFunc(effects, func(a, b effect) int { return cmp.Compare(a.moment, b.moment) })
	state := map[model.Service]map[model.InstanceKey]model.Instance{}
	for _, e := range effects {
		of := state[e.invoked.Service]
		if of == nil {
			of = map[model.InstanceKey]model.Instance{}
			state[e.invoked.Service] = of
		}
		switch e.invoked.Call {
		case model.Register:
			of[e.invoked.Instance.Key()] = *e.invoked.Instance
		case model.Deregister:
			delete(of, e.invoked.Instance.Key())
		case model.Query:
			answers[e.invoked.Op].Instances = []model.Instance{}
			for _, key := range sortedKeys(of, func(a, b model.InstanceKey) int { return cmp.Compare(a.String(), b.String()) }) {
				answers[e.invoked.Op].Instances = append(answers[e.invoked.Op].Instances, of[key])
			}
		}
	}
	slices.SortStableFunc(records, func(a, b model.Record) int { return cmp.Compare(a.T, b.T) })
	return model.History{Header: model.Header{Format: model.HistoryFormat, Nodes: []string{"n1"}}, Records: records}
}

// withStaleList ages one list: it shows of one instance what an acknowledged write had replaced before the list began. ok is false
// if the history has no list that can be aged so.
func withStaleList(random *rand.Rand, h model.History) (stale model.History, ok bool) {
	operations := h.Operations()
	of := func(call model.Call) (found []model.Operation) {
		for _, o := range operations {
			if o.Invoked.Call == call && o.Completed.Phase == model.OK {
				found = append(found, o)
			}
		}
		random.Shuffle(len(found), func(i, j int) { found[i], found[j] = found[j], found[i] })
		return found
	}
	registered, lists := of(model.Register), of(model.Query)
	var list, old model.Operation
	found := slices.ContainsFunc(registered, func(first model.Operation) bool {
		return slices.ContainsFunc(registered, func(second model.Operation) bool {
			replaced := second.Invoked.Service == first.Invoked.Service && second.Invoked.Instance.Key() == first.Invoked.Instance.Key() &&
				second.Invoked.T > first.Completed.T
			at := slices.IndexFunc(lists, func(o model.Operation) bool {
				return replaced && o.Invoked.Service == first.Invoked.Service && o.Invoked.T > second.Completed.T
			})
			if at >= 0 {
				list, old = lists[at], first
			}
			return at >= 0
		})
	})
	if !found {
		return h, false
	}
	stale = model.History{Header: h.Header, Records: slices.Clone(h.Records)}
	for i, r := range stale.Records {
		if r.Op == list.Invoked.Op && r.Phase == model.OK {
			replaced := old.Invoked.Instance.Key()
			listed := slices.DeleteFunc(slices.Clone(r.Instances), func(i model.Instance) bool { return i.Key() == replaced })
			stale.Records[i].Instances = append(listed, *old.Invoked.Instance)
		}
	}
	return stale, true
}

// TestLinearizableRandomly never accuses a history that is right by construction, and always finds a list that was aged.
func TestLinearizableRandomly(t *testing.T) {
	aged := 0
	for seed := range uint64(60) {
		random := rand.New(rand.NewPCG(seed, 1))
		d := drawn{services: 1 + random.IntN(2), keys: 1 + random.IntN(6), clients: 2 + random.IntN(6), operations: 20 + random.IntN(200), unknown: random.Float64() / 4}
		h := linearizableHistory(random, d)
		verdict := newLinearizable().Check(context.Background(), Input{History: h, Bounds: DefaultBounds()})
		require.Equal(t, Holds, verdict.Outcome, "seed %d, %+v: %s %+v", seed, d, verdict, verdict.Evidence)

		stale, ok := withStaleList(random, h)
		if !ok {
			continue
		}
		aged++
		verdict = newLinearizable().Check(context.Background(), Input{History: stale, Bounds: DefaultBounds()})
		require.Equal(t, Violated, verdict.Outcome, "seed %d, %+v: %s", seed, d, verdict)
		require.NotEmpty(t, verdict.Evidence)
	}
	require.Greater(t, aged, 40, "most histories can be made stale")
}

// TestNarrowingChangesNothing holds the shortcut against the plain search, on histories small enough for it, right and wrong.
func TestNarrowingChangesNothing(t *testing.T) {
	wrong := 0
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 2))
		h := linearizableHistory(random, drawn{services: 1, keys: 1 + random.IntN(2), clients: 3, operations: 14, unknown: 0.4})
		steps := stepsOf(recordOf(h, false), model.Service{Namespace: "public", Group: "g", Name: "0"}, func(view) bool { return true })
		for i := range steps { // swap what two lists showed: sometimes right, mostly wrong
			if j := random.IntN(len(steps)); steps[i].reads && steps[j].reads && random.IntN(2) == 0 {
				steps[i].listing, steps[j].listing = steps[j].listing, steps[i].listing
			}
		}
		unlimited := func() *budget { return newBudget(context.Background(), 1<<40, time.Now().Add(time.Hour)) }
		plain := plainSearch(steps, unlimited())
		require.Equal(t, plain, search(steps, unlimited()), "seed %d", seed)
		if found := contradictions(narrow(steps)); len(found) > 0 {
			require.Equal(t, unordered, plain, "seed %d: %s", seed, found[0].why)
		}
		for _, key := range keysOf(steps) {
			if search(only(steps, key), unlimited()) == unordered {
				require.Equal(t, unordered, plain, "seed %d: %s", seed, key)
			}
		}
		if plain == unordered {
			wrong++
			culprit, ok := unexplained(steps, unlimited())
			require.True(t, ok)
			require.Equal(t, unordered, plainSearch(until(steps, culprit.returned), unlimited()), "seed %d", seed)
			require.Equal(t, ordered, plainSearch(until(steps, culprit.returned-1), unlimited()), "seed %d", seed)
		}
	}
	require.Greater(t, wrong, 60)
	require.Less(t, wrong, 240)
}

// TestSpared leaves out writes of unknown outcome, and nothing else, so that an order can still be found.
func TestSpared(t *testing.T) {
	h := linearizableHistory(rand.New(rand.NewPCG(1, 1)), drawn{services: 1, keys: 6, clients: 5, operations: 300, unknown: 0.3})
	steps := stepsOf(recordOf(h, false), model.Service{Namespace: "public", Group: "g", Name: "0"}, func(view) bool { return true })
	left := 0
	for _, key := range keysOf(steps) {
		of := only(steps, key)
		spare := map[stepID]bool{}
		for _, id := range spared(of, newBudget(context.Background(), maximumSteps, time.Now().Add(time.Hour))) {
			spare[id] = true
			left++
		}
		for _, s := range of {
			require.True(t, !spare[s.id()] || s.returned == never, "only unknown writes are left out")
		}
		require.Equal(t, ordered, search(without(of, spare), newBudget(context.Background(), maximumSteps, time.Now().Add(time.Hour))))
	}
	require.Greater(t, left, 10)
}

// FuzzJudge has all checkers judge garbage: none may panic, whatever a file says.
func FuzzJudge(f *testing.F) {
	for seed := range uint64(200) {
		f.Add(seed, uint16(10+seed%60))
	}
	f.Fuzz(func(t *testing.T, seed uint64, length uint16) {
		in := garbage(rand.New(rand.NewPCG(seed, 3)), int(length%500))
		expected := map[Property]Outcome{"nonsense": Holds}
		for _, property := range Properties {
			expected[property] = Holds
		}
		for _, verdict := range Judge(context.Background(), in, expected) {
			require.NotContains(t, verdict.Reason, "the checker itself failed")
			require.NotEmpty(t, verdict.Reason)
		}
		Measure(in).Values()
	})
}

// garbage is a run in which nothing fits together.
func garbage(random *rand.Rand, length int) Input {
	pick := func(n int) string { return strconv.Itoa(random.IntN(n)) }
	moment := func() time.Duration {
		switch random.IntN(30) {
		case 0:
			return -time.Duration(random.Int64())
		case 1:
			return time.Duration(random.Int64())
		}
		return time.Duration(random.Int64N(int64(2 * time.Minute)))
	}
	calls := []model.Call{model.Register, model.Deregister, model.Update, model.Beat, model.Query, model.Observe, model.ClientSilent, model.ClientResumed, model.ClientStopped, "", "?"}
	phases := []model.Phase{model.Invoke, model.Invoke, model.OK, model.OK, model.Fail, model.Unknown, model.Event, "", "?"}
	in := Input{Bounds: Bounds{Converge: time.Duration(random.Int64N(int64(time.Minute)))}, Sometimes: []Condition{LeaderChanged, ViewsDiffered, "?"}}
	in.History.Header.Nodes = []string{"0", "1", "2"}[:random.IntN(4)]
	for range length {
		r := model.Record{
			T: moment(), Client: pick(3), Op: int64(random.IntN(length)), Phase: phases[random.IntN(len(phases))], Call: calls[random.IntN(len(calls))],
			Node: pick(4), Ephemeral: random.IntN(2) == 0, Service: model.Service{Name: pick(2)}, Read: model.ReadMode(pick(2)),
		}
		if random.IntN(2) == 0 {
			i := instance(random.IntN(3), pick(3))
			i.Healthy, i.Enabled = random.IntN(2) == 0, random.IntN(5) > 0
			r.Instance = &i
			r.Instances = []model.Instance{i, instance(random.IntN(3), pick(3))}
		}
		in.History.Records = append(in.History.Records, r)
	}
	kinds := []run.Kind{"isolate", run.KindCrash, run.KindClockOffset, run.KindHeal, run.KindAddNode, run.KindRemoveNode, run.KindReplaceNode, ""}
	for range random.IntN(4) {
		s := newStory("", true, 1).fault(kinds[random.IntN(len(kinds))], 0, 0).in.Plan.Strikes[0]
		s.At, s.Until, s.Machines = moment(), moment(), []string{pick(3), pick(3)}[:random.IntN(3)]
		in.Plan.Strikes = append(in.Plan.Strikes, s)
	}
	for range random.IntN(6) {
		in.Events = append(in.Events, newStory("", true, 1).logs(float64(random.IntN(100)), pick(3), "raft.state", map[string]any{"state": "leader"}).in.Events...)
	}
	return in
}

func BenchmarkLinearizable(b *testing.B) {
	benchmarks := []struct {
		name  string
		drawn drawn
		stale bool
	}{
		{"3000 operations", drawn{services: 5, keys: 20, clients: 10, operations: 3000}, false},
		{"3000 operations, 2 % unknown", drawn{services: 5, keys: 20, clients: 10, operations: 3000, unknown: 0.02}, false},
		{"3000 operations, 20 % unknown", drawn{services: 5, keys: 20, clients: 10, operations: 3000, unknown: 0.2}, false},
		{"3000 operations, 20 % unknown, one stale list", drawn{services: 5, keys: 20, clients: 10, operations: 3000, unknown: 0.2}, true},
		{"3000 operations on one service, 2 % unknown", drawn{services: 1, keys: 20, clients: 10, operations: 3000, unknown: 0.02}, false},
		{"3000 operations on one service, 2 % unknown, one stale list", drawn{services: 1, keys: 20, clients: 10, operations: 3000, unknown: 0.02}, true},
	}
	for _, benchmark := range benchmarks {
		b.Run(benchmark.name, func(b *testing.B) {
			random := rand.New(rand.NewPCG(1, 1))
			in, want := Input{History: linearizableHistory(random, benchmark.drawn), Bounds: DefaultBounds()}, Holds
			if benchmark.stale {
				in.History, _ = withStaleList(random, in.History)
				want = Violated
			}
			for b.Loop() {
				require.Equal(b, want, newLinearizable().Check(context.Background(), in).Outcome)
			}
		})
	}
}

// plainSearch is the search without any shortcut.
func plainSearch(steps []step, b *budget) answer {
	if porcupine.CheckOperations(specification(b), operations(steps)) {
		return ordered
	}
	return unordered
}
