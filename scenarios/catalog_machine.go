package scenarios

import (
	"time"

	"muster/checker"
	"muster/model/run"
)

// rolling ends each of three nodes in turn, a stretch apart, and boots it again after a while. How they are ended and booted is said
// by kinds of faults, such as run.KindTerminate and run.KindUpgrade.
func rolling(end, boot run.Kind, every, down time.Duration) Plan {
	var plan Plan
	from := 14 * time.Second
	for number := 1; number <= 3; number++ {
		plan = append(plan,
			Around(from, strikeWithin, Fault{Kind: end, On: []Role{Node(number)}}),
			At(from+strikeWithin+down, Fault{Kind: boot, On: []Role{Victims}}))
		from += every
	}
	return plan
}

// machineTroubles are what happens to machines and to the programs on them.
func machineTroubles() []Scenario {
	return []Scenario{
		{
			Name:     "rolling-upgrade",
			Claim:    "Nodes that are stopped in good order, one after another, and come back with the next build cost no acknowledged write and no living instance.",
			Source:   "How clusters are upgraded (kubectl rollout); alibaba/nacos#15857: what restarts of several nodes leave of clients' services.",
			Profiles: []Profile{Nacos2},
			Cluster:  Nodes(3),
			Load:     everyday(58 * time.Second),
			Plan:     rolling(run.KindTerminate, run.KindUpgrade, 14*time.Second, 4*time.Second),
			Lasts:    72 * time.Second,
			Bounds:   settled,
			Expect:   sound,
			Sometimes: []checker.Condition{
				checker.LeaderChanged, checker.SnapshotLoaded,
			},
		},
		{
			Name:     "moved-node",
			Claim:    "A node that comes back under another address, with its disk, is a member again, and costs no acknowledged write and no living instance.",
			Source:   "Pods and autoscaling groups; alibaba/nacos: a node whose address changed needs its protocol folder deleted before it finds its group again.",
			Profiles: []Profile{Nacos2},
			Cluster:  Nodes(3),
			Load:     everyday(calmFrom),
			Plan: Plan{
				Around(strikeFrom, strikeWithin, Kill(Follower)),
				At(22*time.Second, Move(Victims)),
			},
			Lasts:     56 * time.Second,
			Bounds:    settled,
			Expect:    sound,
			Sometimes: []checker.Condition{checker.SnapshotLoaded},
		},
		{
			Name:     "members-change",
			Claim:    "A cluster that grows from three nodes to four and loses its leader for good loses no acknowledged write and no living instance.",
			Source:   "Ongaro, Consensus: Bridging Theory and Practice, chapter 4: changes of a Raft group are where its safety is lost; Nacos reads cluster.conf anew while it runs.",
			Profiles: []Profile{Nacos2},
			Cluster:  Nodes(3).WithSpares(1),
			Load:     everyday(calmFrom),
			Plan: Plan{
				Around(strikeFrom, strikeWithin, AddNode(Node(4))),
				Around(30*time.Second, strikeWithin, RemoveNode(Leader)),
			},
			Lasts:     57 * time.Second,
			Bounds:    settled,
			Expect:    sound,
			Sometimes: []checker.Condition{checker.LeaderChanged, checker.SnapshotLoaded},
		},
		{
			Name:     "members-change-crash",
			Claim:    "Nodes that lose power in the very seconds in which members come, go and are replaced, the leader first, cost no acknowledged write; the members end as asked.",
			Source:   "Ongaro's bug in single-server changes of 2015 needed a leader to fall in the middle of one; alibaba/nacos#11950: groups that never found a leader again.",
			Profiles: []Profile{Nacos2},
			Cluster:  Nodes(3).WithSpares(2),
			Load:     everyday(56 * time.Second),
			Plan: Plan{
				At(15*time.Second, AddNode(Node(4))),
				Around(15100*time.Millisecond, 3*time.Second, Crash(Leader)),
				At(23*time.Second, Restart(Victims)),
				At(30*time.Second, ReplaceNode(Follower, Node(5))),
				Around(30100*time.Millisecond, 3*time.Second, Crash(Any)),
				At(38*time.Second, Restart(Victims)),
				At(44*time.Second, RemoveNode(Leader)),
				Around(44100*time.Millisecond, 3*time.Second, TornCrash(Any)),
				At(51*time.Second, Restart(Victims)),
			},
			Lasts:     78 * time.Second,
			Bounds:    settled,
			Expect:    sound,
			Sometimes: []checker.Condition{checker.LeaderChanged, checker.SnapshotLoaded},
		},
		{
			Name:     "starved-leader",
			Claim:    "A leader that gets half a percent of a processor is slow, or loses its place, and acknowledges nothing that is lost.",
			Source:   "CPU quotas of containers and noisy neighbours: a node too slow to lead, and not slow enough to be taken for dead.",
			Profiles: []Profile{Nacos2},
			Cluster:  Nodes(3),
			Load:     everyday(calmFrom),
			Plan: Plan{
				Around(strikeFrom, strikeWithin, SlowCPU(Leader, 0.005)),
				At(32*time.Second, Resume(Victims)),
			},
			Lasts:  56 * time.Second,
			Bounds: settled,
			Expect: sound,
		},
		{
			Name:     "power-cut",
			Claim:    "After a loss of power everywhere at once, all that was acknowledged is there again, and clients find their way back.",
			Source:   "A rack's or a data centre's power; Raft's promise holds through it only if every node synced what it acknowledged.",
			Profiles: []Profile{Nacos2},
			Cluster:  Nodes(3),
			Load:     everyday(calmFrom),
			Plan: Plan{
				Around(strikeFrom, strikeWithin, Crash(Leader, Others)),
				At(22*time.Second, Restart(Victims)),
			},
			Lasts:     56 * time.Second,
			Bounds:    settled,
			Expect:    sound,
			Sometimes: []checker.Condition{checker.WriteRefused},
		},
		{
			Name:     "torn-write",
			Claim:    "Nodes that lose power in the middle of a write, the leader first, come back with all that was acknowledged.",
			Source:   "Pillai et al., All File Systems Are Not Created Equal (OSDI 2014): what a crash leaves of an append is any part of it, or noise.",
			Profiles: []Profile{Nacos2},
			Cluster:  Nodes(3),
			Load:     everyday(calmFrom),
			Plan: Plan{
				Around(strikeFrom, strikeWithin, TornCrash(Leader)),
				At(22*time.Second, Restart(Victims)),
				Around(28*time.Second, strikeWithin, TornCrash(Follower)),
				At(35*time.Second, Restart(Victims)),
			},
			Lasts:  57 * time.Second,
			Bounds: settled,
			Expect: sound,
		},
	}
}
