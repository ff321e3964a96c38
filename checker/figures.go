package checker

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"muster/model"
)

// FiguresFormat is the version of figures.json that this code writes. Older versions stay readable.
const FiguresFormat = 1

// Figures are what one run measured: figures.json. Times are in milliseconds, units stand last in names.
type Figures struct {
	Format int `json:"format"`
	// Operations of each kind that there were any of, in the order of Kinds.
	Operations []OperationFigures `json:"operations,omitempty"`
	// Failovers, one for each strike that hit the leader and after which another node became leader.
	Failovers []Failover `json:"failovers,omitempty"`
	// Convergence is how long after the last fault all nodes listed the same ephemeral instances; absent without a fault, or if
	// they were not seen to.
	Convergence *float64 `json:"convergence_ms,omitempty"`
	// Expiries, one for each node that saw a silent instance expire while no fault was in force.
	Expiries []ExpiryFigures `json:"expiries,omitempty"`
}

// OperationFigures are the figures of one kind of operations.
type OperationFigures struct {
	Kind Kind `json:"kind"`
	// OK, Failed and Unknown count operations by outcome.
	OK      int `json:"ok_count"`
	Failed  int `json:"failed_count"`
	Unknown int `json:"unknown_count"`
	// Latency of those that succeeded; absent if none did.
	Latency *Latency `json:"latency,omitempty"`
	// Unavailable is when none succeeded anywhere, NodesUnavailable when none succeeded at one node, in the order of nodes.
	Unavailable      Unavailability       `json:"unavailable"`
	NodesUnavailable []NodeUnavailability `json:"nodes_unavailable,omitempty"`
}

// Latency of operations, from invocation to answer as the client saw it. Percentiles are by nearest rank.
type Latency struct {
	P50 float64 `json:"p50_ms"`
	P95 float64 `json:"p95_ms"`
	P99 float64 `json:"p99_ms"`
	Max float64 `json:"max_ms"`
}

// Unavailability are the windows in which operations of one kind were tried and none succeeded.
type Unavailability struct {
	Total   float64 `json:"total_ms"`
	Longest float64 `json:"longest_ms"`
	// Windows in the order of time.
	Windows []Window `json:"windows,omitempty"`
}

// Window is a stretch without a success. It begins with the first operation since the last success that was given up before the
// next, or that was still waiting after a second; and it ends with the next success, or else when the last operation was given up.
type Window struct {
	From float64 `json:"from_ms"`
	To   float64 `json:"to_ms"`
}

// noticeable is how long an operation may take before waiting for it counts as unavailability.
const noticeable = time.Second

// NodeUnavailability is the unavailability of one node to its clients.
type NodeUnavailability struct {
	Node string `json:"node"`
	Unavailability
}

// Failover is what a strike on the leader cost.
type Failover struct {
	// At is when the strike hit, Text what it was.
	At   float64 `json:"at_ms"`
	Text string  `json:"text"`
	// Elected is the time from the strike until another node logged that it is leader.
	Elected float64 `json:"elected_ms"`
	// Write is the time from the strike until the answer of the first acknowledged persistent write that was invoked after it;
	// absent if there was none.
	Write *float64 `json:"write_ms,omitempty"`
}

// ExpiryFigures say how long after the last answered beat a node was first seen to list an instance as unhealthy, and no longer
// to list it; absent where it was not seen to.
type ExpiryFigures struct {
	Node      string   `json:"node"`
	Service   string   `json:"service"`
	Instance  string   `json:"instance"`
	Unhealthy *float64 `json:"unhealthy_ms,omitempty"`
	Removed   *float64 `json:"removed_ms,omitempty"`
}

// Figure is one number of a run, for comparing it with others.
type Figure struct {
	// Name is stable, its unit last: "persistent_write_latency_p99_ms".
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	// Unit is "ms" or "operations".
	Unit          string `json:"unit"`
	LowerIsBetter bool   `json:"lower_is_better"`
}

