package checker

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"muster/model"
	"muster/model/run"
)

// never is when an operation returns that has no answer: its effect may come at any time, or not at all.
const never = time.Duration(math.MaxInt64)

// instanceID names an instance in the whole registry.
type instanceID struct {
	service model.Service
	key     model.InstanceKey
}

func compareIDs(a, b instanceID) int {
	return cmp.Or(
		strings.Compare(a.service.String(), b.service.String()),
		strings.Compare(a.key.IP, b.key.IP), cmp.Compare(a.key.Port, b.key.Port), strings.Compare(a.key.Cluster, b.key.Cluster))
}

// action is an operation of a client on one instance: Register, Deregister, Update or Beat.
type action struct {
	id       instanceID
	call     model.Call
	instance model.Instance
	client   string
	op       int64
	node     string
	invoked  time.Duration
	// returned is when its outcome was known, never that it was still to come: see effective.
	returned time.Duration
	phase    model.Phase
}

// effective is when it had taken effect for certain, if it ever did: never for an unknown outcome.
func (a action) effective() time.Duration {
	if a.phase == model.OK {
		return a.returned
	}
	return never
}

// acknowledged says whether the registry answered with success.
func (a action) acknowledged() bool { return a.phase == model.OK }

// view is one answered list of a service.
type view struct {
	service  model.Service
	client   string
	op       int64
	node     string
	call     model.Call
	read     model.ReadMode
	asked    time.Duration
	answered time.Duration
	listed   []model.Instance
}

// find is the listed instance of a key; the first, should it be listed twice.
func (v view) find(key model.InstanceKey) (model.Instance, bool) {
	for _, instance := range v.listed {
		if instance.Key() == key {
			return instance, true
		}
	}
	return model.Instance{}, false
}

// record is a history's operations of one kind of instances, ephemeral or persistent, in the order of invocation.
type record struct {
	// actions that happened or may have happened; failed ones certainly did nothing and are left out.
	actions []action
	// views that were answered; a list that was not says nothing.
	views []view
}

// recordOf takes apart a history.
func recordOf(h model.History, ephemeral bool) record {
	var r record
	for _, o := range h.Operations() {
		if o.Invoked.Ephemeral != ephemeral {
			continue
		}
		switch o.Invoked.Call {
		case model.Query, model.Observe:
			if o.Completed.Phase == model.OK {
				r.views = append(r.views, viewOf(o))
			}
		case model.Register, model.Deregister, model.Update, model.Beat:
			if o.Completed.Phase != model.Fail && o.Invoked.Instance != nil {
				r.actions = append(r.actions, actionOf(o))
			}
		}
	}
	if ephemeral {
		r.views = append(r.views, believed(h)...)
	}
	return r
}

// believeEvery is how often a subscriber is looked at; less often where that would be more than mostLooks times until it is told anew, so
// that a history that says that it took years does not fill the memory.
const (
	believeEvery = 500 * time.Millisecond
	mostLooks    = 10_000
)

// believed is what subscribers believed, as if somebody had looked at each twice a second, and when what it believed was about to
// change: each is a place of its own, which must show what the nodes show. So a push that is lost is as good as a node that is behind.
func believed(h model.History) []view {
	type subscription struct {
		client  string
		service model.Service
	}
	var views []view
	held := map[subscription]model.Record{}
	var order []subscription
	end := h.Header.End
	until := func(s subscription, to time.Duration) {
		push := held[s]
		look := func(at time.Duration) {
			v := view{service: s.service, client: s.client, node: s.client, call: model.Observe, asked: at, answered: at}
			for _, instance := range push.Instances {
				v.listed = append(v.listed, inCluster(instance))
			}
			views = append(views, v)
		}
		step := max(believeEvery, (to-push.T)/mostLooks)
		for left := to - push.T; left > 0; left -= step {
			look(to - left)
		}
		if last := to - 1; last > push.T {
			look(last)
		}
	}
	for _, r := range h.Records {
		end = max(end, r.T)
		if r.Phase != model.Event || r.Call != model.Pushed {
			continue
		}
		s := subscription{r.Client, r.Service}
		if _, again := held[s]; again {
			until(s, r.T)
		} else {
			order = append(order, s)
		}
		held[s] = r
	}
	for _, s := range order {
		until(s, end)
	}
	return views
}

