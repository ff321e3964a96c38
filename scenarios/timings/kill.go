package timings

import (
	"time"

	"muster/model"
	"muster/scenarios"
)

const (
	faultPoll = 200 * time.Millisecond
	// deadFor is how long the killed leader stays dead: until its peers have purged its clients, 180 s after they heard of them last.
	deadFor = 200 * time.Second
)

// killLeader is the end of the leader's process, without a word.
func killLeader() Experiment {
	return Experiment{
		Name: "kill-leader", Profile: scenarios.Nacos2,
		Claim:    "Who leads and who can write after the leader was killed, and what becomes of the instances that it answered for.",
		scenario: killScenario, measure: measureKill,
	}
}

func killScenario(shift time.Duration) scenarios.Scenario {
	kill := strikeAt + shift
	end := kill + deadFor
	return scenario(load(webClients(registerFrom), rpcClients("rpc", false, registerFrom), rpcClients("pinned", true, registerFrom),
		writers(500*time.Millisecond, span{kill - time.Second, kill + 20*time.Second}),
		polls(webService, true, faultPoll, observeFrom, kill+75*time.Second), polls(rpcService, true, faultPoll, observeFrom, end),
		polls(durableService, false, 4*faultPoll, kill-2*time.Second, kill+75*time.Second)), end,
		scenarios.At(kill, scenarios.Kill(scenarios.Leader)))
}

func measureKill(o *observed, m *meter) {
	dead, killed := o.strikes[0].Machines[0], o.strikes[0].At
	survivors := o.others(dead)
	measureSuccession(o, m, dead, killed, o.end)
	for _, node := range survivors {
		after, ok := o.saw(node, dead, "SUSPICIOUS", killed, o.end)
		m.took("member suspicious", "survivor", after, ok)
		after, ok = o.saw(node, dead, "DOWN", killed, o.end)
		m.took("member down", "survivor", after, ok)
		for _, c := range o.clients(webService) {
			if scenarios.NodeName(c.Owner) != dead {
				continue
			}
			which := "beating"
			if scenarios.NodeName(c.Node) == dead {
				which = "silent" // it beats through the dead node and no other
			}
			after, ok := o.first(place{webService, node}, killed, o.end, unhealthy(o.instanceOf(c.Name)))
			m.took(which+" instance of dead owner unhealthy", "survivor", after, ok)
			after, ok = o.first(place{webService, node}, killed, o.end, unlisted(o.instanceOf(c.Name)))
			m.took(which+" instance of dead owner removed", "survivor", after, ok)
		}
		for _, c := range o.clients(rpcService) {
			if scenarios.NodeName(c.Node) != dead {
				continue
			}
			after, ok := o.first(place{rpcService, node}, killed, o.end, unlisted(o.instanceOf(c.Name)))
			if c.Pinned {
				m.took("gRPC dead client of dead node removed", "survivor", after, ok)
				continue
			}
			m.took("live gRPC client of the dead node missing", "survivor", after, ok)
		}
	}
	for _, c := range o.clients(rpcService) {
		if scenarios.NodeName(c.Node) != dead || c.Pinned {
			continue
		}
		after, ok := o.registeredAgain(c.Name, killed)
		for range survivors {
			m.took("gRPC live client reregistered", "survivor", after, ok)
		}
	}
	countOutcomes(o, m, survivors)
}

// registeredAgain is how long after a moment a client first had an answer of success to a registration that it sent since.
func (o *observed) registeredAgain(client string, from time.Duration) (time.Duration, bool) {
	for _, op := range o.registrations(client) {
		if op.Invoked.T > from && op.Completed.Phase == model.OK {
			return op.Completed.T - from, true
		}
	}
	return 0, false
}