// Measure takes the figures of a run. What did not happen is left out, not zero.
func Measure(in Input) Figures {
	in.Bounds = in.Bounds.OrDefaults()
	figures := Figures{Format: FiguresFormat, Failovers: failovers(in), Convergence: convergenceOf(in)}
	all, _ := grouped(in.History.Operations(), func(o model.Operation) Kind { kind, _ := KindOf(o.Invoked); return kind }, cmp.Compare[Kind])
	for _, kind := range Kinds {
		if len(all[kind]) > 0 {
			figures.Operations = append(figures.Operations, operationFigures(kind, all[kind], nodes(in)))
		}
	}
	for _, e := range newExpiries(in).measured() {
		figures.Expiries = append(figures.Expiries, ExpiryFigures{
			Node: e.node, Service: e.silence.id.service.String(), Instance: e.silence.id.key.String(),
			Unhealthy: unlessZero(e.unhealthy), Removed: unlessZero(e.removed),
		})
	}
	return figures
}

// operationFigures are the figures of operations of one kind, in the order of invocation.
func operationFigures(kind Kind, operations []model.Operation, nodes []string) OperationFigures {
	figures := OperationFigures{Kind: kind, Unavailable: unavailability(operations)}
	var latencies []time.Duration
	for _, o := range operations {
		switch o.Completed.Phase {
		case model.OK:
			figures.OK++
			latencies = append(latencies, o.Completed.T-o.Invoked.T)
		case model.Fail:
			figures.Failed++
		default:
			figures.Unknown++
		}
	}
	if len(latencies) > 0 {
		slices.Sort(latencies)
		figures.Latency = &Latency{
			P50: milliseconds(percentile(latencies, 50)), P95: milliseconds(percentile(latencies, 95)),
			P99: milliseconds(percentile(latencies, 99)), Max: milliseconds(latencies[len(latencies)-1]),
		}
	}
	byNode, _ := grouped(operations, nodeOf, strings.Compare)
	for _, node := range nodes {
		if len(byNode[node]) > 0 {
			figures.NodesUnavailable = append(figures.NodesUnavailable, NodeUnavailability{node, unavailability(byNode[node])})
		}
	}
	return figures
}

// percentile of sorted values by nearest rank: the smallest value that so many per cent of all do not exceed.
func percentile(sorted []time.Duration, percent int) time.Duration {
	rank := (len(sorted)*percent + 99) / 100
	return sorted[max(rank, 1)-1]
}

// unavailability finds the windows of operations of one kind, which are in the order of invocation. See Window.
//
//	ok  [--]                    [--]
//	               [--- given up
//	                  [---- given up
//	window         [===============]
func unavailability(operations []model.Operation) Unavailability {
	byEnd := slices.Clone(operations)
	slices.SortStableFunc(byEnd, func(a, b model.Operation) int { return cmp.Compare(a.Completed.T, b.Completed.T) })
	var all Unavailability
	var lastSuccess time.Duration
	from, givenUp := never, time.Duration(0) // of the window that is open, if from is not never
	closeAt := func(to time.Duration) {
		// The first that was tried since the last success has been waiting all the time.
		first, _ := slices.BinarySearchFunc(operations, lastSuccess, func(o model.Operation, t time.Duration) int { return cmp.Compare(o.Invoked.T, t) })
		if first < len(operations) && to-operations[first].Invoked.T >= noticeable {
			from = min(from, operations[first].Invoked.T)
		}
		if from != never && from < to {
			all.Windows = append(all.Windows, Window{milliseconds(from), milliseconds(to)})
			all.Total = rounded(all.Total + milliseconds(to-from))
			all.Longest = max(all.Longest, milliseconds(to-from))
		}
	}
	for _, o := range byEnd {
		switch {
		case o.Completed.Phase == model.OK:
			closeAt(o.Completed.T)
			lastSuccess, from = o.Completed.T, never
		case o.Invoked.T >= lastSuccess:
			from, givenUp = min(from, o.Invoked.T), o.Completed.T
		}
	}
	closeAt(givenUp)
	return all
}

// failovers measures what strikes on the leader cost.
func failovers(in Input) []Failover {
	elections := leaderEvents(in.Events)
	var found []Failover
	for _, strike := range in.Plan.Strikes {
		if strike.Skipped != "" || strike.Ends() {
			continue
		}
		leader := ""
		for _, e := range elections {
			if e.T <= strike.At {
				leader = e.Machine
			}
		}
		if leader == "" || !slices.Contains(strike.Machines, leader) {
			continue
		}
		for _, e := range elections {
			if e.T > strike.At && e.Machine != leader {
				found = append(found, Failover{
					At: milliseconds(strike.At), Text: strike.Text, Elected: milliseconds(e.T - strike.At), Write: firstWrite(in, strike.At),
				})
				break
			}
		}
	}
	return found
}

