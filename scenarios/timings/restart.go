package timings

import (
	"time"

	"muster/scenarios"
)

// restartAll is of all three nodes at once.
func restartAll() Experiment {
	return Experiment{
		Name: "restart-all", Profile: scenarios.Nacos2,
		Claim: "What each node lists, and when all of it, after all three were killed and started again at once.",
		scenario: func(shift time.Duration) scenarios.Scenario {
			kill := strikeAt + shift
			start := kill + 2*time.Second
			end := start + 45*time.Second
			all := []scenarios.Role{scenarios.Node(1), scenarios.Node(2), scenarios.Node(3)}
			return scenario(load(webClients(registerFrom), rpcClients("rpc", false, registerFrom), writers(time.Second, span{registerFrom, registerFrom + 4*time.Second}),
				polls(webService, true, faultPoll, observeFrom, end), polls(rpcService, true, faultPoll, observeFrom, end),
				polls(durableService, false, faultPoll, kill-2*time.Second, end)), end,
				scenarios.At(kill, scenarios.Kill(all...)), scenarios.At(start, scenarios.Restart(all...)))
		},
		measure: measureRestart,
	}
}

func measureRestart(o *observed, m *meter) {
	killed := o.strikes[0].At
	durable := o.listedAt(place{durableService, o.nodes[0]}, killed)
	for _, node := range o.nodes {
		started := o.strikes[0].Until
		serving, ok := o.first(place{webService, node}, started, o.end, func(look) bool { return true })
		if !ok {
			continue
		}
		from := started + serving - faultPoll
		for _, kind := range []struct {
			service, name string
			complete      func(look) bool
		}{
			{durableService, "persistent instances", allListed(durable)}, {webService, "HTTP instances", all(o.instances(webService))},
			{rpcService, "gRPC instances", all(o.instances(rpcService))},
		} {
			after, ok := o.settled(place{kind.service, node}, from, o.end, kind.complete)
			m.took("from the first answer: "+kind.name+" complete", "each", max(0, after-faultPoll), ok)
		}
		_, known, ok := o.knew(node, "", started, o.end)
		m.took("from the first answer: leader known", "each", max(0, started+known-from-faultPoll), ok)
	}
}
