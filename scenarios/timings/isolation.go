package timings

import (
	"strings"
	"time"

	"muster/model"
	"muster/scenarios"
)

// lateAfter is how long after a fault new clients come.
const lateAfter = 5 * time.Second

// isolations are those of one node from both others.
func isolations() []Experiment {
	return []Experiment{
		isolation("isolate-leader-20s", "What a cut of the leader from both other nodes does in 20 s, and after it.", scenarios.Leader, 20*time.Second),
		isolation("isolate-leader-60s", "The same for 60 s: long enough for each side to expire the other's instances.", scenarios.Leader, 60*time.Second),
		isolation("isolate-follower-20s", "What a cut of a follower from both other nodes does in 20 s, and after it.", scenarios.Follower, 20*time.Second),
		isolation("isolate-follower-60s", "The same for 60 s.", scenarios.Follower, 60*time.Second),
		{
			Name: "isolate-leader-20s-soon-after-60s", Profile: scenarios.Nacos2,
			Claim:    "Whether a majority finds a leader if the leader is cut off 22 s after a cut of the leader before it had healed.",
			scenario: isolatedAgain, measure: measureIsolatedAgain,
		},
	}
}

// afterHeal is how long is watched after a heal: TCP waits up to as long as a cut lasted until it sends again what the cut swallowed.
func afterHeal(cut time.Duration) time.Duration { return cut + 15*time.Second }

// writeFor is for how long after a cut and after a heal is written: longer only makes lists long.
const writeFor = 25 * time.Second

// readAfter is how long after the last write lists are still read: what was written then must have come everywhere.
const readAfter = 8 * time.Second

func isolation(name, claim string, whom scenarios.Role, length time.Duration) Experiment {
	return Experiment{
		Name: name, Claim: claim, Profile: scenarios.Nacos2,
		scenario: func(shift time.Duration) scenarios.Scenario {
			cut := strikeAt + shift
			heal := cut + length
			end := heal + afterHeal(length)
			return scenario(isolationLoad(cut, end, span{cut - time.Second, min(cut+writeFor, heal)}, span{heal, end - readAfter}), end,
				scenarios.At(cut, scenarios.Isolate(whom)), scenarios.At(heal, scenarios.Heal()))
		},
		measure: func(o *observed, m *meter) { measureIsolation(o, m, 0) },
	}
}

// isolationLoad has clients of all kinds, and new ones 5 s into the cut.
func isolationLoad(cut, end time.Duration, writes ...span) model.Load {
	return load(webClients(registerFrom), rpcClients("rpc", false, registerFrom), late(webClients(0), cut), late(rpcClients("rpc", true, 0), cut),
		writers(time.Second, writes...),
		polls(webService, true, faultPoll, observeFrom, end), polls(rpcService, true, faultPoll, observeFrom, end),
		polls(durableService, false, 4*faultPoll, cut-2*time.Second, end))
}

// latePrefix begins the names of clients that come during a fault.
const latePrefix = "late-"

// late are clients that come 5 s after a fault, all at once.
func late(clients []model.Scripted, fault time.Duration) []model.Scripted {
	for i := range clients {
		clients[i].Name = latePrefix + clients[i].Name
		clients[i].Deeds[0].At = fault + lateAfter
	}
	return clients
}

// isLate says whether a client comes during a fault.
func isLate(c model.Scripted) bool { return strings.HasPrefix(c.Name, latePrefix) }

// cutOff says when and for whom a cut begins, and when it is over; number counts the plan's strikes from 0.
func (o *observed) cutOff(number int) (node string, cut, heal time.Duration) {
	strike := o.strikes[number]
	return strike.Machines[0], strike.At, strike.Until
}

func measureIsolation(o *observed, m *meter, number int) {
	isolated, cut, heal := o.cutOff(number)
	majority := o.others(isolated)
	before := o.led(cut)
	end := o.end
	if number+2 < len(o.strikes) {
		end = o.strikes[number+2].At
	}
	for _, node := range majority {
		seen := func(state string, from, until time.Duration, quantity string) {
			after, ok := o.saw(node, isolated, state, from, until)
			m.took(quantity, "majority of isolated", after, ok)
			after, ok = o.saw(isolated, node, state, from, until)
			m.took(quantity, "isolated of majority", after, ok)
		}
		seen("SUSPICIOUS", cut, heal, "member suspicious")
		seen("DOWN", cut, heal, "member down")
		seen("UP", heal, end, "after the heal: member up")
	}
	if before == isolated {
		measureSuccession(o, m, isolated, cut, heal)
		_, after, ok := o.knew(isolated, isolated, heal, end)
		m.took("after the heal: new leader known", "old leader", after, ok)
	}
	for _, w := range o.clients(durableService) {
		if scenarios.NodeName(w.Node) != isolated {
			continue
		}
		after, ok := o.wrote(w.Name, heal, end)
		if scenarios.NodeName(w.Owner) == isolated {
			m.took("after the heal: first write ok own key", "through isolated", after, ok)
		} else {
			m.took("after the heal: first write ok key of majority", "through isolated", after, ok)
		}
	}
	wanted := o.listedAt(place{durableService, majority[0]}, heal)
	after, ok := o.first(place{durableService, isolated}, heal, end, allListed(wanted))
	m.took("after the heal: persistent instances caught up", "isolated", after, ok)
	where := func(node string) string { return side(node == isolated) }
	measureHeal(o, m, webService, "HTTP instances", heal, end, where)
	measureHeal(o, m, rpcService, "gRPC instances", heal, end, where)
	measureDuring(o, m, isolated, cut, heal)
	measureHarm(o, m, heal, end)
	countOutcomes(o, m, o.nodes)
}

