package checker

import (
	"context"
	"fmt"
	"time"

	"muster/model"
)

// probed judges whether the registry finds out by itself which servers of persistent instances are there.
//
//	listens          gone                         listens
//	   |              |<- ProbedDown ->|             |<- ProbedUp ->|
//	    must be healthy                 must be not                  must be healthy
//
// What happens while nodes or servers cannot reach each other is not judged, nor in the time that the registry has to get over it.
type probed struct{}

// Property is Probed.
func (probed) Property() Property { return Probed }

// served is one persistent instance and the times in which its server listened and did not.
type served struct {
	id        instanceID
	up, down  []span
	confirmed time.Duration // when its registration was acknowledged; never if it was not
}

// Check holds what observers saw against what servers did.
func (probed) Check(_ context.Context, in Input) Verdict {
	verdict := Verdict{Property: Probed, Guarantee: fmt.Sprintf(
		"A persistent instance is listed as unhealthy at most %s after its server stopped listening, not before, "+
			"and as healthy at most %s after it listens again.",
		bound(in.Bounds.ProbedDown), bound(in.Bounds.ProbedUp))}
	persistent := recordOf(in.History, false)
	p := probes{in.Bounds, timesOf(in), serversOf(in, persistent)}
	views, _ := byService(persistent.observed())
	wrong := 0
	downs, ups := map[instanceID]map[span]bool{}, map[instanceID]map[span]bool{}
	told := map[instanceID]map[string]bool{}
	for _, s := range p.servers {
		for _, v := range views[s.id.service] {
			instance, listed := v.find(s.id.key)
			if !listed || !p.times.connected(v.asked, v.answered) {
				continue
			}
			gone, mustBeSick := p.judges(v, s.down, s.confirmed, in.Bounds.ProbedDown)
			back, mustBeWell := p.judges(v, s.up, s.confirmed, in.Bounds.ProbedUp)
			why := ""
			switch {
			case mustBeSick && !p.unprotected(s, v):
			case mustBeSick && instance.Healthy:
				why = fmt.Sprintf("though its server has been gone since %s", seconds(gone.from))
			case mustBeSick:
				noted(downs, s.id, gone)
			case mustBeWell && !instance.Healthy:
				why = fmt.Sprintf("though its server has been there since %s", seconds(back.from))
			case mustBeWell && len(s.down) > 0 && back.from > s.down[0].from:
				noted(ups, s.id, back)
			}
			if why == "" {
				continue
			}
			wrong++
			if firstTime(told, s.id, v.node) {
				verdict.Evidence = append(verdict.Evidence, Evidence{T: v.answered, Node: v.node, Client: v.client, Op: v.op, Service: &s.id.service,
					Text: fmt.Sprintf("%s lists %s of %s at %s, %s", v.node, look(v, s.id.key), s.id.key, seconds(v.answered), why)})
			}
		}
	}
	seenDown, seenUp := total(downs), total(ups)
	switch {
	case wrong > 0:
		return verdict.violated("%s with the wrong health", counted(wrong, "list"))
	case seenDown == 0:
		return verdict.undecided("of %s none was gone for over %s while nodes could reach it and others",
			counted(len(p.servers), "server"), in.Bounds.ProbedDown)
	case seenUp == 0:
		return verdict.undecided("%s noticed in time, but no server was back for over %s", counted(seenDown, "outage"), in.Bounds.ProbedUp)
	}
	return verdict.holds("%s and %s noticed in time, none early", counted(seenDown, "outage"), counted(seenUp, "return"))
}

// serversOf are the servers that the history tells of, in the order of their instances.
func serversOf(in Input, persistent record) []served {
	byID := map[instanceID]*served{}
	end := endOf(in)
	for _, r := range in.History.Records {
		if r.Phase != model.Event || r.Instance == nil || r.Call != model.ServerListens && r.Call != model.ServerGone {
			continue
		}
		id := instanceID{r.Service, inCluster(*r.Instance).Key()}
		s := byID[id]
		if s == nil {
			s = &served{id: id, confirmed: never}
			byID[id] = s
		}
		began, ended := &s.up, &s.down
		if r.Call == model.ServerGone {
			began, ended = &s.down, &s.up
		}
		if n := len(*ended); n > 0 {
			(*ended)[n-1].to = r.T
		}
		*began = append(*began, span{r.T, end})
	}
	for _, a := range persistent.actions {
		if s := byID[a.id]; s != nil && a.call == model.Register {
			s.confirmed = min(s.confirmed, a.effective())
		}
	}
	var servers []served
	for _, id := range sortedKeys(byID, compareIDs) {
		if byID[id].confirmed < never {
			servers = append(servers, *byID[id])
		}
	}
	return servers
}

// probes are the servers and what can be asked of those who look after them.
type probes struct {
	bounds  Bounds
	times   times
	servers []served
}

// judges finds the span in which a view falls, if it is so late in it that the registry must know.
func (p probes) judges(v view, spans []span, confirmed, within time.Duration) (span, bool) {
	for _, s := range spans {
		since := max(s.from, confirmed, p.times.connectedSince(v.asked))
		if v.asked > since+within && v.answered < s.to {
			return s, true
		}
	}
	return span{}, false
}

// unprotected says whether a list shows health as it is: a registry with Nacos's protection shows all instances as healthy where none is,
// so that another one must be there for certain.
func (p probes) unprotected(s served, v view) bool {
	for _, other := range p.servers {
		if _, up := p.judges(v, other.up, other.confirmed, p.bounds.ProbedUp); up && other.id != s.id && other.id.service == s.id.service {
			return true
		}
	}
	return false
}

func noted(seen map[instanceID]map[span]bool, id instanceID, s span) {
	if seen[id] == nil {
		seen[id] = map[span]bool{}
	}
	seen[id][s] = true
}

func total(seen map[instanceID]map[span]bool) (n int) {
	for _, spans := range seen {
		n += len(spans)
	}
	return n
}
