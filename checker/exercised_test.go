package checker

import (
	"testing"

	"muster/model"
	"muster/model/run"
)

// busy has so many persistent writes and linearizable reads each succeed, and claims to test them.
func busy(each int) *story {
	s := persistentStory()
	for i := range each {
		t := float64(i) / 10
		s.registers("c1", instance(1, "1"), t, t+0.01).lists("c2", t, t+0.01, instance(1, "1"))
	}
	s.in.Run.Expect = map[string]string{string(Linearizable): string(Holds)}
	return s
}

// sometimes asks for a condition.
func (s *story) sometimes(conditions ...Condition) *story {
	s.in.Sometimes = conditions
	return s
}

func (s *story) claiming(property Property) *story {
	s.in.Run.Expect[string(property)] = string(Holds)
	return s
}

// on a stage.
func on(stage string, s *story) *story {
	s.in.Run.Stage = stage
	return s
}

func TestExercised(t *testing.T) {
	a := instance(1, "1")
	unbitten := func(s *story) *story {
		s.in.Plan.Strikes[0].Bit, s.in.Plan.Strikes[0].Evidence = false, "no packet dropped"
		return s
	}
	interrupted := busy(50)
	interrupted.in.Run.Interrupted = "n2 ended with status 2"
	differing := busy(50).sometimes(ViewsDiffered)
	differing.ephemeral = true
	differing.observes("n1", 1, 9, a).observes("n2", 1, 9)
	differing.observes("n1", 95, 99)
	alike := busy(50).sometimes(ViewsDiffered)
	alike.ephemeral = true
	alike.observes("n1", 1, 9, a).observes("n2", 1, 9, a).observes("n1", 95, 99, a)
	leaderOf := func(s *story, node string, t float64) *story {
		return s.logs(t, node, run.EventRaftState, map[string]any{"state": "leader", "term": 2.0})
	}
	tell(t, Exercised, []chapter{
		{"enough", busy(50), Holds, "100 operations succeeded"},
		{"too few operations", busy(49), Undecided, "98 operations succeeded, fewer than 100"},
		{"too few of a kind", busy(60).claiming(Expiry), Undecided, "0 operations of kind beat succeeded, fewer than 10"},
		{"observers are no traffic", busy(49).observes("n1", 0, 99, a), Undecided, "98 operations"},
		{"beats are counted apart", busy(49).beats("c3", a, 1, 100), Undecided, "98 operations"},
		{"a fault bit", busy(50).fault("isolate", 1, 2), Holds, "1 fault had an effect"},
		{"what heals is no fault", busy(50).fault("isolate", 1, 2).fault("heal", 2, 2), Holds, "1 fault had an effect"},
		{"a fault did not bite", unbitten(busy(50).fault("isolate", 1, 2)), Undecided, "isolate n1 at 1.000 s had no effect: no packet dropped"},
		{"a stage could not strike one of two faults", on("live", skippedFor(busy(50).fault("clock-jump", 1, 2), "this stage cannot strike it: all processes of a host share its clock").fault("isolate", 3, 4)), Holds, "1 fault had an effect"},
		{"a stage could strike no fault", on("live", skippedFor(busy(50).fault("clock-jump", 1, 2), "this stage cannot strike it: all processes of a host share its clock")), Undecided, "none of the faults"},
		{"the simulated stage can strike any", on("simulated", skippedFor(busy(50).fault("clock-jump", 1, 2), "this stage cannot strike it: it does not know it")),
			Undecided, "clock-jump n1 at 1.000 s was not struck: this stage cannot strike it"},
		{"nobody played the role", on("simulated", skippedFor(busy(50).fault("isolate", 1, 2), "no node says that it leads")),
			Undecided, "isolate n1 at 1.000 s was not struck: no node says that it leads"},
		{"nobody played the role, live", on("live", skippedFor(busy(50).fault("isolate", 1, 2), "no node says that it leads")), Undecided, "was not struck"},
		{"there was nothing to heal", on("simulated", skippedFor(busy(50).fault("heal", 1, 2), "the network does not suffer from anything")), Holds, "0 faults"},
		{"observers to the end", busy(50).observes("n1", 0, 92, a), Holds, ""},
		{"the workload hung", busy(50).observes("n1", 0, 34, a), Undecided, "fell silent at 33.510 s, though the run went on to 100.000 s"},
		{"the run was interrupted", interrupted, Undecided, "n2 ended with status 2"},
		{"the leader changed", leaderOf(leaderOf(busy(50).sometimes(LeaderChanged), "n1", 1), "n2", 2), Holds, "1 condition came up"},
		{"the leader was elected again", leaderOf(leaderOf(busy(50).sometimes(LeaderChanged), "n1", 1), "n1", 2), Undecided, "1 node logged that it led"},
		{"a write was refused", busy(50).sometimes(WriteRefused).writes("c1", model.Register, a, 8, 9, model.Fail), Holds, ""},
		{"a write was left open", busy(50).sometimes(WriteRefused).mayRegister("c1", a, 8), Holds, ""},
		{"no write was refused", busy(50).sometimes(WriteRefused), Undecided, "write-refused did not come up"},
		{"a member was down", busy(50).sometimes(MemberDown).logs(1, "n1", run.EventMemberState, map[string]any{"state": "DOWN"}), Holds, ""},
		{"a member was only suspicious", busy(50).sometimes(MemberDown).logs(1, "n1", run.EventMemberState, map[string]any{"state": "SUSPICIOUS"}), Undecided, "DOWN"},
		{"an instance expired", busy(50).sometimes(InstanceExpired).logs(1, "n1", run.EventInstanceExpired, nil), Holds, ""},
		{"no instance expired", busy(50).sometimes(InstanceExpired), Undecided, "for want of beats"},
		{"a snapshot was loaded", busy(50).sometimes(SnapshotLoaded).logs(1, "n1", run.EventDistroLoaded, nil), Holds, ""},
		{"no snapshot was loaded", busy(50).sometimes(SnapshotLoaded), Undecided, "snapshot"},
		{"views differed", differing, Holds, ""},
		{"views did not differ", alike, Undecided, "views-differed did not come up"},
		{"an unknown condition", busy(50).sometimes("moon-full"), Undecided, "this build knows only"},
	})
}
