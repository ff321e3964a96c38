package scenarios

import (
	"time"

	"muster/checker"
)

// diskTroubles are disks that do wrong, and a defect that comes and goes.
func diskTroubles() []Scenario {
	return []Scenario{
		{
			Name:     "slow-disk",
			Claim:    "A leader whose every fsync takes 400 ms slows writes down, and makes nothing wrong.",
			Source:   "Noisy neighbours and worn drives; etcd's most common cause of lost leaders (its tuning guide: disk latency).",
			Profiles: []Profile{Nacos2},
			Cluster:  Nodes(3),
			Load:     everyday(calmFrom),
			Plan: Plan{
				Around(strikeFrom, strikeWithin, SlowDisk(Leader, 400*time.Millisecond)),
				At(30*time.Second, DiskRepair(Victims)),
			},
			Lasts:  56 * time.Second,
			Bounds: settled,
			Expect: sound,
		},
		{
			Name:     "full-disk",
			Claim:    "A follower whose disk is full acknowledges nothing that it did not write, and catches up when there is room again.",
			Source:   "The most common disk fault of all; a registry that keeps answering with what it could not store loses it at the next restart.",
			Profiles: []Profile{Nacos2},
			Cluster:  Nodes(3),
			Load:     everyday(calmFrom),
			Plan: Plan{
				Around(strikeFrom, strikeWithin, FullDisk(Follower, 2_000)),
				At(28*time.Second, DiskRepair(Victims)),
				At(29*time.Second, Restart(Victims)), // should it end rather than go on with such a disk
			},
			Lasts:  56 * time.Second,
			Bounds: settled,
			Expect: sound,
		},
		{
			Name:     "disk-errors",
			Claim:    "A leader a third of whose writes fail acknowledges none of those, and the cluster loses nothing.",
			Source:   "Rebello et al., Can Applications Recover from fsync Failures? (USENIX ATC 2020).",
			Profiles: []Profile{Nacos2},
			Cluster:  Nodes(3),
			Load:     everyday(calmFrom),
			Plan: Plan{
				Around(strikeFrom, strikeWithin, DiskErrors(Leader, 0.3)),
				At(28*time.Second, DiskRepair(Victims)),
				At(29*time.Second, Restart(Victims)), // nodes may end rather than go on with such a disk
			},
			Lasts:  56 * time.Second,
			Bounds: settled,
			Expect: sound,
		},
		{
			Name:     "lying-disk",
			Claim:    "A node whose disk said synced what it was not, and that lost power, is given back by the others what it lost.",
			Source:   "Drives with volatile caches; Alagappan et al., Protocol-Aware Recovery (FAST 2018): one node's loss must stay one node's.",
			Profiles: []Profile{Nacos2},
			Cluster:  Nodes(3),
			Load:     everyday(calmFrom),
			Plan: Plan{
				Around(14*time.Second, strikeWithin, LyingDisk(Node(1))),
				Around(22*time.Second, strikeWithin, Crash(Node(1))),
				At(28*time.Second, Restart(Victims)),
				At(29*time.Second, DiskRepair(Victims)),
			},
			Lasts:  56 * time.Second,
			Bounds: settled,
			Expect: sound,
		},
		{
			Name:     "lying-disks",
			Claim:    "If all disks lie about what is synced and the power fails everywhere, reads no longer find acknowledged writes: no protocol can help it, and the run must show it.",
			Source:   "Raft assumes stable storage (Ongaro and Ousterhout, section 5.2): the harness must notice where that does not hold.",
			Profiles: []Profile{Nacos2},
			Cluster:  Nodes(3),
			Load:     everyday(calmFrom),
			Plan: Plan{
				Around(12*time.Second, strikeWithin, LyingDisk(Node(1), Node(2), Node(3))),
				Around(24*time.Second, strikeWithin, Crash(Node(1), Node(2), Node(3))),
				At(30*time.Second, Restart(Victims)),
				At(31*time.Second, DiskRepair(Victims)),
			},
			Lasts:  57 * time.Second,
			Bounds: settled,
			// Whether a write is missing in the end depends on whether its client writes again; that it was missing in between does not.
			Expect: sound.With(Expect{checker.Linearizable: checker.Violated}).Without(checker.Durable),
		},
		{
			Name:     "bit-rot",
			Claim:    "A node that finds bits of its log turned over after a restart refuses to serve them; replaced by a new one, it is not missed.",
			Source:   "Bairavasundaram et al., An Analysis of Data Corruption in the Storage Stack (FAST 2008); Ganesan et al., Redundancy Does Not Imply Fault Tolerance (FAST 2017).",
			Profiles: []Profile{Nacos2},
			Cluster:  Nodes(3).WithSpares(1),
			Load:     everyday(calmFrom),
			Plan: Plan{
				Around(strikeFrom, strikeWithin, Kill(Node(2))),
				At(18*time.Second, BitRot(Node(2), 20)),
				At(22*time.Second, Restart(Victims)),
				At(28*time.Second, ReplaceNode(Node(2), Node(4))),
			},
			Lasts:  56 * time.Second,
			Bounds: settled,
			Expect: sound,
		},
		{
			Name:     "defect-for-a-while",
			Claim:    "What a node did not tell a peer, while a defect kept it from doing so, the peer learns once the defect is gone.",
			Source:   "Distro's verification is there to mend what its synchronisation missed (DistroVerifyTimedTask, every 5 s).",
			Profiles: []Profile{Nacos2},
			Cluster:  Nodes(3),
			Load:     everyday(calmFrom),
			Plan: Plan{
				Around(10*time.Second, strikeWithin, Failpoint("distro/skipSync", Node(1), Node(2), Node(3))),
				At(28*time.Second, FailpointOff(Victims)),
			},
			Lasts:  56 * time.Second,
			Bounds: settled,
			Expect: sound,
		},
	}
}
