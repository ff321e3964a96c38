package checker

import (
	"testing"

	"muster/model"
)

// In the diagrams w1 registers version 1 of an instance, d deregisters it, "- -" has no answer.
func TestDurable(t *testing.T) {
	a := func(version string) model.Instance { return instance(1, version) }
	tell(t, Durable, []chapter{
		// [w1]              all: 1
		{"an acknowledged write stands", persistentStory().registers("c1", a("1"), 1, 2).allObserve(50, 60, a("1")), Holds, "1 write acknowledged; 1 instance"},
		{"a node has lost it", persistentStory().registers("c1", a("1"), 1, 2).observes("n1", 50, 60, a("1")).observes("n2", 50, 60).observes("n3", 50, 60, a("1")),
			Violated, "n2 shows nothing of 10.0.0.1:80#DEFAULT in the end, but register"},
		{"a node lists other metadata", persistentStory().registers("c1", a("1"), 1, 2).allObserve(50, 60, a("0")), Violated, "n1 shows weight 1 {version: \"0\"}"},
		// [w1] [w2]         1
		{"a node lists what was replaced", persistentStory().registers("c1", a("1"), 1, 2).registers("c1", a("2"), 3, 4).allObserve(50, 60, a("1")), Violated, "version: \"2\""},
		// [w1] [d]          1
		{"a deregistered instance is back", persistentStory().registers("c1", a("1"), 1, 2).deregisters("c1", a(""), 3, 4).allObserve(50, 60, a("1")),
			Violated, "deregister 10.0.0.1:80#DEFAULT"},
		{"a deregistered instance stays gone", persistentStory().registers("c1", a("1"), 1, 2).deregisters("c1", a(""), 3, 4).allObserve(50, 60), Holds, ""},
		// [w1] [w2 - - -    1 or 2
		{"an unknown write may have come after", persistentStory().registers("c1", a("1"), 1, 2).mayRegister("c1", a("2"), 3).
			allObserve(50, 60, a("2")), Holds, ""},
		{"an unknown write came at one node only", persistentStory().registers("c1", a("1"), 1, 2).mayRegister("c1", a("2"), 3).
			observes("n1", 50, 60, a("1")).observes("n2", 50, 60, a("2")).observes("n3", 50, 60, a("1")),
			Violated, "n1 shows weight 1 {version: \"1\"}, but n2 shows weight 1 {version: \"2\"}, from 50.010 s to 59.500 s"},
		{"an unknown write comes late, at one node after the other", persistentStory().registers("c1", a("1"), 1, 2).mayRegister("c1", a("2"), 3).
			observes("n1", 50, 70, a("1")).observes("n2", 50, 66, a("1")).observes("n2", 66, 70, a("2")).observes("n3", 50, 70, a("1")).
			allObserve(70, 80, a("2")), Holds, ""},
		{"an unknown deregistration may have come after", persistentStory().registers("c1", a("1"), 1, 2).mayDeregister("c1", a(""), 3).allObserve(50, 60), Holds, ""},
		// [w2 - - - - - -
		//      [w1]         1 or 2, not nothing
		{"an unknown write from before may have come after", persistentStory().mayRegister("c2", a("2"), 1).registers("c1", a("1"), 3, 4).allObserve(50, 60, a("2")), Holds, ""},
		{"an unknown write leaves no room for nothing", persistentStory().mayRegister("c2", a("2"), 1).registers("c1", a("1"), 3, 4).allObserve(50, 60), Violated, "was left open at 2.000 s and"},
		// [w1 - - [w2]      2 after w2, since w1 was acknowledged before
		{"of two concurrent writes the first may stand", persistentStory().registers("c1", a("1"), 1, 3).registers("c2", a("2"), 2, 4).
			allObserve(50, 60, a("1")), Holds, ""},
		{"of two concurrent writes the second may stand", persistentStory().registers("c1", a("1"), 1, 3).registers("c2", a("2"), 2, 4).
			allObserve(50, 60, a("2")), Holds, ""},
		{"of two concurrent writes each stands somewhere", persistentStory().registers("c1", a("1"), 1, 3).registers("c2", a("2"), 2, 4).
			observes("n1", 50, 60, a("1")).observes("n2", 50, 60, a("2")).observes("n3", 50, 60, a("1")), Violated, "nodes disagree on persistent instances 2 times"},
		{"nodes differed only while the fault lasted", persistentStory().fault("isolate", 10, 40).registers("c1", a("1"), 1, 3).registers("c2", a("2"), 2, 4).
			observes("n1", 10, 60, a("1")).observes("n2", 10, 60, a("2")).observes("n3", 10, 60, a("2")).allObserve(60, 70, a("2")), Holds, ""},
		{"nodes agree in the end, but not for long enough before", persistentStory().registers("c1", a("1"), 1, 3).registers("c2", a("2"), 2, 4).
			observes("n1", 10, 60, a("1")).observes("n2", 10, 60, a("2")).observes("n3", 10, 60, a("2")).allObserve(60, 70, a("2")), Violated, "from 10.010 s to 59.500 s"},
		{"a failed write does not count", persistentStory().registers("c1", a("1"), 1, 2).writes("c1", model.Register, a("2"), 3, 4, model.Fail).
			allObserve(50, 60, a("2")), Violated, ""},
		{"what an operator wrote over is not judged", persistentStory().registers("c1", a("1"), 1, 2).writes("c1", model.Update, a("2"), 3, 4, model.OK).
			registers("c1", instance(2, "1"), 1, 2).allObserve(50, 60, instance(2, "1")), Holds, "1 instance"},
		{"what a node listed during the fault does not count", persistentStory().fault("isolate", 10, 40).registers("c1", a("1"), 1, 2).
			observes("n1", 20, 30).allObserve(65, 70, a("1")), Holds, ""},
		{"a view too soon after the fault is no end", persistentStory().fault("isolate", 10, 40).registers("c1", a("1"), 1, 2).allObserve(40, 55), Undecided, "60.000 s"},
		{"a view too soon after the write is no end", persistentStory().registers("c1", a("1"), 50, 51).allObserve(50, 55), Undecided, "after 56.000 s"},
		{"nothing acknowledged", persistentStory().mayRegister("c1", a("1"), 1).allObserve(50, 60), Undecided, "nothing to lose"},
		{"no views", persistentStory().registers("c1", a("1"), 1, 2), Undecided, "no observer listed"},
		{"two nodes never answer again", persistentStory().fault("crash", 10, 20).registers("c1", a("1"), 1, 3).
			observes("n1", 4, 100, a("1")).observes("n2", 4, 9, a("1")).observes("n3", 4, 9, a("1")), Undecided,
			"n2 listed public/DEFAULT_GROUP/persistent-1 to its observer 0 times after 40.000 s: want at least twice"},
		{"a node answers once more, with something lost", persistentStory().registers("c1", a("1"), 1, 2).observes("n1", 50, 60, a("1")).observes("n2", 50, 50.5),
			Violated, "n2 shows nothing"},
		{"a node falls silent after the faults, before the last write", persistentStory().registers("c1", a("1"), 1, 2).registers("c1", a("2"), 60, 61).
			allObserve(4, 59, a("1")).observes("n1", 61, 100, a("2")).observes("n2", 61, 100, a("2")), Undecided, "n3 listed"},
		{"a write near the end is left out", persistentStory().registers("c1", a("1"), 1, 2).registers("c1", instance(2, "1"), 90, 91).
			observes("n1", 4, 99.5, a("1"), instance(2, "1")).observes("n2", 4, 95, a("1"), instance(2, "1")).observes("n3", 4, 95, a("1"), instance(2, "1")),
			Holds, "1 instance stand"},
		{"a fault without an end", persistentStory().fault("crash", 10, 0).registers("c1", a("1"), 1, 2).allObserve(90, 99, a("1")), Undecided, ""},
	})
}
