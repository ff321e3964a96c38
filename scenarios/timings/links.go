package timings

import (
	"slices"
	"time"

	"muster/model"
	"muster/scenarios"
)

// linkCutFor is how long a link between two nodes is cut.
const linkCutFor = time.Minute

// links are cuts between two nodes, the third of which sees both.
func links() []Experiment {
	one := scenarios.Cut(scenarios.Node(1), scenarios.Node(2))
	both := scenarios.Partition(scenarios.Side(scenarios.Node(1)), scenarios.Side(scenarios.Node(2)))
	return []Experiment{
		link("one-way", "What a cut of one direction between two nodes does while the third sees both: to TCP it is a cut of both.", one),
		link("partial", "What a cut of both directions between two nodes does while the third sees both.", both),
	}
}

func link(name, claim string, cut scenarios.Fault) Experiment {
	return Experiment{
		Name: name, Claim: claim, Profile: scenarios.Nacos2, measure: measureLink,
		scenario: func(shift time.Duration) scenarios.Scenario {
			at := strikeAt + shift
			heal := at + linkCutFor
			end := heal + afterHeal(linkCutFor)
			return scenario(load(webClients(registerFrom), rpcClients("rpc", true, registerFrom), late(rpcClients("rpc", true, 0), at), writers(2*time.Second, span{at - time.Second, heal}),
				polls(webService, true, faultPoll, observeFrom, end), polls(rpcService, true, faultPoll, observeFrom, end),
				polls(durableService, false, 4*faultPoll, at-2*time.Second, end)), end,
				scenarios.At(at, cut), scenarios.At(heal, scenarios.Heal()))
		},
	}
}

// The parts that nodes have in a cut of a link.
const (
	cutEnd    = "cut end"
	thirdNode = "third node"
)

func measureLink(o *observed, m *meter) {
	ends, cut, heal := o.strikes[0].Machines, o.strikes[0].At, o.strikes[0].Until
	part := func(node string) string {
		if slices.Contains(ends, node) {
			return cutEnd
		}
		return thirdNode
	}
	for _, node := range o.nodes {
		for _, peer := range o.others(node) {
			at := cutEnd + " of the other"
			switch {
			case part(node) == thirdNode:
				at = "third node of a cut end"
			case part(peer) == thirdNode:
				at = "cut end of the third node"
			}
			after, ok := o.saw(node, peer, "SUSPICIOUS", cut, heal)
			m.took("member suspicious", at, after, ok)
			after, ok = o.saw(node, peer, "DOWN", cut, heal)
			m.took("member down", at, after, ok)
		}
		for _, c := range o.clients(webService) {
			after, ok := o.first(place{webService, node}, cut, heal, unlisted(o.instanceOf(c.Name)))
			m.took("removed: living HTTP instance", part(node), after, ok)
		}
		for _, c := range o.clients(rpcService) {
			own := scenarios.NodeName(c.Node)
			if !isLate(c) || part(own) == thirdNode {
				continue
			}
			at := "other cut end"
			switch {
			case node == own:
				at = "own node"
			case part(node) == thirdNode:
				at = thirdNode
			}
			after, ok := o.first(place{rpcService, node}, cut, heal, listed(o.instanceOf(c.Name)))
			m.took("new gRPC instance at a cut end appears", at, after, ok)
		}
	}
	measureHeal(o, m, webService, "HTTP instances", heal, o.end, part)
	measureHeal(o, m, rpcService, "gRPC instances", heal, o.end, part)
	measureIdentical(o, m, heal)
	measureHarm(o, m, heal, o.end)
	countOutcomes(o, m, o.nodes)
}

// measureIdentical is about when all nodes list the same persistent instances after a heal, and go on to.
func measureIdentical(o *observed, m *meter, heal time.Duration) {
	var wanted []string
	for _, node := range o.nodes {
		for _, instance := range o.listedAt(place{durableService, node}, o.end) {
			if !slices.Contains(wanted, instance) {
				wanted = append(wanted, instance)
			}
		}
	}
	last, everywhere := time.Duration(0), true
	for _, node := range o.nodes {
		after, ok := o.settled(place{durableService, node}, heal, o.end, allListed(wanted))
		last, everywhere = max(last, after), everywhere && ok
	}
	m.took("after the heal: persistent instances identical", "all", last, everywhere)
}

