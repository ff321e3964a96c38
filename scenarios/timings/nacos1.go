package timings

import (
	"fmt"
	"slices"
	"time"

	"muster/model"
	"muster/scenarios"
)

// perOwner is how many services of each owner the experiments with Nacos 1.x have: there, services have owners, not instances.
const perOwner = 3

// older are the experiments with Nacos 1.x.
func older() []Experiment {
	return []Experiment{
		{
			Name: "nacos1-visibility", Profile: scenarios.Nacos1, Claim: "How soon nodes like those of 1.x list a registration, and its end.",
			scenario: olderVisibility, measure: measureOlderVisibility,
		},
		{
			Name: "nacos1-expiry", Profile: scenarios.Nacos1, Claim: "When nodes like those of 1.x take a client without beats for unhealthy, and for gone.",
			scenario: olderExpiry, measure: measureOlderExpiry,
		},
		{
			Name: "nacos1-kill-leader", Profile: scenarios.Nacos1,
			Claim:    "What becomes of instances that beat on when the leader, which answered for them, is killed, and when it comes back.",
			scenario: olderKill, measure: measureOlderKill,
		},
	}
}

// ownedService names the services of an owner, numbered from 1.
func ownedService(kind string, owner, number int) string {
	for i, found := 1, 0; ; i++ {
		name := fmt.Sprintf("%s-%d", kind, i)
		if scenarios.Responsible(model.DefaultGroup+"@@"+name, nodes) != owner-1 {
			continue
		}
		if found++; found == number {
			return name
		}
	}
}

// owned is a service, its owner, and another node.
type owned struct {
	service      string
	owner, other int
	// place in the order of all.
	place int
}

func ownedServices(kind string) []owned {
	var all []owned
	for owner := 1; owner <= nodes; owner++ {
		for number := 1; number <= perOwner; number++ {
			all = append(all, owned{ownedService(kind, owner, number), owner, owner%nodes + 1, len(all)})
		}
	}
	return all
}

// ownerPart names nodes by whether they own a service.
func ownerPart(owner int, own string) func(string) string {
	return parts("other node", map[string]string{scenarios.NodeName(owner): own})
}

const (
	// olderStep is the time between the steps of one service: what goes from node to node takes 2 s and more.
	olderStep = 6 * time.Second
	olderPoll = 40 * time.Millisecond
)

func olderVisibility(shift time.Duration) scenarios.Scenario {
	from := strikeAt/2 + shift
	var clients []model.Scripted
	for _, kind := range []string{webService, durableService} {
		for _, s := range ownedServices(kind) {
			at := from + time.Duration(s.place)*430*time.Millisecond
			ephemeral := kind == webService
			first := model.Scripted{
				Name: s.service + "-first", Node: s.owner, Number: 1, Service: s.service, Ephemeral: ephemeral, Deeds: []model.Deed{{At: at, Do: model.Register}},
			}
			until := at + visibleWithin
			clients = append(clients, first)
			if ephemeral {
				second := first
				second.Name, second.Node = s.service+"-second", s.other
				second.Deeds = []model.Deed{{At: at + olderStep, Do: model.Register}}
				clients[len(clients)-1].Deeds = append(clients[len(clients)-1].Deeds, model.Deed{At: at + 2*olderStep, Do: model.Deregister})
				clients = append(clients, second)
				until = at + 2*olderStep + visibleWithin
			}
			clients = append(clients, polls(s.service, ephemeral, olderPoll, at-100*time.Millisecond, until)...)
		}
	}
	return scenario(load(clients), from+4*olderStep)
}

func measureOlderVisibility(o *observed, m *meter) {
	step := func(quantity string, s owned, own, client string, call model.Call, shows func(string) func(look) bool) {
		op := o.calls(client, call)[0]
		name := ownerPart(s.owner, own)
		for _, node := range o.nodes {
			after, ok := o.first(place{s.service, node}, op.Completed.T, op.Completed.T+visibleWithin, shows(op.Invoked.Instance.Address()))
			m.took(quantity, name(node), after, ok)
		}
	}
	const asked = "asked node (owner)"
	for _, s := range ownedServices(webService) {
		step("HTTP register on owner, new service", s, asked, s.service+"-first", model.Register, listed)
		step("HTTP register on non-owner, known service", s, "owner", s.service+"-second", model.Register, listed)
		step("HTTP deregister on owner", s, asked, s.service+"-first", model.Deregister, unlisted)
	}
	for _, s := range ownedServices(durableService) {
		step("persistent register on owner", s, asked, s.service+"-first", model.Register, listed)
	}
}

func olderExpiry(shift time.Duration) scenarios.Scenario {
	from := registerFrom + shift + 5*time.Second
	var clients []model.Scripted
	end := from + 60*time.Second
	for _, s := range ownedServices(webService) {
		at := from + time.Duration(s.place)*610*time.Millisecond
		// The checks of a service are counted from its creation, by another client; from there the registration meets all their phases.
		clients = append(clients, model.Scripted{
			Name: s.service + "-creator", Node: s.owner, Number: 1, Service: s.service, Ephemeral: true,
			Deeds: []model.Deed{{At: at - time.Duration(s.place+1)*510*time.Millisecond, Do: model.Register}},
		}, model.Scripted{
			Name: s.service + "-client", Node: s.owner, Number: 1, Service: s.service, Ephemeral: true,
			Deeds: []model.Deed{{At: at, Do: model.Register}, {At: at + time.Second, Do: model.ClientSilent}},
		})
		clients = append(clients, polls(s.service, true, expiryPoll, at+13*time.Second, end)...)
	}
	return scenario(load(clients), end)
}

