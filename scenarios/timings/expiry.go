package timings

import (
	"fmt"
	"time"

	"muster/model"
	"muster/scenarios"
)

const (
	expiryPoll = 100 * time.Millisecond
	// expiredWithin is how long is looked: 30 s of silence, 5 s between two checks, and the way to other nodes.
	expiredWithin = 45 * time.Second
)

// expiry is of clients that fall silent.
func expiry() Experiment {
	return Experiment{
		Name: "expiry", Profile: scenarios.Nacos2,
		Claim:    "When a client that sends nothing any more is taken for unhealthy, and for gone.",
		scenario: expiryScenario, measure: measureExpiry,
	}
}

func expiryScenario(shift time.Duration) scenarios.Scenario {
	from := registerFrom + shift
	var web, rpc []model.Scripted
	end := time.Duration(0)
	for node := 1; node <= nodes; node++ {
		for i := range 2 {
			// Moments that the nodes' checks, every 5 s, and the connections' own timers meet at all their phases.
			at := from + time.Duration(2*node+i)*730*time.Millisecond
			silent := at + 20*time.Second + time.Duration(2*node+i)*410*time.Millisecond
			end = max(end, silent+expiredWithin)
			deeds := []model.Deed{{At: at, Do: model.Register}, {At: silent, Do: model.ClientSilent}}
			web = append(web, model.Scripted{
				Name: fmt.Sprintf("web-%d-%d", node, i), Node: node, Owner: node, Number: 1, Service: webService, Ephemeral: true, Deeds: deeds,
			})
			rpc = append(rpc, model.Scripted{
				Name: fmt.Sprintf("rpc-%d-%d", node, i), Node: node, Protocol: model.GRPC, Pinned: true, Number: 1, Service: rpcService, Ephemeral: true, Deeds: deeds,
			})
		}
	}
	return scenario(load(web, rpc, polls(webService, true, expiryPoll, from, end), polls(rpcService, true, expiryPoll, from, end)), end)
}

func measureExpiry(o *observed, m *meter) {
	where := func(c model.Scripted, node string) string {
		if scenarios.NodeName(c.Node) == node {
			return "own node"
		}
		return "other node"
	}
	for _, c := range o.clients(webService) {
		instance, last := o.instanceOf(c.Name), o.lastSign(c.Name)
		for _, node := range o.nodes {
			after, ok := o.first(place{webService, node}, last, o.end, unhealthy(instance))
			m.took("HTTP beats stop unhealthy", where(c, node), after, ok)
			after, ok = o.first(place{webService, node}, last, o.end, unlisted(instance))
			m.took("HTTP beats stop removed", where(c, node), after, ok)
		}
	}
	for _, c := range o.clients(rpcService) {
		for _, node := range o.nodes {
			after, ok := o.first(place{rpcService, node}, o.silent[c.Name], o.end, unlisted(o.instanceOf(c.Name)))
			m.took("gRPC silenced removed", where(c, node), after, ok)
		}
	}
}

// lastSign is when a client's last beat, or its registration, was answered.
func (o *observed) lastSign(client string) time.Duration {
	last := time.Duration(0)
	for _, call := range []model.Call{model.Register, model.Beat} {
		for _, op := range o.calls(client, call) {
			if op.Completed.Phase == model.OK {
				last = max(last, op.Completed.T)
			}
		}
	}
	return last
}
