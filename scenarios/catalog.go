package scenarios

import (
	"fmt"
	"slices"
	"time"

	"muster/checker"
	"muster/model"
	"muster/model/run"
)

// Every scenario of the catalog has the same rhythm. The cluster boots and elects while the clients wait; then comes calm load,
// so that a fault hits something; the faults strike in the middle, never at quite the same time; and at the end the clients
// stop, so that what the nodes agree on can be told from what is still under way.
const (
	warmUp = 8 * time.Second
	// strikeFrom and strikeWithin are when most first faults strike.
	strikeFrom   = 15 * time.Second
	strikeWithin = 2 * time.Second
	// calmFrom is when the clients stop in most scenarios. Those that also agree in the cluster and in the rest of the load are the same
	// run until the first fault strikes, and are simulated but once until then.
	calmFrom = 45 * time.Second
	// firstInstance is what the first ephemeral client of a workload provides.
	firstInstance = "10.1.0.1:8080"
	// firstService is where it stands; by its name somebody is responsible in nacos1.
	firstService = "DEFAULT_GROUP@@ephemeral-1"
)

// both generations of Nacos promise what most scenarios show.
var both = []Profile{Nacos2, Nacos1}

// everyday is what ten clients of a small system do: six provide a service each and beat, four write persistent instances.
// They stop at a time and so leave the end of the run to the nodes; two of those that provide services deregister then.
func everyday(stop time.Duration) model.Load {
	return model.Load{
		EphemeralClients: 6, PersistentClients: 4, EphemeralServices: 3, PersistentServices: 2,
		OperationsPerSecond: 40, ReadShare: 0.5, ReadModes: []model.ReadMode{model.ReadLinearizable},
		Timeout: 3 * time.Second, BeatInterval: 5 * time.Second, ObserveInterval: 500 * time.Millisecond,
		WarmUp: warmUp, Stop: stop, Leaving: 2,
	}
}

// sound is what a correct registry gives in every scenario that leaves it a majority in the end.
var sound = Expect{
	checker.Linearizable: checker.Holds,
	checker.Durable:      checker.Holds,
	checker.Converged:    checker.Holds,
	checker.NoLoss:       checker.Holds,
	checker.NoGhost:      checker.Holds,
	checker.Exercised:    checker.Holds,
}

// spared is what a correct registry gives, too, where nodes part, die and come back: living instances are nobody's victims.
var spared = sound.With(Expect{checker.Kept: checker.Holds})

// settled is tighter than the checkers' default, so that more of a run's calm end is judged: lists of a Nacos 2.5.1 cluster were
// alike again 5.6 to 11.2 s after a heal, and complete 6.2 to 14.8 s after a restart.
var settled = checker.Bounds{Converge: 15 * time.Second}

// Catalog returns all scenarios, in the order in which they are listed and run.
func Catalog() []Scenario {
	return slices.Concat(everydayTroubles(), networkTroubles(), clockTroubles(), machineTroubles(), diskTroubles(), clientTroubles(), drawnTroubles())
}

