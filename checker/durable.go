package checker

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"muster/model"
)

// durability judges whether acknowledged persistent writes are still there in the end. Of each instance, what the last views
// of each node show must be the effect of a write that may have been the last one:
//
//	register v1  [---]  acknowledged
//	register v2     [------ - -  no answer
//	register v3           [---]  acknowledged
//	the end                             v2 or v3, by all nodes; v1 and nothing are wrong
//
// Which of them it was, all nodes must agree on: v2 by one and v3 by another for good is wrong too.
type durability struct{}

// Property is Durable.
func (durability) Property() Property { return Durable }

// Check holds each node's last lists against the writes.
func (durability) Check(_ context.Context, in Input) Verdict {
	verdict := Verdict{Property: Durable, Guarantee: fmt.Sprintf(
		"An acknowledged persistent write is never lost: %s after the last fault, and %s after the write, every node that answers "+
			"lists what the last write left, and all the same.", bound(in.Bounds.Converge), bound(in.Bounds.Sync))}
	times := timesOf(in)
	persistent := recordOf(in.History, false)
	writes, ids := persistent.byInstance()
	acknowledged := 0
	for _, a := range persistent.actions {
		if a.acknowledged() && a.call != model.Beat {
			acknowledged++
		}
	}
	if acknowledged == 0 {
		return verdict.undecided("no persistent write was acknowledged: there is nothing to lose")
	}
	last := lastViews(persistent.views)
	observed, _ := byService(persistent.observed())
	judged, lost, unheard := 0, 0, ""
	answered := map[string]bool{}
	for _, id := range ids {
		possible, settled := possiblyLast(writes[id])
		if len(possible) == 0 {
			continue
		}
		from := max(times.settled, settled+in.Bounds.Sync)
		for _, node := range nodes(in) {
			v, ok := last[place{id.service, node}]
			if !ok || v.asked < from {
				continue
			}
			answered[node] = true
			if why := missing(v, id, possible); why != "" {
				lost++
				verdict.Evidence = append(verdict.Evidence, Evidence{
					T: v.answered, Node: node, Client: v.client, Op: v.op, Service: &id.service,
					Text: fmt.Sprintf("%s shows %s of %s in the end, but %s", node, showsOf(v, id.key), id.key, why),
				})
			}
		}
		// Whoever says nothing keeps nothing, for all one knows; only shortly before the end there is no time left to be heard.
		switch why := unobserved(in, observed[id.service], from); {
		case why == "":
			judged++
		case unheard == "" && from+in.Bounds.Sync <= times.end:
			unheard = why
		}
	}
	parted := disagreements(persistent, times, in.Bounds)
	verdict.Evidence = append(verdict.Evidence, parted...)
	switch {
	case lost == 0 && len(parted) > 0:
		return verdict.violated("nodes disagree on persistent instances %s, each for longer than %s, with all faults and writes over",
			counted(len(parted), "time"), in.Bounds.Sync)
	case lost > 0:
		return verdict.violated("%s of instances wrong in the end", counted(lost, "last view"))
	case unheard != "":
		return verdict.undecided("%s", unheard)
	case judged == 0:
		return verdict.undecided("nothing was left alone for long enough: faults must have settled by %s, writes %s after each, and the run ended at %s",
			seconds(times.settled), in.Bounds.Sync, seconds(times.end))
	}
	return verdict.holds("%s acknowledged; %s stand in the end as their last writes left them, at %s",
		counted(acknowledged, "write"), counted(judged, "instance"), strings.Join(sortedKeys(answered, strings.Compare), ", "))
}

// disagreements are the times for which nodes went on listing an instance differently, though faults were over and no write was on
// its way. A write without an answer may still take effect at any time, but then at all nodes.
func disagreements(persistent record, t times, bounds Bounds) []Evidence {
	observed := slices.DeleteFunc(persistent.observed(), func(v view) bool { return v.asked < t.settled })
	found := differences(observed, persistent.actions, 0, showsOf)
	var evidence []Evidence
	for _, d := range found {
		if d.span.length() <= bounds.Sync {
			continue
		}
		evidence = append(evidence, Evidence{
			T: d.span.from, Node: d.nodes[1], Service: &d.id.service, Text: fmt.Sprintf("%s: %s shows %s, but %s shows %s, from %s to %s",
				d.id.key, d.nodes[0], d.shows[0], d.nodes[1], d.shows[1], seconds(d.span.from), seconds(d.span.to)),
		})
	}
	return evidence
}

// place is a node's view of a service.
type place struct {
	service model.Service
	node    string
}

// lastViews are each node's last lists of each service.
func lastViews(views []view) map[place]view {
	last := map[place]view{}
	for _, v := range views {
		at := place{v.service, v.node}
		if before, ok := last[at]; !ok || v.asked > before.asked {
			last[at] = v
		}
	}
	return last
}

// possiblyLast are the writes of an instance after which no other acknowledged write came for certain, and when the last of
// them returned. It is empty if nothing was acknowledged, or if an operator wrote over the instance: then nobody knows what a
// list shows.
func possiblyLast(actions []action) (possible []action, settled time.Duration) {
	acknowledged := false
	for _, a := range actions {
		if a.call != model.Register && a.call != model.Deregister {
			return nil, 0
		}
		acknowledged = acknowledged || a.acknowledged()
	}
	if !acknowledged {
		return nil, 0
	}
	for _, a := range actions {
		replaced := false
		for _, b := range actions {
			replaced = replaced || b.acknowledged() && a.effective() < b.invoked
		}
		if !replaced {
			possible = append(possible, a)
			settled = max(settled, a.returned)
		}
	}
	return possible, settled
}

// missing says why a view cannot be what the possible last writes left, "" if it can.
func missing(v view, id instanceID, possible []action) string {
	var wanted []string
	for _, a := range possible {
		w := model.NewWrite(a.call, a.instance)
		if w.Shows() == showing(v, id.key) {
			return ""
		}
		wanted = append(wanted, fmt.Sprintf("%s by %s was %s at %s", w, a.client, outcomeOf(a), seconds(a.returned)))
	}
	return strings.Join(wanted, " and ")
}

func outcomeOf(a action) string {
	if a.acknowledged() {
		return "acknowledged"
	}
	return "left open"
}

// showing is what a view shows of an instance, in the words of model.Write.Shows.
func showing(v view, key model.InstanceKey) string { return model.NewListing(v.listed).Shows(key) }

func showsOf(v view, key model.InstanceKey) string {
	if shows := showing(v, key); shows != "" {
		return shows
	}
	return "nothing"
}
