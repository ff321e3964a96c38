package timings

import (
	"time"

	"muster/model"
	"muster/scenarios"
)

const (
	// deadBeforeRestart is how long a node is down: about as long as the measured ones took to start, and long enough to be DOWN.
	deadBeforeRestart = 20 * time.Second
	// restartLooked is how long is looked after the start: a node whose start is slow begins to report after a minute.
	restartLooked = 75 * time.Second
)

// restartOne is of one node among others that stay.
func restartOne() Experiment {
	return Experiment{
		Name: "restart-one", Profile: scenarios.Nacos2,
		Claim: "What a follower that was killed lists when it has started again, and what its start does to the instances of others.",
		scenario: func(shift time.Duration) scenarios.Scenario {
			kill := strikeAt + shift
			start := kill + deadBeforeRestart
			end := start + restartLooked
			return scenario(load(webClients(registerFrom), rpcClients("rpc", false, registerFrom), writers(time.Second, span{registerFrom, registerFrom + 4*time.Second}),
				polls(webService, true, faultPoll, observeFrom, end), polls(rpcService, true, faultPoll, observeFrom, end),
				polls(durableService, false, faultPoll, kill-2*time.Second, end)), end,
				scenarios.At(kill, scenarios.Kill(scenarios.Follower)), scenarios.At(start, scenarios.Restart(scenarios.Victims)))
		},
		measure: measureRestartOne,
	}
}

func measureRestartOne(o *observed, m *meter) {
	dead, killed, started := o.strikes[0].Machines[0], o.strikes[0].At, o.strikes[0].Until
	for _, kind := range restarted(o, killed) {
		m.firstAnswers(o, kind, dead, started)
	}
	part := func(node string) string {
		if node == dead {
			return "restarted"
		}
		return "others"
	}
	for _, node := range o.nodes {
		removed := 0
		answered, ok := o.answered(node, started)
		for _, c := range o.clients(webService) {
			at := place{webService, node}
			// Those that beat through the dead node alone have expired, and come back.
			if scenarios.NodeName(c.Node) == dead {
				continue
			}
			if _, ok := o.first(at, answered, o.end, unlisted(o.instanceOf(c.Name))); ok {
				removed++
			}
		}
		if ok {
			m.counted("after the start: living HTTP instances removed", part(node), float64(removed))
		}
		if node != dead {
			after, ok := o.saw(node, dead, "UP", started, o.end)
			m.took("after the start: member up", part(node), after, ok)
		}
	}
}

// complete is one kind of instances, and what shows all of them.
type complete struct {
	service, name string
	shown         func(look) bool
}

// restarted are the kinds of instances that a node should list when it has started again.
func restarted(o *observed, killed time.Duration) []complete {
	durable := o.listedAt(place{durableService, o.nodes[0]}, killed)
	return []complete{
		{durableService, "persistent instances", allListed(durable)},
		{webService, "HTTP instances", all(o.instances(webService))},
		{rpcService, "gRPC instances", all(o.instances(rpcService))},
	}
}

// firstAnswers is about how long after a node's first answer it lists all of a kind, and goes on to.
func (m *meter) firstAnswers(o *observed, kind complete, node string, started time.Duration) {
	answered, ok := o.answered(node, started)
	if !ok {
		m.took("from the first answer: "+kind.name+" complete", "restarted", 0, false)
		return
	}
	// It may have begun to answer right after it was last asked in vain.
	from := answered - faultPoll
	after, ok := o.settled(place{kind.service, node}, from, o.end, kind.shown)
	m.took("from the first answer: "+kind.name+" complete", "restarted", max(0, after-faultPoll), ok)
}

// restartAll is of all three nodes at once.
func restartAll() Experiment {
	return Experiment{
		Name: "restart-all", Profile: scenarios.Nacos2,
		Claim: "What each node lists and pushes, and when all of it, after all three were killed and started again at once.",
		scenario: func(shift time.Duration) scenarios.Scenario {
			kill := strikeAt + shift
			start := kill + 2*time.Second
			end := start + 45*time.Second
			every := []scenarios.Role{scenarios.Node(1), scenarios.Node(2), scenarios.Node(3)}
			return scenario(load(webClients(registerFrom), subscribed(rpcClients("rpc", false, registerFrom)),
				writers(time.Second, span{registerFrom, registerFrom + 4*time.Second}),
				polls(webService, true, faultPoll, observeFrom, end), polls(rpcService, true, faultPoll, observeFrom, end),
				polls(durableService, false, faultPoll, kill-2*time.Second, end)), end,
				scenarios.At(kill, scenarios.Kill(every...)), scenarios.At(start, scenarios.Restart(every...)))
		},
		measure: measureRestartAll,
	}
}

// subscribed has clients subscribe what they have registered.
func subscribed(clients []model.Scripted) []model.Scripted {
	for i, c := range clients {
		clients[i].Deeds = append(c.Deeds, model.Deed{At: c.Deeds[len(c.Deeds)-1].At + 100*time.Millisecond, Do: model.Pushed})
	}
	return clients
}

func measureRestartAll(o *observed, m *meter) {
	killed, started := o.strikes[0].At, o.strikes[0].Until
	for _, node := range o.nodes {
		for _, kind := range restarted(o, killed) {
			m.firstAnswers(o, kind, node, started)
		}
		answered, ok := o.answered(node, started)
		if !ok {
			continue
		}
		_, known, ok := o.knew(node, "", started, o.end)
		m.took("from the first answer: leader known", "restarted", max(0, started+known-answered), ok)
	}
	measurePushes(o, m, started)
}

// measurePushes is about what subscribers are told after a moment, who knew all instances before.
func measurePushes(o *observed, m *meter, from time.Duration) {
	wanted := o.instances(rpcService)
	empty := 0
	for _, c := range o.clients(rpcService) {
		first, whole := time.Duration(-1), time.Duration(-1)
		for _, push := range o.pushes {
			if push.Client != c.Name || push.T < from {
				continue
			}
			if first < 0 {
				first = push.T
				if len(push.Instances) == 0 {
					empty++
				}
			}
			if whole < 0 && len(push.Instances) == len(wanted) {
				whole = push.T
			}
		}
		m.took("from the first push: gRPC instances complete", "subscriber", whole-first, whole >= 0)
	}
	m.counted("subscribers that are pushed an empty list first", "all", float64(empty))
}