// everydayTroubles are what befalls every cluster sooner or later.
func everydayTroubles() []Scenario {
	return []Scenario{
		{
			Name:     "calm",
			Claim:    "With no faults, nothing is lost, nobody is expired and all nodes agree.",
			Source:   "The baseline that all other scenarios are read against.",
			Profiles: both,
			Cluster:  Nodes(3),
			Load:     everyday(calmFrom),
			Lasts:    55 * time.Second,
			Expect:   sound,
		},
		{
			Name:     "leader-isolated",
			Claim:    "A leader cut off from its followers acknowledges nothing; the others elect another and go on.",
			Source:   "Ongaro, Consensus: Bridging Theory and Practice, 6.2: a deposed leader must not go on answering. Nacos names itself leader until it hears of another.",
			Profiles: both,
			Cluster:  Nodes(3),
			Load:     everyday(calmFrom),
			Plan: Plan{
				Around(strikeFrom, strikeWithin, Isolate(Leader)),
				At(36*time.Second, Heal()),
			},
			Lasts:     58 * time.Second,
			Bounds:    settled,
			Expect:    sound,
			Sometimes: []checker.Condition{checker.LeaderChanged, checker.WriteRefused, checker.MemberDown},
		},
		{
			Name:     "split",
			Claim:    "Of five nodes split two to three, with the leader among the two, only the three go on writing; healed, all five agree.",
			Source:   "alibaba/nacos#10808: that Distro's views differ in a partition is by design; that they come together again is the promise.",
			Profiles: both,
			Cluster:  Nodes(5),
			Load:     everyday(calmFrom),
			Plan: Plan{
				Around(strikeFrom, strikeWithin, Partition(Side(Leader, Follower), Side(Others))),
				At(36*time.Second, Heal()),
			},
			Lasts:     58 * time.Second,
			Bounds:    settled,
			Expect:    spared,
			Sometimes: []checker.Condition{checker.LeaderChanged, checker.WriteRefused, checker.MemberDown, checker.ViewsDiffered},
		},
		{
			Name:     "one-way-cut",
			Claim:    "A follower that no longer hears the leader, though the leader hears it, costs neither an acknowledged write nor an instance.",
			Source:   "alibaba/nacos#5020 and #10808: nodes that see each other differently forward requests in circles; Cloudflare's outage of 2020-11-02 was such a cut.",
			Profiles: both,
			Cluster:  Nodes(3),
			Load:     everyday(calmFrom),
			Plan: Plan{
				Around(strikeFrom, strikeWithin, Cut(Leader, Follower)),
				At(36*time.Second, Heal()),
			},
			Lasts:     58 * time.Second,
			Bounds:    settled,
			Expect:    spared,
			Sometimes: []checker.Condition{checker.MemberDown, checker.WriteRefused},
		},
		{
			Name:     "long-isolation",
			Claim:    "A node cut off for so long that each side has expired the other's instances costs none of those that live, once healed.",
			Source:   "Healing a cut of 60 s removed 4 to 6 of 9 living instances of a Nacos 2.5.1 cluster, everywhere, for up to 8.6 s: each side had expired the other's.",
			Profiles: both,
			Cluster:  Nodes(3),
			Load:     everyday(72 * time.Second),
			Plan: Plan{
				Around(strikeFrom, strikeWithin, Isolate(Follower)),
				At(58*time.Second, Heal()),
			},
			Lasts:     85 * time.Second,
			Expect:    spared,
			Sometimes: []checker.Condition{checker.WriteRefused, checker.MemberDown, checker.ViewsDiffered},
		},
		{
			Name:     "clock-skew",
			Claim:    "A node whose clock is 40 s ahead and gains 1 % expires nobody who lives, and keeps nobody who is dead, of those it answers for.",
			Source:   "Beats are answered and expired by each node's own clock; nacos-sdk-go drops pushes whose lastRefTime is older than what it holds.",
			Profiles: both,
			Cluster:  Nodes(3),
			Load: silent(everyday(50*time.Second),
				model.Silence{Client: 1, From: 18 * time.Second},
				model.Silence{Client: 4, From: 18 * time.Second, For: 21 * time.Second}),
			Plan: Plan{
				Around(12*time.Second, strikeWithin, ClockOffset(ResponsibleFor(firstInstance), 40*time.Second)),
				At(14*time.Second, ClockDrift(ResponsibleFor(firstInstance), 10_000)),
				At(44*time.Second, ClockReset(Victims)),
			},
			Lasts:     68 * time.Second,
			Bounds:    settled,
			Expect:    sound.With(Expect{checker.Expiry: checker.Holds}),
			Sometimes: []checker.Condition{checker.InstanceExpired},
		},
		{
			Name:     "crash-restart",
			Claim:    "A node that loses power under load and comes back loses nothing that was acknowledged, and is up to date again.",
			Source:   "alibaba/nacos#12012 and #15857: a restarted node stays different from its peers, or takes living clients' instances with it.",
			Profiles: both,
			Cluster:  Nodes(3),
			Load:     everyday(calmFrom),
			Plan: Plan{
				Around(strikeFrom, strikeWithin, Crash(Follower)),
				At(27*time.Second, Restart(Victims)),
			},
			Lasts:     57 * time.Second,
			Bounds:    settled,
			Expect:    sound,
			Sometimes: []checker.Condition{checker.SnapshotLoaded},
		},
		{
			Name:      "rolling-restart",
			Claim:     "Each node restarted in turn, as an upgrade does it, costs no acknowledged write and no living instance.",
			Source:    "alibaba/nacos#15857: after a restart of several nodes living clients keep only part of their services.",
			Profiles:  both,
			Cluster:   Nodes(3),
			Load:      everyday(62 * time.Second),
			Plan:      rolling(run.KindKill, run.KindRestart, 15*time.Second, 3*time.Second),
			Lasts:     75 * time.Second,
			Bounds:    settled,
			Expect:    sound,
			Sometimes: []checker.Condition{checker.LeaderChanged, checker.SnapshotLoaded},
		},
		{
			Name:     "leader-killed",
			Claim:    "When the leader's process is killed, another takes over, and what was acknowledged is still there.",
			Source:   "A killed leader of a Nacos 2.5.1 cluster was replaced after 5.6 to 8.4 s; alibaba/nacos#11950: clusters that never found a leader again.",
			Profiles: both,
			Cluster:  Nodes(3),
			Load:     everyday(calmFrom),
			Plan: Plan{
				Around(strikeFrom, strikeWithin, Kill(Leader)),
				At(36*time.Second, Restart(Victims)),
			},
			Lasts:     58 * time.Second,
			Bounds:    settled,
			Expect:    spared,
			Sometimes: []checker.Condition{checker.LeaderChanged, checker.MemberDown, checker.SnapshotLoaded},
		},
		{
			Name:     "node-paused",
			Claim:    "A leader that stops for 12 s, as in a long garbage collection, and wakes believing that it still leads, answers no stale read.",
			Source:   "Kleppmann, How to do distributed locking (2016); alibaba/nacos#10209: a node's long pause made it push empty lists.",
			Profiles: both,
			Cluster:  Nodes(3),
			Load:     everyday(calmFrom),
			Plan: Plan{
				Around(strikeFrom, strikeWithin, Pause(Leader)),
				Around(28*time.Second, strikeWithin, Resume(Victims)),
			},
			Lasts:     57 * time.Second,
			Bounds:    settled,
			Expect:    sound,
			Sometimes: []checker.Condition{checker.LeaderChanged},
		},
		{
			Name:     "stale-local-reads",
			Claim:    "A follower that is cut off answers local reads with the past, while linearizable reads stay right in the very same run.",
			Source:   "A cut-off node of a Nacos 2.5.1 cluster went on listing 21 instances, with status 200, while the majority had 307.",
			Profiles: both,
			Cluster:  Nodes(3),
			Load:     staleReads(everyday(calmFrom)),
			Plan: Plan{
				Around(strikeFrom, strikeWithin, Isolate(Follower)),
				At(36*time.Second, Heal()),
			},
			Lasts:     58 * time.Second,
			Bounds:    settled,
			Expect:    sound.With(Expect{checker.LocalReads: checker.Violated}),
			Sometimes: []checker.Condition{checker.WriteRefused, checker.MemberDown},
		},
		{
			Name:     "silent-clients",
			Claim:    "An instance whose client falls silent turns unhealthy after 15 s and goes after 30 s, on every node, and not before.",
			Source:   "Nacos's own promise (preserved.heart.beat.timeout, preserved.ip.delete.timeout); alibaba/nacos#5169: nodes expired what was not theirs.",
			Profiles: both,
			Cluster:  Nodes(3),
			Load: silent(everyday(50*time.Second),
				model.Silence{Client: 1, From: 14 * time.Second},
				model.Silence{Client: 2, From: 16 * time.Second},
				model.Silence{Client: 3, From: 15 * time.Second, For: 21 * time.Second}),
			Lasts:     62 * time.Second,
			Expect:    sound.With(Expect{checker.Expiry: checker.Holds}),
			Sometimes: []checker.Condition{checker.InstanceExpired},
		},
	}
}