// pausedFor is how long a node stands still.
const pausedFor = 30 * time.Second

// pause is of a node's process, which then goes on.
func pause() Experiment {
	return Experiment{
		Name: "pause", Profile: scenarios.Nacos2,
		Claim: "What becomes of a node's instances while its process stands still for 30 s, and when it goes on.",
		scenario: func(shift time.Duration) scenarios.Scenario {
			stop := strikeAt + shift
			end := stop + pausedFor + 30*time.Second
			return scenario(load(webClients(registerFrom), rpcClients("free", false, registerFrom), rpcClients("pinned", true, registerFrom),
				subscribers(webService, observeFrom), subscribers(rpcService, observeFrom),
				polls(webService, true, faultPoll, observeFrom, end), polls(rpcService, true, faultPoll, observeFrom, end)), end,
				scenarios.At(stop, scenarios.Pause(scenarios.Any)), scenarios.At(stop+pausedFor, scenarios.Resume(scenarios.Victims)))
		},
		measure: measurePause,
	}
}

func measurePause(o *observed, m *meter) {
	paused, stop, resume := o.strikes[0].Machines[0], o.strikes[0].At, o.strikes[0].Until
	part := func(node string) string {
		if node == paused {
			return "paused"
		}
		return "others"
	}
	for _, node := range o.others(paused) {
		after, ok := o.saw(node, paused, "SUSPICIOUS", stop, resume)
		m.took("member suspicious", "others of paused", after, ok)
		after, ok = o.saw(node, paused, "DOWN", stop, resume)
		m.took("member down", "others of paused", after, ok)
		after, ok = o.saw(node, paused, "UP", resume, o.end)
		m.took("after the resume: member up", "others of paused", after, ok)
	}
	for _, c := range o.clients(webService) {
		class := pausedClass(c, paused)
		if class == "" {
			continue
		}
		for _, node := range o.nodes {
			at := place{webService, node}
			after, ok := o.first(at, stop, o.end, unhealthy(o.instanceOf(c.Name)))
			m.took("unhealthy: "+class, part(node), after, ok)
			after, ok = o.first(at, stop, o.end, unlisted(o.instanceOf(c.Name)))
			m.took("removed: "+class, part(node), after, ok)
		}
	}
	for _, c := range o.clients(rpcService) {
		which := "client on other"
		switch {
		case scenarios.NodeName(c.Node) == paused && c.Pinned:
			which = "client pinned to paused"
		case scenarios.NodeName(c.Node) == paused:
			which = "client free, was on paused"
		}
		for _, node := range o.nodes {
			after, ok := o.first(place{rpcService, node}, stop, o.end, unlisted(o.instanceOf(c.Name)))
			m.took("gRPC removed: "+which, part(node), after, ok)
		}
	}
	for _, kind := range []struct{ service, name string }{{webService, "HTTP"}, {rpcService, "gRPC"}} {
		missing := o.missingInPushes(place{kind.service, paused}, resume, o.end)
		m.counted("after the resume: living "+kind.name+" instances missing in pushes", "paused", float64(missing))
	}
	for _, node := range o.nodes {
		after, ok := o.settled(place{webService, node}, resume, o.end, all(o.instances(webService)))
		m.took("after the resume: HTTP instances complete", part(node), after, ok)
		after, ok = o.settled(place{rpcService, node}, resume, o.end, all(o.instances(rpcService)))
		m.took("after the resume: gRPC instances complete", part(node), after, ok)
	}
}

// missingInPushes counts the instances of a service that some push of a node did not show.
func (o *observed) missingInPushes(at place, from, until time.Duration) (missing int) {
	for _, instance := range o.instances(at.service) {
		if _, ok := o.told(at, from, until, without(instance)); ok {
			missing++
		}
	}
	return missing
}

// pausedClass says which of an instance's owner and the node that it beats through is paused; "" for what was not measured.
func pausedClass(c model.Scripted, paused string) string {
	owner, through := scenarios.NodeName(c.Owner), scenarios.NodeName(c.Node)
	switch {
	case owner == paused && through == paused:
		return "owner paused, beats through paused"
	case owner == paused:
		return "owner paused, beats through other"
	case through == paused:
		return "owner other, beats through paused"
	case through == owner:
		return "owner other, beats through owner"
	}
	return ""
}