// firstWrite is how long after a strike the first persistent write was acknowledged that was invoked after it.
func firstWrite(in Input, strike time.Duration) *float64 {
	first := never
	for _, o := range in.History.Operations() {
		if kind, ok := KindOf(o.Invoked); ok && kind == PersistentWrite && o.Completed.Phase == model.OK && o.Invoked.T >= strike {
			first = min(first, o.Completed.T)
		}
	}
	if first == never {
		return nil
	}
	ms := milliseconds(first - strike)
	return &ms
}

// convergenceOf is how long after the last fault views had become alike.
func convergenceOf(in Input) *float64 {
	times := timesOf(in)
	ephemeral := recordOf(in.History, true)
	observed := slices.DeleteFunc(ephemeral.observed(), func(v view) bool { return v.asked < times.healed })
	if times.healed == 0 || unobserved(in, observed, times.healed) != "" {
		return nil
	}
	at := convergedAt(observed, ephemeral.actions, times, in.Bounds)
	if instances, _ := compared(in, observed, ephemeral.actions, times.settled); instances == 0 || unobserved(in, observed, at) != "" {
		return nil
	}
	ms := milliseconds(at - times.healed)
	return &ms
}

// Values are the figures that are worth comparing between runs, in a fixed order.
func (f Figures) Values() []Figure {
	var values []Figure
	add := func(value float64, unit string, lowerIsBetter bool, name string, arguments ...any) {
		values = append(values, Figure{Name: fmt.Sprintf(name, arguments...), Value: value, Unit: unit, LowerIsBetter: lowerIsBetter})
	}
	for _, o := range f.Operations {
		if o.Latency != nil {
			add(o.Latency.P50, "ms", true, "%s_latency_p50_ms", o.Kind)
			add(o.Latency.P95, "ms", true, "%s_latency_p95_ms", o.Kind)
			add(o.Latency.P99, "ms", true, "%s_latency_p99_ms", o.Kind)
			add(o.Latency.Max, "ms", true, "%s_latency_max_ms", o.Kind)
		}
		add(float64(o.OK), "operations", false, "%s_ok_count", o.Kind)
		add(float64(o.Failed+o.Unknown), "operations", true, "%s_refused_count", o.Kind)
		add(o.Unavailable.Total, "ms", true, "%s_unavailable_total_ms", o.Kind)
		add(o.Unavailable.Longest, "ms", true, "%s_unavailable_longest_ms", o.Kind)
	}
	elected, written := worst{}, worst{}
	for _, failover := range f.Failovers {
		elected.take(&failover.Elected)
		written.take(failover.Write)
	}
	if elected.any {
		add(elected.value, "ms", true, "election_ms")
	}
	if written.any {
		add(written.value, "ms", true, "failover_ms")
	}
	if f.Convergence != nil {
		add(*f.Convergence, "ms", true, "convergence_ms")
	}
	unhealthy, removed := worst{}, worst{}
	for _, e := range f.Expiries {
		unhealthy.take(e.Unhealthy)
		removed.take(e.Removed)
	}
	if unhealthy.any {
		add(unhealthy.value, "ms", true, "expiry_unhealthy_max_ms")
	}
	if removed.any {
		add(removed.value, "ms", true, "expiry_removed_max_ms")
	}
	return values
}

// worst is the largest of some values, if there were any.
type worst struct {
	value float64
	any   bool
}

func (w *worst) take(value *float64) {
	if value != nil {
		w.value, w.any = max(w.value, *value), true
	}
}

// milliseconds to the microsecond.
func milliseconds(d time.Duration) float64 { return rounded(float64(d) / float64(time.Millisecond)) }

func rounded(ms float64) float64 { return math.Round(ms*1000) / 1000 }

func unlessZero(d time.Duration) *float64 {
	if d == 0 {
		return nil
	}
	ms := milliseconds(d)
	return &ms
}