func side(isolated bool) string {
	if isolated {
		return "isolated"
	}
	return "majority"
}

// measureSuccession is about a leader that is gone: who knows the next one when, and who can write again when.
func measureSuccession(o *observed, m *meter, gone string, from, until time.Duration) {
	survivors := o.others(gone)
	next := ""
	for _, node := range survivors {
		if leader, _, ok := o.knew(node, gone, from, until); ok {
			next = leader
		}
	}
	role := func(node string) string {
		if node == next {
			return "new leader"
		}
		return "follower"
	}
	for _, node := range survivors {
		_, after, ok := o.knew(node, gone, from, until)
		m.took("new leader known", role(node), after, ok)
	}
	for _, w := range o.clients(durableService) {
		through, owner := scenarios.NodeName(w.Node), scenarios.NodeName(w.Owner)
		if through == gone {
			continue
		}
		quantity := "first write ok key of other survivor"
		switch owner {
		case through:
			quantity = "first write ok own key"
		case gone:
			quantity = "first write ok key of lost node"
		}
		after, ok := o.wrote(w.Name, from, until)
		m.took(quantity, "through "+role(through), after, ok)
	}
}

// measureHeal is about when lists are complete after a heal, at each node and at all. at names a node's part.
func measureHeal(o *observed, m *meter, service, name string, heal, end time.Duration, at func(node string) string) {
	wanted := o.instances(service)
	var last time.Duration
	everywhere := true
	for _, node := range o.nodes {
		after, ok := o.settled(place{service, node}, heal, end, all(wanted))
		m.took("after the heal: "+name+" complete", at(node), after, ok)
		last, everywhere = max(last, after), everywhere && ok
	}
	m.took("after the heal: "+name+" identical", "all", last, everywhere)
}

// measureDuring is about what is listed while a node is isolated, by who owns an instance and through whom it beats.
func measureDuring(o *observed, m *meter, isolated string, cut, heal time.Duration) {
	for _, c := range o.clients(webService) {
		class, instance := classOf(c, isolated), o.instanceOf(c.Name)
		for _, node := range o.nodes {
			at := place{webService, node}
			if isLate(c) {
				after, ok := o.first(at, cut, heal, listed(instance))
				m.took("appears: "+lateClassOf(c, isolated), side(node == isolated), after, ok)
				continue
			}
			after, ok := o.first(at, cut, heal, unhealthy(instance))
			m.took("unhealthy: "+class, side(node == isolated), after, ok)
			after, ok = o.first(at, cut, heal, unlisted(instance))
			m.took("removed: "+class, side(node == isolated), after, ok)
		}
	}
}

// lateClassOf says the same of an instance that comes during the cut.
func lateClassOf(c model.Scripted, isolated string) string {
	owner := "owner in majority"
	if scenarios.NodeName(c.Owner) == isolated {
		owner = "owner isolated"
	}
	return "new through " + side(scenarios.NodeName(c.Node) == isolated) + ", " + owner
}

// classOf says where the owner of an instance is, and the node that it beats through.
func classOf(c model.Scripted, isolated string) string {
	owner, through := scenarios.NodeName(c.Owner), scenarios.NodeName(c.Node)
	switch {
	case owner == isolated && through == isolated:
		return "owner isolated, beats through isolated"
	case owner == isolated:
		return "owner isolated, beats through majority"
	case through == isolated:
		return "owner in majority, beats through isolated"
	case through == owner:
		return "owner in majority, beats through owner"
	}
	return "owner in majority, beats through the third"
}

// measureHarm counts the HTTP instances that a node listed as healthy when a cut healed, and some time afterwards did not list, or listed as
// unhealthy, though their clients beat on.
func measureHarm(o *observed, m *meter, heal, end time.Duration) {
	count := func(harmed func(instance string) func(look) bool) float64 {
		found := map[string]bool{}
		for _, node := range o.nodes {
			at := place{webService, node}
			for _, instance := range o.healthyAt(at, heal) {
				if _, ok := o.first(at, heal, end, harmed(instance)); ok {
					found[instance] = true
				}
			}
		}
		return float64(len(found))
	}
	m.counted("after the heal: living HTTP instances removed", "any node", count(unlisted))
	m.counted("after the heal: living HTTP instances turned unhealthy", "any node", count(unhealthy))
}

// countOutcomes is about what became of persistent writes, by the lists of those nodes that live.
func countOutcomes(o *observed, m *meter, living []string) {
	refused, missing := o.outcomes(living)
	m.counted("refused writes that are listed in the end", "all nodes", float64(refused))
	m.counted("acknowledged writes missing in the end", "all nodes", float64(missing))
}

// betweenCuts is how long after the heal of a cut of 60 s the next one comes. What TCP could not send in the first is sent again 42 s after its
// heal at the earliest, when the second is over.
const betweenCuts = 22 * time.Second

func isolatedAgain(shift time.Duration) scenarios.Scenario {
	first := strikeAt + shift
	heal := first + time.Minute
	again := heal + betweenCuts
	over := again + 20*time.Second
	end := over + afterHeal(time.Minute)
	return scenario(isolationLoad(again, end, span{again - time.Second, over}, span{over, over + writeFor}), end,
		scenarios.At(first, scenarios.Isolate(scenarios.Leader)), scenarios.At(heal, scenarios.Heal()),
		scenarios.At(again, scenarios.Isolate(scenarios.Leader)), scenarios.At(over, scenarios.Heal()))
}

func measureIsolatedAgain(o *observed, m *meter) { measureIsolation(o, m, 2) }