// silent is a load some of whose clients fall silent.
func silent(load model.Load, silences ...model.Silence) model.Load {
	load.Silences = silences
	return load
}

// staleReads has most clients work on persistent instances, and read in both modes.
func staleReads(load model.Load) model.Load {
	load.EphemeralClients, load.PersistentClients = 3, 7
	load.ReadModes = []model.ReadMode{model.ReadLocal, model.ReadLinearizable}
	return load
}

// subscribersOver is how many clients subscribe where the protocol can tell them of changes.
const subscribersOver = 3

// Over is the scenario with clients that speak another protocol: what befalls the registry stays the same, and what clients may
// expect of it is what that protocol promises.
func (s Scenario) Over(protocol model.Protocol) Scenario {
	if s.Load.Protocol != model.GRPC && protocol == model.GRPC {
		s.Bounds = connectionBounds(s.Bounds)
	}
	if s.Load.Protocol == model.GRPC && protocol != model.GRPC {
		s.Bounds.UnhealthyAfter, s.Bounds.RemovedAfter, s.Bounds.ExpirySlack = 0, 0, 0
	}
	s.Load.Protocol = protocol
	if protocol == model.GRPC {
		s.Expect = s.Expect.Without(checker.Kept) // nobody beats
		// Over connections nobody is told anything by datagrams.
		s.Plan = slices.DeleteFunc(slices.Clone(s.Plan), func(step Step) bool {
			return step.Fault.Kind == run.KindDuplicatingLink || step.Fault.Kind == run.KindReorderingLink
		})
		if slices.ContainsFunc(s.Plan, s.crashesAll) {
			// Connections do again by themselves what the crash of their node left undecided, and a client that does not know what became of
			// that does not leave in the end. If none leaves, no-ghost has nothing to judge.
			s.Expect = s.Expect.Without(checker.NoGhost)
		}
	}
	if protocol == model.GRPC && s.Load.Subscribers == 0 && s.Load.EphemeralServices > 0 {
		s.Load.Subscribers = subscribersOver
	}
	return s
}

