package timings

import (
	"fmt"
	"strings"
	"time"

	"muster/model"
	"muster/scenarios"
)

// Steps of the visibility experiment: each service sees a first registration, a second, and the second go again, with time between for
// every node to know, and for nothing to ride on what is still pending.
const (
	visibilityStep = 6500 * time.Millisecond
	visibilityPoll = 45 * time.Millisecond
	// visibleWithin is how long is looked.
	visibleWithin = 3 * time.Second
	// emptiedBefore is how long before its first step a persistent service is filled; half as long before it is empty again.
	emptiedBefore = 4 * time.Second
)

// visibility is without any fault.
func visibility() Experiment {
	return Experiment{
		Name: "visibility", Profile: scenarios.Nacos2,
		Claim:    "How soon a registration and its end are listed by each node, and pushed to subscribers.",
		scenario: visibilityScenario, measure: measureVisibility,
	}
}

// script is a pair of clients of one service: what is registered first, and what comes and goes once the service is known.
type script struct {
	service        string
	through, owner int
	protocol       model.Protocol
	ephemeral      bool
	at             time.Duration
}

// scripts of the visibility experiment. Those of one kind take turns.
func scripts(from time.Duration) []script {
	var all []script
	for node := 1; node <= nodes; node++ {
		at := from + time.Duration(node-1)*700*time.Millisecond
		next := node%nodes + 1
		all = append(all,
			script{fmt.Sprintf("web-owner-%d", node), node, node, model.HTTP, true, at},
			script{fmt.Sprintf("web-other-%d", node), node, next, model.HTTP, true, at + 4*visibilityStep},
			script{fmt.Sprintf("rpc-%d", node), node, 0, model.GRPC, true, at},
			script{fmt.Sprintf("durable-%d", node), node, node, model.HTTP, false, at})
	}
	return all
}

func visibilityScenario(shift time.Duration) scenarios.Scenario {
	from := strikeAt/2 + shift
	var clients, looks []model.Scripted
	for _, s := range scripts(from) {
		first := model.Scripted{
			Name: s.service + "-first", Protocol: s.protocol, Node: s.through, Pinned: true, Owner: s.owner, Number: 1, Service: s.service,
			Ephemeral: s.ephemeral, Deeds: []model.Deed{{At: s.at, Do: model.Register}},
		}
		second := first
		second.Name = s.service + "-second"
		second.Deeds = []model.Deed{{At: s.at + visibilityStep, Do: model.Register}, {At: s.at + 2*visibilityStep, Do: model.Deregister}}
		if !s.ephemeral {
			// The service is known, and empty: nobody lists what nobody has ever registered.
			first.Deeds = []model.Deed{
				{At: s.at - emptiedBefore, Do: model.Register}, {At: s.at - emptiedBefore/2, Do: model.Deregister}, first.Deeds[0],
			}
		}
		if s.protocol == model.GRPC {
			first.Deeds = append(first.Deeds, model.Deed{At: s.at + 3*visibilityStep, Do: model.ClientSilent, HangUp: true})
		}
		clients = append(clients, first, second)
		looks = append(looks, looksAt(s)...)
		if s.ephemeral {
			looks = append(looks, subscribers(s.service, from-2*time.Second)...)
		}
	}
	return scenario(load(clients, looks), from+8*visibilityStep)
}

// looksAt are polls at every node, from a little before each step until all is said.
func looksAt(s script) []model.Scripted {
	all := polls(s.service, s.ephemeral, visibilityPoll, s.at-100*time.Millisecond, s.at+visibleWithin)
	for i := range all {
		first := all[i].Deeds[0]
		for step := time.Duration(1); step <= 3; step++ {
			again := first
			again.At, again.Until = first.At+step*visibilityStep, first.Until+step*visibilityStep
			all[i].Deeds = append(all[i].Deeds, again)
		}
	}
	return all
}

