package scenarios

import (
	"time"

	"muster/checker"
	"muster/model"
)

// networkTroubles are networks that do worse than to split in two.
func networkTroubles() []Scenario {
	return []Scenario{
		{
			Name:     "bridge",
			Claim:    "Of five nodes in two halves that only one node reaches both of, all that is acknowledged stays, and nobody who lives is lost.",
			Source:   "Jepsen's nemesis \"bridge\"; Cloudflare's outage of 2020-11-02: members that see each other differently.",
			Profiles: []Profile{Nacos2},
			Cluster:  Nodes(5),
			Load:     everyday(calmFrom),
			Plan: Plan{
				Around(strikeFrom, strikeWithin, Bridge(Any)),
				At(36*time.Second, Heal()),
			},
			Lasts:     58 * time.Second,
			Bounds:    settled,
			Expect:    sound,
			Sometimes: []checker.Condition{checker.MemberDown},
		},
		{
			Name:     "majority-ring",
			Claim:    "Five nodes each of which sees a majority, and no two the same, neither lose an acknowledged write nor forget who lives.",
			Source:   "Jepsen's nemesis \"majorities ring\"; Ng, Haridi, Carbone, Omni-Paxos (EuroSys 2023): partial partitions stall Raft groups.",
			Profiles: []Profile{Nacos2},
			Cluster:  Nodes(5),
			Load:     everyday(calmFrom),
			Plan: Plan{
				Around(strikeFrom, strikeWithin, MajorityRing()),
				At(36*time.Second, Heal()),
			},
			Lasts:     58 * time.Second,
			Bounds:    settled,
			Expect:    sound,
			Sometimes: []checker.Condition{checker.MemberDown},
		},
		{
			Name:     "flapping-leader",
			Claim:    "A leader whose network comes and goes every few seconds acknowledges nothing that is lost, and the cluster settles once it stays.",
			Source:   "A loose cable or a failing switch; alibaba/nacos#11950: clusters that elect over and over.",
			Profiles: []Profile{Nacos2},
			Cluster:  Nodes(3),
			Load:     everyday(calmFrom),
			Plan: Plan{
				Around(strikeFrom, strikeWithin, Flapping(Isolate(Leader), 6*time.Second)),
				At(36*time.Second, Heal()),
			},
			Lasts:     58 * time.Second,
			Bounds:    settled,
			Expect:    sound,
			Sometimes: []checker.Condition{checker.LeaderChanged},
		},
		{
			Name:     "firewalled",
			Claim:    "A follower behind a firewall that answers with resets is noticed, and costs no acknowledged write and no living instance.",
			Source:   "A wrong security group or iptables -j REJECT: unlike a dead link it answers at once, and clients of a node behind it must still be told the truth.",
			Profiles: []Profile{Nacos2},
			Cluster:  Nodes(3),
			Load:     everyday(calmFrom),
			Plan: Plan{
				Around(strikeFrom, strikeWithin, Rejecting(Isolate(Follower))),
				At(36*time.Second, Heal()),
			},
			Lasts:     58 * time.Second,
			Bounds:    settled,
			Expect:    sound,
			Sometimes: []checker.Condition{checker.MemberDown, checker.WriteRefused},
		},
		{
			Name:     "connections-reset",
			Claim:    "Connections that are all reset at once, between nodes and to clients, cost nothing but the operations that they carried.",
			Source:   "A firewall or load balancer that restarts and forgets its connections.",
			Profiles: []Profile{Nacos2},
			Cluster:  Nodes(3),
			Load:     everyday(calmFrom),
			Plan: Plan{
				Around(14*time.Second, strikeWithin, ResetConnections(Side(Leader), Side(Others))),
				Around(20*time.Second, strikeWithin, ResetConnections(Side(Clients), Side(Others))),
				Around(26*time.Second, strikeWithin, ResetConnections(Side(Follower), Side(Others, Clients))),
			},
			Lasts:  56 * time.Second,
			Bounds: settled,
			Expect: sound,
		},
		{
			Name:     "bad-network",
			Claim:    "A network that loses 5 % of its packets, delays others by a second and is narrow slows everything and makes nothing wrong.",
			Source:   "Bailis and Kingsbury, The Network is Reliable (ACM Queue 2014): links rarely die; they get bad.",
			Profiles: []Profile{Nacos2},
			Cluster:  Nodes(3),
			Load:     everyday(calmFrom),
			Plan: Plan{
				Around(12*time.Second, strikeWithin, LossyLink(Everywhere, 0.05)),
				Around(18*time.Second, strikeWithin, LongTail(Everywhere, 0.03, time.Second)),
				Around(24*time.Second, strikeWithin, NarrowLink(Everywhere, 60_000)),
				At(36*time.Second, Heal()),
			},
			Lasts:  58 * time.Second,
			Bounds: settled,
			Expect: sound,
		},
		{
			Name:     "far-leader",
			Claim:    "A leader that is 300 ms away, and then for 8 s hears and says nothing until all of it arrives at once, acknowledges nothing that is lost.",
			Source:   "A cluster over two regions; buffers of a stuck network that drain when it wakes, so that a deposed leader's messages come late.",
			Profiles: []Profile{Nacos2},
			Cluster:  Nodes(3),
			Load:     everyday(calmFrom),
			Plan: Plan{
				Around(12*time.Second, strikeWithin, SlowLink(Leader, Others, 150*time.Millisecond)),
				At(22*time.Second, Heal()),
				Around(24*time.Second, strikeWithin, CloggedLink(Between(Side(Leader), Side(Others)))),
				At(34*time.Second, Heal()),
			},
			Lasts:     57 * time.Second,
			Bounds:    settled,
			Expect:    sound,
			Sometimes: []checker.Condition{checker.LeaderChanged},
		},
		{
			Name:     "nameless",
			Claim:    "Clients that lost their connections while the name server is silent, or fails, lose no instance, and are back once it answers.",
			Source:   "Outages of DNS are outages of whoever dials: clients of a registry that is itself looked up by name.",
			Profiles: []Profile{Nacos2},
			Cluster:  Nodes(3),
			Load:     everyday(calmFrom),
			Plan: Plan{
				Around(strikeFrom, strikeWithin, SilentResolver(Clients)),
				Around(17*time.Second, time.Second, ResetConnections(Side(Clients), Side(Others))),
				At(23*time.Second, Heal()), // who asked shortly before asks again after 5 s
				Around(30*time.Second, strikeWithin, FailingResolver(Clients)),
				Around(32*time.Second, time.Second, ResetConnections(Side(Clients), Side(Others))),
				At(36*time.Second, Heal()),
			},
			Lasts:  58 * time.Second,
			Bounds: settled,
			Expect: sound,
		},
		{
			Name:     "datagrams",
			Claim:    "Pushes over UDP that are lost, doubled or overtaken by others leave no subscriber with less than it asks for at its next poll.",
			Source:   "Nacos 1.x pushes over UDP and repeats what is not acknowledged (UdpPushService, after 10 s); clients drop what is older than what they hold.",
			Profiles: []Profile{Nacos2},
			Cluster:  Nodes(3),
			Load:     subscribed(everyday(42 * time.Second)),
			Plan: Plan{
				Around(12*time.Second, strikeWithin, ReorderingLink(Everywhere, 0.3)),
				Around(15*time.Second, strikeWithin, DuplicatingLink(Everywhere, 0.3)),
				Around(18*time.Second, strikeWithin, LossyLink(Everywhere, 0.05)),
				At(30*time.Second, Heal()),
			},
			Lasts:  58 * time.Second,
			Bounds: settled,
			Expect: sound,
		},
	}
}

// subscribed is a load with clients that are told of changes over UDP.
func subscribed(load model.Load) model.Load {
	load.Subscribers = subscribersOver
	return load
}