func measureOlderExpiry(o *observed, m *meter) {
	for _, s := range ownedServices(webService) {
		client := s.service + "-client"
		last, instance, name := o.lastSign(client), o.instanceOf(client), ownerPart(s.owner, "own node")
		for _, node := range o.nodes {
			// Nobody looks before 12 s have passed; what is not listed then has never come.
			after, ok := o.first(place{s.service, node}, last, o.end, unhealthy(instance))
			m.took("HTTP beats stop unhealthy", name(node), after, ok)
			after, ok = o.first(place{s.service, node}, last, o.end, unlisted(instance))
			m.took("HTTP beats stop removed", name(node), after, ok)
		}
	}
}

// The leader is killed as long after the registrations as in the measurement, and comes back when all is quiet.
const (
	olderKillAfter  = 35 * time.Second
	olderDeadFor    = 35 * time.Second
	olderBackLooked = 45 * time.Second
)

func olderKill(shift time.Duration) scenarios.Scenario {
	kill := registerFrom + olderKillAfter + shift
	back := kill + olderDeadFor
	end := back + olderBackLooked
	var clients []model.Scripted
	for _, s := range ownedServices(webService) {
		// Through a node that lives, whoever else is killed.
		for _, through := range []int{s.other, s.other%nodes + 1} {
			clients = append(clients, model.Scripted{
				Name: fmt.Sprintf("%s-%d", s.service, through), Node: through, Number: 1, Service: s.service, Ephemeral: true,
				Deeds: []model.Deed{{At: registerFrom + shift + time.Duration(len(clients)%9)*550*time.Millisecond, Do: model.Register}},
			})
		}
		clients = append(clients, polls(s.service, true, faultPoll, kill-time.Second, end)...)
	}
	return scenario(load(clients, writers(600*time.Millisecond, span{kill, kill + 20*time.Second}), polls(durableService, false, time.Second, kill, back)), end,
		scenarios.At(kill, scenarios.Kill(scenarios.Leader)), scenarios.At(back, scenarios.Restart(scenarios.Victims)))
}

func measureOlderKill(o *observed, m *meter) {
	dead, killed, back := o.strikes[0].Machines[0], o.strikes[0].At, o.strikes[0].Until
	survivors := o.others(dead)
	for _, node := range survivors {
		after, ok := o.saw(node, dead, "DOWN", killed, back)
		m.took("member down", "survivor", after, ok)
		_, after, ok = o.knew(node, dead, killed, back)
		m.took("new leader known", "survivor", after, ok)
		first, wrote := time.Duration(0), false
		for _, w := range o.clients(durableService) {
			if after, ok := o.wrote(w.Name, killed, back); ok && scenarios.NodeName(w.Node) == node && (!wrote || after < first) {
				first, wrote = after, true
			}
		}
		m.took("first write ok", "survivor", first, wrote)
		missing, first, last := o.missing(node, dead, killed, back)
		m.took("beating instance of dead owner removed", "survivor", first, missing > 0)
		m.took("last moment an instance was missing", "survivor", last, missing > 0)
		missing, _, _ = o.missing(node, dead, back, o.end)
		m.counted("after the return: beating instances removed", "survivor", float64(missing))
	}
	after, ok := o.lastBeatFailed(survivors, killed, back)
	m.took("last beat that failed", "survivor", after, ok)
	measureReturn(o, m, dead, back)
}

// measureReturn is about a node that is back: what it lists, and what the others think of it, from its first answer on.
func measureReturn(o *observed, m *meter, node string, back time.Duration) {
	answered, ok := o.answered(node, back)
	whole := time.Duration(0)
	for _, s := range ownedServices(webService) {
		var beating []string // those that beat through this node alone were silent while it was dead
		for _, c := range o.clients(s.service) {
			if scenarios.NodeName(c.Node) != node {
				beating = append(beating, o.instanceOf(c.Name))
			}
		}
		after, listed := o.first(place{s.service, node}, answered, o.end, allListed(beating))
		whole, ok = max(whole, after), ok && listed
	}
	m.took("after the return: all instances listed", "returned node", whole, ok)
	var up time.Duration
	known := true
	for _, other := range o.others(node) {
		after, ok := o.saw(other, node, "UP", back, o.end)
		up, known = max(up, back+after-answered), known && ok
	}
	m.took("after the return: member up", "all survivors", up, known)
	missing, _, _ := o.missing(node, node, answered, o.end)
	m.counted("after the return: beating instances removed", "returned node", float64(missing))
}

// missing counts the instances of a node's services that another listed at first and then not, though their clients beat on, and says when
// it did not list one for the first and for the last time.
func (o *observed) missing(node, owner string, from, until time.Duration) (instances int, first, last time.Duration) {
	for _, s := range ownedServices(webService) {
		if scenarios.NodeName(s.owner) != owner {
			continue
		}
		for _, client := range o.clients(s.service) {
			once, gone := false, unlisted(o.instanceOf(client.Name))
			for _, l := range o.within(place{s.service, node}, from, until) {
				if !gone(l) {
					continue
				}
				if after := l.told - from; instances == 0 && !once || after < first {
					first = after
				}
				last, once = max(last, l.told-from), true
			}
			if once {
				instances++
			}
		}
	}
	return instances, first, last
}

// lastBeatFailed is how long after a moment a beat last failed at some nodes.
func (o *observed) lastBeatFailed(at []string, from, until time.Duration) (after time.Duration, ok bool) {
	for _, op := range o.operations {
		if op.Invoked.Call == model.Beat && op.Completed.Phase != model.OK && slices.Contains(at, op.Invoked.Node) && op.Invoked.T >= from && op.Completed.T <= until {
			after, ok = max(after, op.Completed.T-from), true
		}
	}
	return after, ok
}
