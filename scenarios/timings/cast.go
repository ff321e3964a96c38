package timings

import (
	"fmt"
	"time"

	"muster/checker"
	"muster/model"
	"muster/scenarios"
)

// Services of the experiments. Each holds one kind of instances, so that a list tells of that kind alone.
const (
	webService     = "web"     // ephemeral, over HTTP, kept alive by beats
	rpcService     = "rpc"     // ephemeral, over gRPC
	durableService = "durable" // persistent
)

// When the clients of a run begin, before any shift: the cluster has elected by then.
const (
	observeFrom  = 9 * time.Second
	registerFrom = 10 * time.Second
	// strikeAt is when the fault strikes: registrations have settled by then, and beats have come several times.
	strikeAt = 30 * time.Second
)

// load is a load of scripted clients alone.
func load(scripted ...[]model.Scripted) model.Load {
	// A request that waits for a leader is answered within 5 s, and one that is forwarded within 2 s more.
	l := model.Load{Timeout: 10 * time.Second, BeatInterval: 5 * time.Second}
	number := 0
	for _, group := range scripted {
		for _, s := range group {
			if s.Number > 0 {
				number++
				s.Number = number
			}
			l.Scripted = append(l.Scripted, s)
		}
	}
	return l
}

// scenario is an experiment's, with what all have in common. Its verdict is only that it happened: how long things took is not judged.
func scenario(l model.Load, lasts time.Duration, plan ...scenarios.Step) scenarios.Scenario {
	return scenarios.Scenario{
		Load: l, Plan: plan, Lasts: lasts, Expect: scenarios.Expect{checker.Exercised: checker.Holds}, Bounds: checker.Bounds{MinOperations: 10},
	}
}

// polls are clients that list a service again and again, one at each node.
func polls(service string, ephemeral bool, every time.Duration, from, until time.Duration) []model.Scripted {
	var all []model.Scripted
	for node := 1; node <= nodes; node++ {
		// They take turns, as those did that measured a real cluster: the first node is not always seen first.
		turn := every * time.Duration(node-1) / nodes
		all = append(all, model.Scripted{
			Name: fmt.Sprintf("poll-%s-%d", service, node), Node: node, Service: service, Ephemeral: ephemeral,
			Deeds: []model.Deed{{At: from + turn, Do: model.Observe, Every: every, Until: until}},
		})
	}
	return all
}

// webClients each provide an instance over HTTP and beat through one node: one client for each owner and each node that it asks. They
// register one after the other within 5 s, so that their beats come at all times.
func webClients(from time.Duration) []model.Scripted {
	var all []model.Scripted
	for owner := 1; owner <= nodes; owner++ {
		for through := 1; through <= nodes; through++ {
			all = append(all, model.Scripted{
				Name: fmt.Sprintf("web-%d-%d", owner, through), Node: through, Owner: owner, Number: 1, Service: webService, Ephemeral: true,
				Deeds: []model.Deed{{At: from + time.Duration(len(all))*550*time.Millisecond, Do: model.Register}},
			})
		}
	}
	return all
}

// rpcClients each provide an instance over gRPC, one at each node. Pinned ones know no other node.
func rpcClients(name string, pinned bool, from time.Duration) []model.Scripted {
	var all []model.Scripted
	for node := 1; node <= nodes; node++ {
		all = append(all, model.Scripted{
			Name: fmt.Sprintf("%s-%d", name, node), Protocol: model.GRPC, Node: node, Pinned: pinned, Number: 1, Service: rpcService, Ephemeral: true,
			Deeds: []model.Deed{{At: from + time.Duration(node)*300*time.Millisecond, Do: model.Register}},
		})
	}
	return all
}

// span is a time in which something is done.
type span struct{ from, until time.Duration }

// writers register a persistent instance after the other: one writer for each owner of its instances and each node that it asks.
func writers(every time.Duration, when ...span) []model.Scripted {
	var all []model.Scripted
	for owner := 1; owner <= nodes; owner++ {
		for through := 1; through <= nodes; through++ {
			s := model.Scripted{
				Name: fmt.Sprintf("write-%d-%d", owner, through), Node: through, Owner: owner, Number: 1, Service: durableService,
			}
			for _, w := range when {
				turn := every * time.Duration(len(all)) / (nodes * nodes)
				s.Deeds = append(s.Deeds, model.Deed{At: w.from + turn, Do: model.Register, Every: every, Until: w.until})
			}
			all = append(all, s)
		}
	}
	return all
}