// crashesAll says whether a step takes the power from all nodes at once.
func (s Scenario) crashesAll(step Step) bool {
	return step.Fault.Kind == run.KindCrash && (slices.Contains(step.Fault.On, Others) || len(step.Fault.On) == s.Cluster.Nodes)
}

// As is the scenario on nodes of another profile, one of its own.
func (s Scenario) As(profile Profile) (Scenario, error) {
	if !slices.Contains(s.Profiles, profile) {
		return s, fmt.Errorf("%s: profile %q: want one of %v", s.Name, profile, s.Profiles)
	}
	if profile == Nacos1 && s.Load.Protocol == model.GRPC {
		return s, fmt.Errorf("%s: profile %s: its clients speak %s, which came with %s", s.Name, profile, model.GRPC, Nacos2)
	}
	s.Profiles = []Profile{profile}
	s.Cluster.Arguments = append(slices.Clone(s.Cluster.Arguments), "--profile", string(profile))
	if profile == Nacos1 {
		s.Plan = slices.Clone(s.Plan)
		for i := range s.Plan {
			fault := &s.Plan[i].Fault
			fault.On, fault.Sides = byService(fault.On), slices.Clone(fault.Sides)
			for j := range fault.Sides {
				fault.Sides[j] = byService(fault.Sides[j])
			}
		}
	}
	return s, nil
}

// byService has the node struck that is responsible for the first instance where that goes by services.
func byService(roles []Role) []Role {
	roles = slices.Clone(roles)
	for i, role := range roles {
		if role == ResponsibleFor(firstInstance) {
			roles[i] = ResponsibleFor(firstService)
		}
	}
	return roles
}

// connectionBounds are the limits for instances that live as long as a connection does. A connection that has been silent for 20 s is
// noticed at most 3 s later and has 5 s to answer; then its instances go at once, without turning unhealthy first. Peers and views
// follow within 1.7 s, or 4.7 s if a message to a peer was lost.
func connectionBounds(bounds checker.Bounds) checker.Bounds {
	bounds.UnhealthyAfter, bounds.RemovedAfter, bounds.ExpirySlack = 20*time.Second, 20*time.Second, 13*time.Second
	return bounds
}

// Find returns the scenario of a name. The error of an unknown one suggests those that look alike.
func Find(name string) (Scenario, error) {
	var names []string
	for _, s := range Catalog() {
		if s.Name == name {
			return s, nil
		}
		names = append(names, s.Name)
	}
	if meant := near(name, names); len(meant) > 0 {
		return Scenario{}, fmt.Errorf("there is no scenario %q: did you mean %s?", name, joinOr(meant))
	}
	return Scenario{}, fmt.Errorf("there is no scenario %q: `muster scenarios` lists those that there are", name)
}
