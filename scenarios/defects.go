package scenarios

// Defect is something that our nodes, or our clients, do wrong when told to (muster simulate --defect, package nodes/defect), and what notices it.
type Defect struct {
	// Name is that of the switch: the package below nodes/ that has it, and what it does.
	Name string `json:"name"`
	// Does says what goes wrong.
	Does string `json:"does"`
	// Source says where it has gone wrong before.
	Source string `json:"source"`
	// Noticed says by which scenarios, and which properties of theirs, or else by what, and why by no scenario. Scenarios that are
	// "(varied)" must have other times or another load for the defect to bite, as in mutants_test.go.
	Noticed string `json:"noticed"`
}

// Defects are all that our nodes have. Those whose Noticed begins with a scenario are each switched on by the test suite
// (mutants_test.go), which demands that the property is violated.
func Defects() []Defect {
	return []Defect{
		{
			"connected/neverRedo", "a client does nothing again that it lost with its connection",
			"Nacos's client before 2.0.3; nacos-sdk-go#587: it comes back and registers nothing", "connections-move: converged",
		},
		{
			"connected/newestByClock", "a client drops pushes that say to be made before what it holds, also by another node's clock",
			"nacos-sdk-go, all versions: lastRefTime", "clock-skew (varied): no-ghost",
		},
		{
			"consensus/ackBeforeCommit", "a leader acknowledges a write before anyone else has it",
			"the classic of replicated logs: Jepsen found it in several", "leader-isolated (varied): linearizable; leader-isolated (varied): durable",
		},
		{
			"consensus/keepBrokenConnections", "connections between members outlive a cut, dead until TCP tries again",
			"Nacos 2.5.1: persistent lists stood still for up to 53 s after a heal", "muster timings: Raft is back as late as a real cluster's; it is late, not wrong",
		},
		{
			"consensus/forwardToFormerLeader", "a follower forwards to the leader that it knew when it last looked, and goes on with that in a cut",
			"Nacos 2.5.1: with keepBrokenConnections, 148 and 183 refused writes came true up to 115 s later",
			"muster timings: it shows with keepBrokenConnections alone, and an answer of 500 means unknown",
		},
		{
			"consensus/patientElections", "followers wait for their leader for 5 s at least before they stand for election",
			"Nacos 2.5.1 (JRaft: electionTimeoutMs)", "muster timings: a new leader is as late as a real cluster's; it is late, not wrong",
		},
		{
			"distro/skipSync", "a node tells one of its peers nothing of its clients",
			"alibaba/nacos#13073: what a peer failed to take counted as told", "calm: converged, no-loss",
		},
		{
			"distro/oneQueue", "peers are told one after another, the dead ones too",
			"Nacos before 2.1.1: a peer that is gone holds up all others",
			"nodes/distro alone: it makes news late for as long as a fault lasts, and then scenarios judge no lists",
		},
		{
			"distro/snapshotOverNative", "what a peer knew at the start wins over what clients have told this node since",
			"alibaba/nacos#15857", "nodes/distro alone: clients would have to register between a node's start and its first answered question, some milliseconds",
		},
		{
			"distro/changeFromAnyone", "a peer's state of a client wins over that of the node that hears its beats",
			"Nacos 2.5.1: healing a cut of 20 s turned living instances unhealthy for up to 10 s", "long-isolation (varied): kept",
		},
		{
			"distro/deleteFromAnyone", "a peer's removal of a client wins over the node that hears its beats",
			"Nacos 2.5.1: healing a cut of 60 s removed 4 to 6 of 9 living instances", "long-isolation: kept",
		},
		{
			"liveness/checkEverybody", "a node expires instances that others are responsible for, and hear beats of",
			"Nacos 2.0.0", "calm (varied): no-loss",
		},
		{
			"liveness/neverExpire", "silent instances are kept for ever",
			"alibaba/nacos#4364 and #10909: instances that stayed listed", "silent-clients: expiry, no-ghost",
		},
		{
			"liveness/beatWrongInstance", "a beat is taken for another instance's",
			"alibaba/nacos#5363: beats that were answered and did not count", "silent-clients: expiry, no-loss",
		},
		{
			"liveness/takeOverLastBeats", "whoever takes a dead node's instances over counts their silence from the last beat that it was told of",
			"Nacos 1.x, alibaba/nacos#1873, #7697 and #12895: 0 to 8 of 10 living instances removed", "leader-killed (varied): kept",
		},
		{
			"membership/startsSlowly", "a node reports to nobody, and answers no reports, for its first minute, though all else of it works",
			"Nacos 2.5.1: 3 of 3 starts that took long removed living instances everywhere",
			"muster timings: it does harm only where removals are believed (distro/deleteFromAnyone)",
		},
		{
			"openapi/versionTwoStaysLocal", "version 2 of the open API is not routed to the responsible node",
			"Nacos 2.2 to 3.2, alibaba/nacos#14992", "muster conformance: scenarios' clients speak version 1, as SDKs do",
		},
		{
			"rpc/neverSuspect", "a connection whose other end has fallen silent is kept for ever",
			"Nacos 2.2.0 to 2.2.4, alibaba/nacos#10909", "connections-silent: expiry, no-ghost",
		},
		{
			"probe/neverProbe", "persistent instances are believed to live",
			"alibaba/nacos#5020: instances that nobody probed", "servers-die: probed",
		},
	}
}
