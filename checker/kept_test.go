package checker

import (
	"testing"

	"muster/model"
	"muster/model/run"
)

func TestKept(t *testing.T) {
	a := instance(1, "1")
	// beating has c1's instance registered at n1 at 1 s and beating there to the end.
	beating := func(lasts float64) *story {
		return ephemeralStory(lasts).registers("c1", a, 1, 1.1).beats("c1", a, 5, lasts)
	}
	// struck is a fault of a node.
	struck := func(s *story, kind string) *story {
		s.fault("isolate", 40, 50)
		s.in.Plan.Strikes[0].Kind = run.Kind(kind)
		return s
	}
	tell(t, Kept, []chapter{
		{"its node lists it", beating(60).observes("n1", 30, 60, a), Holds, "60 lists"},
		{"its node drops it", beating(60).observes("n1", 30, 40, a).observes("n1", 40, 41).observes("n1", 41, 60, a),
			Violated, "n1 lists nothing of 10.0.0.1:80#DEFAULT, of which it took a beat 5.010 s before"},
		{"its node calls it unhealthy", beating(60).observes("n1", 30, 60, sick(a)), Violated, "unhealthy"},
		{"another node drops it", beating(60).observes("n1", 30, 60, a).observes("n2", 30, 60), Holds, "60 lists"},
		{"a cut is no excuse", struck(beating(60), "isolate").observes("n1", 30, 45, a).observes("n1", 45, 60), Violated, "n1 lists nothing"},
		{"a crash is", struck(beating(60), "crash").observes("n1", 30, 40, a).observes("n1", 45, 60), Holds, "20 lists"},
		{"lying clocks are", struck(beating(60), "clock-jump").observes("n1", 30, 40, a).observes("n1", 45, 60), Holds, "20 lists"},
		{"a node has not taken its beats for long", beating(15).observes("n1", 6, 15), Undecided, "no node"},
		{"it fell silent: unhealthy after 15 s", ephemeralStory(90).registers("c1", a, 1, 1.1).beats("c1", a, 5, 40).observes("n1", 40, 54, a).
			observes("n1", 55, 69, sick(a)).observes("n1", 70, 90), Holds, ""},
		{"it fell silent, and was removed at once", ephemeralStory(90).registers("c1", a, 1, 1.1).beats("c1", a, 5, 40).observes("n1", 40, 54, a).
			observes("n1", 55, 90), Violated, "lists nothing"},
		{"it was deregistered", beating(35).deregisters("c1", a, 36, 36.1).observes("n1", 30, 35, a).observes("n1", 37, 60), Holds, "10 lists"},
		{"it may have been deregistered", beating(35).mayDeregister("c1", a, 36).observes("n1", 30, 35, a).observes("n1", 37, 60), Holds, "10 lists"},
		{"it was disabled", beating(60).writes("c1", model.Update, model.Instance{IP: a.IP, Port: a.Port}, 10, 10.1, model.OK).observes("n1", 30, 60), Undecided, ""},
		{"it came back after a silence", ephemeralStory(90).registers("c1", a, 1, 1.1).beats("c1", a, 5, 10).beats("c1", a, 50, 90).observes("n1", 50, 56),
			Undecided, "no node"},
	})
}
