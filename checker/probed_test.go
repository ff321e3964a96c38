package checker

import (
	"testing"

	"muster/model"
)

// serves has a server listen from a time on, or be gone.
func (s *story) serves(i model.Instance, call model.Call, t float64) *story {
	s.records = append(s.records, model.Record{T: at(t), Client: "v", Phase: model.Event, Call: call, Service: s.service, Instance: &i})
	return s
}

func TestProbed(t *testing.T) {
	a, b := instance(1, "1"), instance(2, "1")
	// two has both listen from 1 s on, and a's server gone from 20 s to 50 s.
	two := func() *story {
		return persistentStory().serves(a, model.ServerListens, 1).registers("v1", a, 1, 2).serves(b, model.ServerListens, 1).registers("v2", b, 1, 2).
			serves(a, model.ServerGone, 20).serves(a, model.ServerListens, 50)
	}
	tell(t, Probed, []chapter{
		{"noticed both times", two().allObserve(3, 25, a, b).allObserve(25, 60, sick(a), b).allObserve(60, 90, a, b), Holds, "1 outage and 1 return noticed"},
		{"never noticed", two().allObserve(3, 90, a, b), Violated, "n1 lists weight 1 {version: \"1\"} of 10.0.0.1:80#DEFAULT at 30.510 s, though its server has been gone since 20.000 s"},
		{"noticed too late", two().allObserve(3, 32, a, b).allObserve(32, 60, sick(a), b).allObserve(60, 90, a, b), Violated, "gone since 20.000 s"},
		{"one node does not show it", two().allObserve(3, 25, a, b).observes("n1", 25, 60, sick(a), b).observes("n2", 25, 60, a, b).allObserve(60, 90, a, b), Violated, "n2 lists"},
		{"its return is not noticed", two().allObserve(3, 25, a, b).allObserve(25, 90, sick(a), b), Violated, "there since 50.000 s"},
		{"called dead while it lived", two().allObserve(21, 25, a, b).allObserve(25, 60, sick(a), b).allObserve(60, 80, a, b).allObserve(80, 90, sick(a), b), Violated, "there since 50.000 s"},
		{"the other called dead", two().allObserve(25, 60, sick(a), b).allObserve(60, 80, a, sick(b)), Violated, "10.0.0.2:80#DEFAULT at 60.010 s, though its server has been there since 1.000 s"},
		{"all are shown as healthy where none is", persistentStory().serves(a, model.ServerListens, 1).registers("v1", a, 1, 2).serves(a, model.ServerGone, 20).
			allObserve(3, 90, a), Undecided, "none was gone"},
		{"nobody came back", persistentStory().serves(a, model.ServerListens, 1).registers("v1", a, 1, 2).serves(b, model.ServerListens, 1).registers("v2", b, 1, 2).
			serves(a, model.ServerGone, 20).allObserve(3, 25, a, b).allObserve(25, 90, sick(a), b), Undecided, "no server was back"},
		{"during a cut nothing is judged, after it everything is", two().fault("isolate", 22, 30).allObserve(3, 59, a, b).allObserve(61, 90, a, b), Undecided, "none was gone"},
		{"never registered", persistentStory().serves(a, model.ServerListens, 1).serves(a, model.ServerGone, 20).allObserve(3, 90, a), Undecided, "of 0 servers"},
	})
}