// subscribers are told of a service over gRPC, one at each node.
func subscribers(service string, from time.Duration) []model.Scripted {
	var all []model.Scripted
	for node := 1; node <= nodes; node++ {
		all = append(all, model.Scripted{
			Name: fmt.Sprintf("subscriber-%s-%d", service, node), Protocol: model.GRPC, Node: node, Pinned: true, Service: service, Ephemeral: true,
			Deeds: []model.Deed{{At: from, Do: model.Pushed}},
		})
	}
	return all
}

func measureVisibility(o *observed, m *meter) {
	for _, s := range scripts(0) {
		first, second := s.service+"-first", s.service+"-second"
		arrivals, again := o.registrations(first), o.registrations(second)[0]
		arrival := arrivals[len(arrivals)-1]
		departure := o.calls(second, model.Deregister)[0]
		names := visibilityNames(o, s, arrival.Invoked.T)
		seen := func(quantity, instance string, at time.Duration, shows func(string) func(look) bool) {
			for _, node := range o.nodes {
				after, ok := o.first(place{s.service, node}, at, at+visibleWithin, shows(instance))
				m.took(quantity, names.place(node), after, ok)
			}
		}
		told := func(quantity string, at time.Duration, shows func(model.Record) bool) {
			for _, node := range o.nodes {
				after, ok := o.told(place{s.service, node}, at, at+visibleWithin, shows)
				m.took(quantity, pushPlace(node == scenarios.NodeName(s.through)), after, ok)
			}
		}
		seen(names.register+names.fresh, o.instanceOf(first), arrival.Invoked.T, listed)
		seen(names.register+", known service", o.instanceOf(second), again.Invoked.T, listed)
		seen(names.deregister, o.instanceOf(second), departure.Invoked.T, unlisted)
		if s.protocol == model.GRPC {
			told("gRPC register push", again.Invoked.T, listing(o.instanceOf(second)))
			told("gRPC deregister push", departure.Invoked.T, without(o.instanceOf(second)))
			seen("gRPC client killed", o.instanceOf(first), o.silent[first], unlisted)
			told("gRPC client killed push", o.silent[first], without(o.instanceOf(first)))
		} else if s.ephemeral && s.owner == s.through {
			told("HTTP register push", again.Invoked.T, listing(o.instanceOf(second)))
		}
	}
}

// naming is how the figures of a script are called.
type naming struct {
	register, fresh, deregister string
	place                       func(node string) string
}

func pushPlace(same bool) string {
	if same {
		return "subscriber on same node"
	}
	return "subscriber on other node"
}

func visibilityNames(o *observed, s script, moment time.Duration) naming {
	asked := scenarios.NodeName(s.through)
	var kind, where string
	n := naming{fresh: ", new service"}
	switch {
	case s.protocol == model.GRPC:
		kind = "gRPC"
		n.place = parts("other node", map[string]string{asked: "connected node"})
	case !s.ephemeral && o.led(moment) == asked:
		kind, where, n.fresh = "persistent", " on leader", ", empty service"
		n.place = parts("other follower", map[string]string{asked: "asked node"})
	case !s.ephemeral:
		kind, where, n.fresh = "persistent", " on follower", ", empty service"
		n.place = parts("other follower", map[string]string{asked: "asked node", o.led(moment): "leader"})
	case s.owner == s.through:
		kind, where = "HTTP", " on owner"
		n.place = parts("other node", map[string]string{asked: "asked node (owner)"})
	default:
		kind, where = "HTTP", " on non-owner"
		n.place = parts("other node", map[string]string{asked: "asked node", scenarios.NodeName(s.owner): "owner"})
	}
	n.register, n.deregister = kind+" register"+where, strings.TrimSpace(kind+" deregister"+where)
	return n
}

// parts names nodes by their part, and those without one otherwise.
func parts(otherwise string, named map[string]string) func(string) string {
	return func(node string) string {
		if part, ok := named[node]; ok {
			return part
		}
		return otherwise
	}
}
