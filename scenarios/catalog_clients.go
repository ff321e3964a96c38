package scenarios

import (
	"time"

	"muster/checker"
	"muster/model"
	"muster/model/run"
)

// clientTroubles are the scenarios in which it matters how clients speak to the registry. Any other can be run with clients of another kind
// too (see Scenario.Over).
func clientTroubles() []Scenario {
	over := func(s Scenario) Scenario { return s.Over(model.GRPC) }
	return []Scenario{
		{
			Name:     "accounts",
			Claim:    "Clients that must log in go on while their tokens expire and the leader dies, and a node that was restarted knows them still.",
			Source:   "nacos.core.auth.enabled; NacosAuthPluginService, SecurityProxy: clients log in again in the last tenth of a token's life.",
			Profiles: both,
			Cluster:  Nodes(3).WithAccounts(),
			Load:     everyday(calmFrom),
			Plan: Plan{
				Around(strikeFrom, strikeWithin, Kill(Leader)),
				At(36*time.Second, Restart(Victims)),
			},
			Lasts:     58 * time.Second,
			Bounds:    settled,
			Expect:    sound,
			Sometimes: []checker.Condition{checker.LeaderChanged, checker.MemberDown},
		},
		over(Scenario{
			Name:     "connections-silent",
			Claim:    "A client whose connection falls silent, without ending, is given up after 20 s, and its instance goes on every node, and not before.",
			Source:   "NacosRuntimeConnectionEjector; alibaba/nacos#10909, #11876, #12095: from 2.2.0 to 2.2.4 such instances stayed for ever.",
			Profiles: []Profile{Nacos2},
			Cluster:  Nodes(3),
			Load: silent(everyday(50*time.Second),
				model.Silence{Client: 1, From: 14 * time.Second},
				model.Silence{Client: 2, From: 16 * time.Second},
				model.Silence{Client: 3, From: 15 * time.Second, For: 33 * time.Second}),
			Lasts:     62 * time.Second,
			Expect:    sound.With(Expect{checker.Expiry: checker.Holds}),
			Sometimes: []checker.Condition{checker.InstanceExpired},
		}),
		over(Scenario{
			Name:     "connections-move",
			Claim:    "When the node dies that clients are connected to, they register elsewhere what they have; what they had before is not shown beside it.",
			Source:   "alibaba/nacos#11602: instances stood twice in lists for three minutes; nacos-sdk-go#583, #736: some were never registered again.",
			Profiles: []Profile{Nacos2},
			Cluster:  Nodes(3),
			Load:     everyday(calmFrom),
			Plan: Plan{
				Around(strikeFrom, strikeWithin, Kill(Follower)),
				At(36*time.Second, Restart(Victims)),
			},
			Lasts:     58 * time.Second,
			Bounds:    settled,
			Expect:    sound,
			Sometimes: []checker.Condition{checker.MemberDown, checker.SnapshotLoaded},
		}),
		over(Scenario{
			Name:      "connections-rolling-restart",
			Claim:     "Each node restarted in turn costs clients with connections none of their instances, and subscribers none of the news.",
			Source:    "alibaba/nacos#15857: after a restart of several nodes living clients keep only part of their services; #6384, #7219: clients that did not come back.",
			Profiles:  []Profile{Nacos2},
			Cluster:   Nodes(3),
			Load:      everyday(62 * time.Second),
			Plan:      rolling(run.KindKill, run.KindRestart, 15*time.Second, 3*time.Second),
			Lasts:     75 * time.Second,
			Bounds:    settled,
			Expect:    sound,
			Sometimes: []checker.Condition{checker.LeaderChanged, checker.SnapshotLoaded},
		}),
		over(Scenario{
			Name:     "clients-cut-off",
			Claim:    "Clients that are cut off from all nodes for so long that these give them up are back, with all that they had, once they are healed.",
			Source:   "alibaba/nacos#11984 and #15812: a client's reconnecting dies silently; nacos-sdk-go#587: it comes back and registers nothing.",
			Profiles: []Profile{Nacos2},
			Cluster:  Nodes(3),
			Load:     everyday(62 * time.Second),
			Plan: Plan{
				Around(strikeFrom, strikeWithin, Isolate(Clients)),
				At(50*time.Second, Heal()),
			},
			Lasts:  75 * time.Second,
			Bounds: settled,
			// Whether clients leave in the end depends on what became of their last words before they were cut off, so no-ghost may
			// have nothing to judge.
			Expect:    Expect{checker.Linearizable: checker.Holds, checker.Durable: checker.Holds, checker.Converged: checker.Holds, checker.NoLoss: checker.Holds, checker.Exercised: checker.Holds},
			Sometimes: []checker.Condition{checker.InstanceExpired},
		}),
		{
			Name:     "servers-die",
			Claim:    "A persistent instance whose server dies is unhealthy on every node within seconds, and healthy again when it is back: the registry looks by itself.",
			Source:   "TcpHealthCheckProcessor and HealthCheckCommonV2: one refused connection is enough, three good ones are needed; only the responsible node looks.",
			Profiles: both,
			Cluster:  Nodes(3),
			Load: served(everyday(60*time.Second), 3,
				model.Outage{Server: 1, From: 14 * time.Second, For: 14 * time.Second},
				model.Outage{Server: 2, From: 30 * time.Second, For: 14 * time.Second},
				model.Outage{Server: 3, From: 50 * time.Second}),
			Lasts:  70 * time.Second,
			Expect: sound.With(Expect{checker.Probed: checker.Holds}),
		},
		{
			Name:     "pushes-over-udp",
			Claim:    "Subscribers of the 1.x line, who ask every 10 s, learn of changes within seconds all the same: they are pushed to over UDP.",
			Source:   "UdpConnector and HostReactor; alibaba/nacos#10386: what becomes of such pushes that nobody acknowledges.",
			Profiles: []Profile{Nacos2},
			Cluster:  Nodes(3),
			Load:     subscribed(everyday(35 * time.Second)),
			Lasts:    45 * time.Second,
			Expect:   sound,
		},
	}
}

// served is a load with some servers of persistent instances besides, which are gone at times.
func served(load model.Load, servers int, outages ...model.Outage) model.Load {
	load.Servers, load.Outages = servers, outages
	return load
}
