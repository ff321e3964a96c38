package checker

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"muster/model"
)

// convergence judges whether all nodes list the same ephemeral instances once the last fault is over, and go on doing so. A
// change takes a moment to reach every node, so views may differ for Bounds.Sync after an operation on the instance, and after
// changes that no operation caused, such as an expiry.
type convergence struct{}

// Property is Converged.
func (convergence) Property() Property { return Converged }

// Check compares what the nodes' observers saw of each instance.
func (convergence) Check(_ context.Context, in Input) Verdict {
	verdict := Verdict{Property: Converged, Guarantee: fmt.Sprintf(
		"From %s after the last fault on, all nodes list the same ephemeral instances; a change reaches all within %s.",
		bound(in.Bounds.Converge), bound(in.Bounds.Sync))}
	times := timesOf(in)
	ephemeral := recordOf(in.History, true)
	observed := slices.DeleteFunc(ephemeral.observed(), func(v view) bool { return v.asked < times.healed })
	if why := unobserved(in, observed, times.settled); why != "" {
		return verdict.undecided("%s", why)
	}
	found := differences(observed, ephemeral.actions, 0, look)
	instances, listed := compared(in, observed, ephemeral.actions, times.settled)
	for _, d := range found {
		if d.span.to <= times.settled || d.span.length() <= in.Bounds.Sync {
			continue
		}
		verdict.Evidence = append(verdict.Evidence, Evidence{
			T: d.span.from, Node: d.nodes[1], Service: &d.id.service, Text: fmt.Sprintf("%s: %s lists %s, but %s lists %s, from %s to %s",
				d.id.key, d.nodes[0], d.shows[0], d.nodes[1], d.shows[1], seconds(d.span.from), seconds(d.span.to)),
		})
	}
	switch {
	case len(verdict.Evidence) > 0:
		return verdict.violated("nodes disagree later than %s %s", seconds(times.settled), counted(len(verdict.Evidence), "time"))
	case listed == 0:
		return verdict.undecided("no node listed any ephemeral instance after %s", seconds(times.healed))
	case instances == 0:
		return verdict.undecided("nothing can be compared: of %s listed, none was left alone for longer than %s while all nodes were seen, after %s",
			counted(listed, "instance"), in.Bounds.Sync, seconds(times.settled))
	case times.healed == 0:
		return verdict.holds("%s listed alike by %s", counted(instances, "instance"), counted(len(nodes(in)), "node"))
	}
	return verdict.holds("%s listed alike by %s, %s after the last fault and from then on",
		counted(instances, "instance"), counted(len(nodes(in)), "node"), seconds(convergedAt(observed, ephemeral.actions, times, in.Bounds)-times.healed))
}

// convergedAt is when views had become alike after the last fault, but for what had changed less than Bounds.Sync before.
func convergedAt(observed []view, actions []action, t times, bounds Bounds) time.Duration {
	at := t.healed
	for _, d := range differences(observed, actions, bounds.Sync, look) {
		if d.span.from <= t.settled || d.span.length() > bounds.Sync {
			at = max(at, d.span.to)
		}
	}
	return at
}

// compared counts the instances whose lists can be held against each other after a moment, out of those that were listed: all
// nodes must have been seen for longer than Bounds.Sync in which no operation on the instance was under way. An instance that is
// written more often than that may differ everywhere, and nobody would notice.
func compared(in Input, observed []view, actions []action, from time.Duration) (instances, listed int) {
	changing := changingTimes(actions, 0)
	ofService, services := byService(observed)
	for _, service := range services {
		common := span{from, never}
		ofNode, _ := byNode(ofService[service])
		for _, node := range nodes(in) {
			first, last := never, time.Duration(0)
			for _, v := range ofNode[node] {
				first, last = min(first, v.answered), max(last, v.asked)
			}
			common = span{max(common.from, first), min(common.to, last)}
		}
		for _, key := range listedKeys(ofService[service]) {
			listed++
			if slices.ContainsFunc(common.without(changing[instanceID{service, key}]), func(s span) bool { return s.length() > in.Bounds.Sync }) {
				instances++
			}
		}
	}
	return instances, listed
}

// changingTimes are, of each instance, the times in which an operation on it was under way, and for so long after it returned.
func changingTimes(actions []action, after time.Duration) map[instanceID][]span {
	changing := map[instanceID][]span{}
	for _, a := range actions {
		if a.call != model.Beat {
			changing[a.id] = append(changing[a.id], span{a.invoked, a.returned + after})
		}
	}
	return changing
}