func viewOf(o model.Operation) view {
	v := view{
		service: o.Invoked.Service, client: o.Invoked.Client, op: o.Invoked.Op, node: nodeOf(o), call: o.Invoked.Call,
		read: o.Invoked.Read, asked: o.Invoked.T, answered: max(o.Invoked.T, o.Completed.T),
	}
	for _, instance := range o.Completed.Instances {
		v.listed = append(v.listed, inCluster(instance))
	}
	return v
}

func actionOf(o model.Operation) action {
	instance := inCluster(*o.Invoked.Instance)
	return action{
		id: instanceID{o.Invoked.Service, instance.Key()}, call: o.Invoked.Call, instance: instance, client: o.Invoked.Client,
		op: o.Invoked.Op, node: nodeOf(o), invoked: o.Invoked.T, returned: max(o.Invoked.T, o.Completed.T), phase: o.Completed.Phase,
	}
}

// nodeOf is the node that answered an operation, or else the one that was asked.
func nodeOf(o model.Operation) string { return cmp.Or(o.Completed.Node, o.Invoked.Node) }

// inCluster fills in the default cluster where a request left it out, as the registry does, so that keys can be compared.
func inCluster(i model.Instance) model.Instance {
	i.Cluster = cmp.Or(i.Cluster, model.DefaultCluster)
	return i
}

// observed are the views of observers alone, who ask one given node each.
func (r record) observed() []view {
	return slices.DeleteFunc(slices.Clone(r.views), func(v view) bool { return v.call != model.Observe })
}

// byInstance sorts actions by the instance that they act on, and returns the instances in a fixed order.
func (r record) byInstance() (map[instanceID][]action, []instanceID) {
	return grouped(r.actions, func(a action) instanceID { return a.id }, compareIDs)
}

// services of all actions and views, in a fixed order.
func (r record) services() []model.Service {
	seen := map[model.Service]bool{}
	for _, a := range r.actions {
		seen[a.id.service] = true
	}
	for _, v := range r.views {
		seen[v.service] = true
	}
	return sortedKeys(seen, compareServices)
}

func compareServices(a, b model.Service) int { return strings.Compare(a.String(), b.String()) }

// grouped sorts values into groups, each in the order that they came in, and returns the groups' names in order.
func grouped[V any, K comparable](values []V, name func(V) K, compare func(a, b K) int) (map[K][]V, []K) {
	groups := map[K][]V{}
	for _, value := range values {
		groups[name(value)] = append(groups[name(value)], value)
	}
	return groups, sortedKeys(groups, compare)
}

// byService sorts views by the service that they list, and byNode by the node that was asked.
func byService(views []view) (map[model.Service][]view, []model.Service) {
	return grouped(views, func(v view) model.Service { return v.service }, compareServices)
}

func byNode(views []view) (map[string][]view, []string) {
	return grouped(views, func(v view) string { return v.node }, strings.Compare)
}

// sortedKeys of a map, so that nothing depends on the order of a map.
func sortedKeys[K comparable, V any](m map[K]V, compare func(a, b K) int) []K {
	keys := make([]K, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, compare)
	return keys
}

// span is a stretch of true time.
type span struct{ from, to time.Duration }

func (s span) length() time.Duration { return s.to - s.from }

// holds says whether a moment lies in the span, its ends included.
func (s span) holds(t time.Duration) bool { return s.from <= t && t <= s.to }

// without is what is left of a span when others are taken out of it.
func (s span) without(others []span) []span {
	left := []span{s}
	for _, other := range others {
		var next []span
		for _, piece := range left {
			if other.to <= piece.from || piece.to <= other.from {
				next = append(next, piece)
				continue
			}
			if piece.from < other.from {
				next = append(next, span{piece.from, other.from})
			}
			if other.to < piece.to {
				next = append(next, span{other.to, piece.to})
			}
		}
		left = next
	}
	return left
}

