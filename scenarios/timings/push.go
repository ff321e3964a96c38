package timings

import (
	"fmt"
	"time"

	"muster/model"
	"muster/scenarios"
)

const (
	// subscribedBefore a registration its subscribers subscribe: the list that they ask for a second time, a second later, has come, and the
	// next one is far.
	subscribedBefore = 3 * time.Second
	// pushedWithin is how long a push may take.
	pushedWithin = 5 * time.Second
)

// pushes are of datagrams to subscribers of 1.x.
func pushes() []Experiment {
	return []Experiment{
		{
			Name: "udp-push", Profile: scenarios.Nacos2, Claim: "How soon subscribers of 1.x are told of a registration, in datagrams.",
			scenario: pushScenario, measure: measurePush,
		},
		{
			Name: "nacos1-udp-push", Profile: scenarios.Nacos1, Claim: "How soon nodes like those of 1.x tell their subscribers of a registration.",
			scenario: pushScenario, measure: measurePush,
		},
	}
}

// pushScenario has a subscriber at each node for each of the services, whose owner, which owns the instance too, is asked to register one.
func pushScenario(shift time.Duration) scenarios.Scenario {
	from := strikeAt/2 + shift
	var clients, told []model.Scripted
	var end time.Duration
	for _, s := range ownedServices(webService) {
		at := from + time.Duration(s.place)*610*time.Millisecond
		end = at + pushedWithin
		clients = append(clients, model.Scripted{
			Name: s.service + "-client", Node: s.owner, Owner: s.owner, Number: 1, Service: s.service, Ephemeral: true,
			Deeds: []model.Deed{{At: at, Do: model.Register}},
		})
		for node := 1; node <= nodes; node++ {
			told = append(told, model.Scripted{
				Name: fmt.Sprintf("subscriber-%s-%d", s.service, node), Node: node, Service: s.service, Ephemeral: true,
				Deeds: []model.Deed{{At: at - subscribedBefore, Do: model.Pushed}},
			})
		}
	}
	s := scenario(load(clients, told), end)
	s.Bounds.MinOperations = nodes * perOwner
	return s
}

func measurePush(o *observed, m *meter) {
	for _, s := range ownedServices(webService) {
		registered := o.registrations(s.service + "-client")[0]
		at := parts("subscriber at other node", map[string]string{scenarios.NodeName(s.owner): "subscriber at owner"})
		for _, node := range o.nodes {
			answered := registered.Completed.T
			after, ok := o.told(place{s.service, node}, answered, answered+pushedWithin, listing(registered.Invoked.Instance.Address()))
			m.took("HTTP register push", at(node), after, ok)
		}
	}
}