// unobserved says which node was never seen from a moment on, "" if all were seen at least twice in each service that any was
// seen in: a single look says nothing about agreeing for some time.
func unobserved(in Input, observed []view, from time.Duration) string {
	looks := map[place]int{}
	services := map[model.Service]bool{}
	for _, v := range observed {
		if v.asked >= from {
			looks[place{v.service, v.node}]++
			services[v.service] = true
		}
	}
	if len(nodes(in)) == 0 {
		return "the run names no nodes"
	}
	if len(services) == 0 {
		return fmt.Sprintf("no observer listed any service to be judged after %s", seconds(from))
	}
	for _, service := range sortedKeys(services, compareServices) {
		for _, node := range nodes(in) {
			if n := looks[place{service, node}]; n < 2 {
				return fmt.Sprintf("%s listed %s to its observer %s after %s: want at least twice", node, service, counted(n, "time"), seconds(from))
			}
		}
	}
	return ""
}

// difference is a stretch in which two nodes listed an instance differently.
type difference struct {
	id    instanceID
	nodes [2]string
	shows [2]string
	// span of it in which no operation on the instance was on its way.
	span span
}

// stretch is a time in which a node listed an instance in the same way, as far as its observer could see.
type stretch struct {
	shows string
	span  span
}

// differences finds all stretches in which nodes certainly listed an instance differently, as far as shown goes: both ends were
// seen. The times of operations on the instance are left out, and so long after each.
func differences(observed []view, actions []action, after time.Duration, shown func(view, model.InstanceKey) string) []difference {
	changing := changingTimes(actions, after)
	ofService, services := byService(observed)
	var found []difference
	for _, service := range services {
		ofNode, seenNodes := byNode(ofService[service])
		for _, key := range listedKeys(ofService[service]) {
			id := instanceID{service, key}
			stretches := map[string][]stretch{}
			for _, node := range seenNodes {
				stretches[node] = stretchesOf(ofNode[node], func(v view) string { return shown(v, key) })
			}
			for i, a := range seenNodes {
				for _, b := range seenNodes[i+1:] {
					found = append(found, apart(id, [2]string{a, b}, stretches[a], stretches[b], changing[id])...)
				}
			}
		}
	}
	sort.SliceStable(found, func(i, j int) bool { return found[i].span.from < found[j].span.from })
	return found
}

// apart compares what two nodes listed of an instance.
func apart(id instanceID, names [2]string, a, b []stretch, changing []span) []difference {
	var found []difference
	for i, j := 0, 0; i < len(a) && j < len(b); {
		overlap := span{max(a[i].span.from, b[j].span.from), min(a[i].span.to, b[j].span.to)}
		if a[i].shows != b[j].shows && overlap.length() > 0 {
			for _, piece := range overlap.without(changing) {
				found = append(found, difference{id: id, nodes: names, shows: [2]string{a[i].shows, b[j].shows}, span: piece})
			}
		}
		if a[i].span.to < b[j].span.to {
			i++
		} else {
			j++
		}
	}
	return found
}

// stretchesOf joins a node's views that show the same. A stretch begins when the first of them was answered and
// ends when the last was asked for.
func stretchesOf(views []view, shown func(view) string) []stretch {
	views = slices.Clone(views)
	slices.SortStableFunc(views, func(a, b view) int { return cmp.Compare(a.asked, b.asked) })
	var all []stretch
	for _, v := range views {
		shows := shown(v)
		if n := len(all); n > 0 && all[n-1].shows == shows {
			all[n-1].span.to = max(all[n-1].span.to, v.asked)
			continue
		}
		all = append(all, stretch{shows, span{v.answered, v.asked}})
	}
	return all
}

// listedKeys are all instances that any of the views lists, in a fixed order.
func listedKeys(views []view) []model.InstanceKey {
	seen := map[model.InstanceKey]bool{}
	for _, v := range views {
		for _, instance := range v.listed {
			seen[instance.Key()] = true
		}
	}
	return sortedKeys(seen, func(a, b model.InstanceKey) int { return compareIDs(instanceID{key: a}, instanceID{key: b}) })
}

// look is all that matters of an ephemeral instance in a view, as text: weight, metadata, health, and whether it is enabled.
func look(v view, key model.InstanceKey) string {
	instance, listed := v.find(key)
	if !listed {
		return "nothing"
	}
	texts := []string{model.NewListing([]model.Instance{instance}).Shows(key)}
	if !instance.Healthy {
		texts = append(texts, "unhealthy")
	}
	if !instance.Enabled {
		texts = append(texts, "disabled")
	}
	return strings.Join(texts, " ")
}