// times are the moments and stretches of a run that checkers refer to.
type times struct {
	// end of the run.
	end time.Duration
	// faults are the stretches in which faults of any kind were in force, severing those of them in which messages were held up
	// or lost: all but lying clocks.
	faults, severing []span
	// healed is when the last fault was over; 0 if there was none.
	healed time.Duration
	// settled is when the registry must have got over all faults: healed and the bound for converging, or 0 without faults.
	settled  time.Duration
	converge time.Duration
}

func timesOf(in Input) times {
	t := times{end: endOf(in), converge: in.Bounds.Converge}
	for _, s := range in.Plan.Strikes {
		if s.Skipped != "" || s.Ends() {
			continue
		}
		fault := span{s.At, cmp.Or(s.Until, t.end)}
		t.faults = append(t.faults, fault)
		if s.Kind.Family() != run.ClockFamily {
			t.severing = append(t.severing, fault)
		}
	}
	if len(t.faults) > 0 {
		t.healed = in.Plan.LastFaultEnds(t.end)
		t.settled = t.healed + t.converge
	}
	return t
}

// calm says whether a view was taken while no fault was in force, nor had been for as long as converging takes.
func (t times) calm(v view) bool { return t.free(t.faults, v.asked, v.answered) }

// connected says whether between two moments nodes and clients could reach each other, and had been able to for as long as
// converging takes. Clocks may lie meanwhile.
func (t times) connected(from, to time.Duration) bool { return t.free(t.severing, from, to) }

func (t times) free(faults []span, from, to time.Duration) bool {
	for _, fault := range faults {
		if fault.from <= to && from < fault.to+t.converge {
			return false
		}
	}
	return true
}

// connectedSince is when the time began in which nodes and clients have been able to reach each other until a moment.
func (t times) connectedSince(at time.Duration) time.Duration {
	var since time.Duration
	for _, fault := range t.severing {
		if fault.from <= at {
			since = max(since, fault.to+t.converge)
		}
	}
	return since
}

// endOf is the run's length: what the run says, or the history's header, or its last record.
func endOf(in Input) time.Duration {
	end := cmp.Or(in.Run.Lasted, in.History.Header.End)
	for _, r := range in.History.Records {
		end = max(end, r.T)
	}
	return end
}

// nodes of the run: those that the history's header names, or else run.json.
func nodes(in Input) []string {
	names := in.Run.Nodes()
	if len(in.History.Header.Nodes) > 0 {
		names = in.History.Header.Nodes
	}
	for _, strike := range in.Plan.Strikes {
		if strike.Skipped != "" {
			continue
		}
		switch strike.Kind {
		case run.KindAddNode:
			names = append(slices.Clone(names), strike.Machines...)
		case run.KindRemoveNode:
			names = slices.DeleteFunc(slices.Clone(names), func(name string) bool { return slices.Contains(strike.Machines, name) })
		case run.KindReplaceNode: // the one that goes, the one that comes
			goes := strike.Machines[:min(1, len(strike.Machines))]
			names = slices.DeleteFunc(slices.Clone(names), func(name string) bool { return slices.Contains(goes, name) })
			names = append(names, strike.Machines[len(goes):]...)
		}
	}
	return names
}

// seconds writes a time as reports do: "12.345 s".
func seconds(d time.Duration) string { return fmt.Sprintf("%.3f s", d.Seconds()) }

// counted writes "1 operation", "2 operations".
func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// silences are the stretches in which clients sent nothing, by client.
func silences(h model.History, end time.Duration) map[string][]span {
	all := map[string][]span{}
	since := map[string]time.Duration{}
	for _, r := range h.Records {
		if r.Phase != model.Event {
			continue
		}
		switch r.Call {
		case model.ClientSilent:
			if _, already := since[r.Client]; !already {
				since[r.Client] = r.T
			}
		case model.ClientResumed:
			if from, silent := since[r.Client]; silent {
				all[r.Client] = append(all[r.Client], span{from, r.T})
				delete(since, r.Client)
			}
		}
	}
	for client, from := range since {
		all[client] = append(all[client], span{from, end})
	}
	return all
}

// leaderEvents are the moments at which a node became leader, in order.
func leaderEvents(events []run.NodeEvent) []run.NodeEvent {
	return slices.DeleteFunc(slices.Clone(events), func(e run.NodeEvent) bool {
		return e.Name != run.EventRaftState || e.Text("state") != "leader"
	})
}
