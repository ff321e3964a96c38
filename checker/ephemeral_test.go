package checker

import (
	"testing"

	"muster/model"
)

func TestConverged(t *testing.T) {
	a, b := instance(1, "1"), instance(2, "1")
	// everAgain has c1 register a every 4 s, so that there is never a time in which nodes must agree on it.
	everAgain := func(lasts float64) *story {
		s := ephemeralStory(lasts)
		for t := 1.0; t < lasts; t += 4 {
			s.registers("c1", a, t, t+0.1)
		}
		return s
	}
	tell(t, Converged, []chapter{
		// fault  |=====|
		// n1,n2  a a a a a a
		// n3     - - - - a a
		{"apart during the fault, alike in the end", ephemeralStory(100).fault("isolate", 10, 40).
			observes("n1", 0, 100, a).observes("n2", 0, 100, a).observes("n3", 0, 46).observes("n3", 46, 100, a),
			Holds, "1 instance listed alike by 3 nodes, 5.500 s after the last fault"},
		{"alike at once", ephemeralStory(100).fault("isolate", 10, 40).allObserve(0, 100, a), Holds, "0.000 s after"},
		{"without a fault", ephemeralStory(50).allObserve(0, 50, a, b), Holds, "2 instances listed alike by 3 nodes"},
		{"a node never gets over it", ephemeralStory(100).fault("isolate", 10, 40).
			observes("n1", 0, 100, a).observes("n2", 0, 100, a).observes("n3", 0, 100),
			Violated, "10.0.0.1:80#DEFAULT: n1 lists weight 1 {version: \"1\"}, but n3 lists nothing"},
		{"a node gets over it too late", ephemeralStory(100).fault("isolate", 10, 40).
			observes("n1", 0, 100, a).observes("n2", 0, 100, a).observes("n3", 0, 65).observes("n3", 65, 100, a), Violated, "n3"},
		{"a node falls behind later", ephemeralStory(100).fault("isolate", 10, 40).
			observes("n1", 0, 100, a).observes("n2", 0, 100, a).observes("n3", 0, 80, a).observes("n3", 80, 90).observes("n3", 90, 100, a), Violated, "from 80.010 s to 89.500 s"},
		{"other metadata", ephemeralStory(50).observes("n1", 0, 50, a).observes("n2", 0, 50, a).observes("n3", 0, 50, instance(1, "2")), Violated, "version: \"2\""},
		{"other health", ephemeralStory(50).observes("n1", 0, 50, a).observes("n2", 0, 50, a).observes("n3", 0, 50, sick(a)), Violated, "unhealthy"},
		{"a change is on its way", ephemeralStory(50).registers("c1", a, 20, 20.1).
			observes("n1", 0, 20).observes("n2", 0, 24).observes("n3", 0, 24).
			observes("n1", 20, 50, a).observes("n2", 24, 50, a).observes("n3", 24, 50, a), Holds, ""},
		{"a change is on its way for too long", ephemeralStory(50).registers("c1", a, 20, 20.1).
			observes("n1", 0, 20).observes("n2", 0, 26).observes("n3", 0, 24).
			observes("n1", 20.2, 50, a).observes("n2", 26, 50, a).observes("n3", 24, 50, a), Violated, "n2 lists nothing, from 20.210 s to 25.500 s"},
		{"an expiry is on its way", ephemeralStory(50).
			observes("n1", 0, 20, a).observes("n2", 0, 24, a).observes("n3", 0, 24, a).
			observes("n1", 20, 50, sick(a)).observes("n2", 24, 50, sick(a)).observes("n3", 24, 50, sick(a)), Holds, ""},
		{"nothing was ever comparable", everAgain(100).observes("n1", 0, 100, a).observes("n2", 0, 100, a).observes("n3", 0, 100),
			Undecided, "of 1 instance listed, none was left alone for longer than 5s"},
		{"another instance was comparable", everAgain(100).allObserve(0, 100, a, b), Holds, "1 instance listed alike"},
		{"comparable only before the fault was got over", ephemeralStory(100).registers("c1", a, 58, 58.1).registers("c1", a, 62, 62.1).
			fault("isolate", 10, 40).allObserve(0, 66, a), Undecided, "nothing can be compared"},
		{"a node was seen for too short a time", ephemeralStory(50).observes("n1", 0, 50, a).observes("n2", 0, 50, a).observes("n3", 0, 5, a),
			Undecided, "nothing can be compared"},
		{"nothing listed", ephemeralStory(50).allObserve(0, 50), Undecided, "no node listed any"},
		{"a node did not answer", ephemeralStory(100).fault("isolate", 10, 40).observes("n1", 0, 100, a).observes("n2", 0, 100, a).observes("n3", 0, 50, a),
			Undecided, "n3 listed public/DEFAULT_GROUP/ephemeral-1 to its observer 0 times after 60.000 s"},
		{"nobody observed", ephemeralStory(100), Undecided, "no observer"},
		{"a fault to the end", ephemeralStory(100).fault("isolate", 10, 0).allObserve(0, 100, a), Undecided, ""},
		{"a skipped fault is none", skippedFor(ephemeralStory(50).fault("isolate", 10, 0), "no node says that it leads").allObserve(0, 50, a), Holds, ""},
	})
}

// skippedFor has the first fault of a story not struck, for a reason.
func skippedFor(s *story, reason string) *story {
	s.in.Plan.Strikes[0].Skipped, s.in.Plan.Strikes[0].Bit, s.in.Plan.Strikes[0].Evidence = reason, false, ""
	return s
}

func TestNoLoss(t *testing.T) {
	a, b := instance(1, "1"), instance(2, "1")
	// living has c1's instance registered at 1 s and beating to the end.
	living := func(lasts float64) *story {
		return ephemeralStory(lasts).registers("c1", a, 1, 1.1).beats("c1", a, 5, lasts)
	}
	tell(t, NoLoss, []chapter{
		{"a live instance is listed everywhere", living(50).allObserve(0, 1).allObserve(1.5, 50, a), Holds, "1 live instance found healthy"},
		{"a node does not list it", living(50).observes("n1", 2, 50, a).observes("n2", 2, 50, a).observes("n3", 2, 50),
			Violated, "n3 lists nothing of 10.0.0.1:80#DEFAULT, whose client lives: last beat acknowledged by c1 at 5.000 s"},
		{"a node misses it for a moment", living(50).observes("n1", 2, 50, a).observes("n2", 2, 50, a).observes("n3", 2, 30, a).observes("n3", 30, 30.5).observes("n3", 30.5, 50, a),
			Violated, "1 list of"},
		{"a node calls it unhealthy", living(50).observes("n1", 2, 50, a).observes("n2", 2, 50, a).observes("n3", 2, 50, sick(a)), Violated, "unhealthy"},
		{"a fault excuses it", living(100).fault("isolate", 10, 40).observes("n1", 6, 100, a).observes("n2", 6, 100, a).
			observes("n3", 6, 10, a).observes("n3", 10, 55).observes("n3", 60, 100, a), Holds, ""},
		{"but not for ever", living(100).fault("isolate", 10, 40).observes("n1", 6, 100, a).observes("n2", 6, 100, a).observes("n3", 6, 100), Violated, "n3 lists nothing"},
		{"a registration takes a moment", living(50).allObserve(0, 5).allObserve(5, 50, a), Holds, ""},
		{"deregistered", living(50).deregisters("c1", a, 30, 30.1).allObserve(6, 30, a).allObserve(30, 50), Holds, ""},
		{"perhaps deregistered", living(50).mayDeregister("c1", a, 30).allObserve(6, 30, a).allObserve(30, 50), Holds, ""},
		{"perhaps deregistered, and then registered again", living(90).mayDeregister("c1", a, 10).registers("c1", a, 12, 12.1).allObserve(6, 10, a).
			allObserve(10, 30).allObserve(60, 90), Violated, "lists nothing"},
		{"perhaps deregistered, which may come late", living(90).mayDeregister("c1", a, 10).registers("c1", a, 12, 12.1).allObserve(6, 10, a).
			allObserve(10, 30).allObserve(36, 90, a), Holds, ""},
		{"a deregistration at the same time may have come last", ephemeralStory(50).registers("c1", a, 1, 3).deregisters("c2", a, 2, 4).beats("c1", a, 5, 50).allObserve(0, 50),
			Undecided, "no live instance"},
		{"its client fell silent", ephemeralStory(80).registers("c1", a, 1, 1.1).beats("c1", a, 5, 20).event("c1", model.ClientSilent, 22).
			allObserve(6, 36, a).allObserve(36, 80), Holds, ""},
		{"its client came back", ephemeralStory(100).registers("c1", a, 1, 1.1).beats("c1", a, 5, 20).event("c1", model.ClientSilent, 22).
			event("c1", model.ClientResumed, 70).beats("c1", a, 70, 100).allObserve(6, 36, a).allObserve(36, 72).allObserve(72, 100, a), Holds, ""},
		{"its client came back, but not its instance", ephemeralStory(100).registers("c1", a, 1, 1.1).beats("c1", a, 5, 20).event("c1", model.ClientSilent, 22).
			event("c1", model.ClientResumed, 70).beats("c1", a, 70, 100).allObserve(6, 36, a).allObserve(36, 100), Violated, "lists nothing"},
		{"its client beats no more, without a word", ephemeralStory(80).registers("c1", a, 1, 1.1).beats("c1", a, 5, 20).allObserve(6, 36, a).allObserve(36, 80), Holds, ""},
		{"never acknowledged", ephemeralStory(50).mayRegister("c1", a, 1).beats("c1", a, 5, 50).allObserve(0, 50), Undecided, "no live instance"},
		{"disabled by an operator", living(50).writes("c1", model.Update, model.Instance{IP: a.IP, Port: a.Port}, 10, 10.1, model.OK).
			registers("c2", b, 1, 1.1).beats("c2", b, 5, 50).allObserve(2, 50, b), Holds, "1 live instance"},
		{"a node did not answer", living(50).observes("n1", 2, 50, a).observes("n2", 2, 50, a), Undecided, "n3 listed"},
	})
}

func TestNoGhost(t *testing.T) {
	a, b := instance(1, "1"), instance(2, "1")
	off := func(lasts float64) *story {
		return ephemeralStory(lasts).registers("c1", a, 1, 1.1).beats("c1", a, 5, 10).deregisters("c1", a, 12, 12.1)
	}
	silent := func(lasts float64) *story {
		return ephemeralStory(lasts).registers("c1", a, 1, 1.1).beats("c1", a, 5, 20).event("c1", model.ClientSilent, 22)
	}
	tell(t, NoGhost, []chapter{
		{"deregistered and gone", off(50).allObserve(2, 13, a).allObserve(13, 50), Holds, "1 deregistered or silent instance gone"},
		{"deregistered and still listed", off(50).observes("n1", 2, 13, a).observes("n2", 2, 13, a).observes("n1", 13, 50).observes("n2", 13, 50).observes("n3", 2, 50, a),
			Violated, "n3 lists 10.0.0.1:80#DEFAULT: its deregistration by c1 was acknowledged at 12.100 s"},
		{"a deregistration takes a moment", off(50).allObserve(2, 17, a).allObserve(17.5, 50), Holds, ""},
		{"registered again", off(50).registers("c1", a, 14, 14.1).registers("c2", b, 1, 1.1).deregisters("c2", b, 3, 3.1).allObserve(2, 50, a), Holds, "1 deregistered"},
		{"a beat on its way revives nothing", ephemeralStory(40).registers("c1", a, 1, 1.1).writes("c1", model.Beat, a, 11.9, 12.05, model.OK).deregisters("c1", a, 12, 12.1).
			allObserve(2, 40, a), Violated, "should be gone"},
		{"perhaps deregistered", ephemeralStory(40).registers("c1", a, 1, 1.1).beats("c1", a, 5, 40).mayDeregister("c1", a, 12).allObserve(2, 40, a), Undecided, ""},
		{"silent and gone", silent(80).allObserve(2, 50, a).allObserve(50, 80), Holds, ""},
		{"silent and still listed", silent(80).allObserve(2, 80, a), Violated, "last beat acknowledged by c1 at 20.000 s"},
		{"silent, but a fault may have revived it", silent(80).fault("isolate", 30, 40).allObserve(2, 80, a), Undecided, ""},
		{"nobody registered it", ephemeralStory(50).registers("c1", a, 1, 1.1).beats("c1", a, 5, 50).allObserve(2, 50, a, b), Violated, "no client of this run ever registered it"},
		{"listed before it was registered", ephemeralStory(50).registers("c1", a, 30, 30.1).beats("c1", a, 35, 50).allObserve(2, 50, a), Violated, "nobody had registered it yet"},
		{"everybody lives", ephemeralStory(50).registers("c1", a, 10, 10.1).beats("c1", a, 15, 50).allObserve(2, 10).allObserve(11, 50, a), Undecided, "no instance was deregistered or silent"},
		{"a ghost while the fault lasts", off(100).fault("isolate", 11, 40).observes("n1", 2, 50).observes("n2", 2, 50).observes("n3", 2, 50, a).allObserve(50, 100), Holds, ""},
		{"a node did not answer", off(50).observes("n1", 2, 50), Undecided, "n2 listed"},
	})
}

func TestExpiry(t *testing.T) {
	a, b := instance(1, "1"), instance(2, "1")
	// b beats to the end, so that the service is never protected; a's last beat is answered at 20.01 s.
	silent := func(lasts float64) *story {
		return ephemeralStory(lasts).registers("c1", a, 1, 1.1).beats("c1", a, 5, 20).event("c1", model.ClientSilent, 22).
			registers("c2", b, 1, 1.1).beats("c2", b, 5, lasts)
	}
	tell(t, Expiry, []chapter{
		// beats     | | | |
		// listed    h h h h h h h u u u - - -
		{"in time", silent(80).allObserve(2, 36, a, b).allObserve(36, 51, sick(a), b).allObserve(51, 80, b), Holds, "1 silence unhealthy in time, 1 silence ended by removal in time"},
		{"unhealthy too early", silent(80).allObserve(2, 34, a, b).allObserve(34, 51, sick(a), b).allObserve(51, 80, b),
			Violated, "n1 lists weight 1 {version: \"1\"} unhealthy of 10.0.0.1:80#DEFAULT at 34.010 s"},
		{"removed too early", silent(80).allObserve(2, 36, a, b).allObserve(36, 48, sick(a), b).allObserve(48, 80, b), Violated, "lists nothing of 10.0.0.1:80#DEFAULT at 48.010 s"},
		{"unhealthy too late", silent(80).allObserve(2, 44, a, b).allObserve(44, 51, sick(a), b).allObserve(51, 80, b), Violated, "must be unhealthy by 43.010 s"},
		{"removed too late", silent(80).allObserve(2, 36, a, b).allObserve(36, 59, sick(a), b).allObserve(59, 80, b), Violated, "must be gone by 58.010 s"},
		{"never noticed", silent(80).allObserve(2, 80, a, b), Violated, "must be unhealthy by"},
		{"only one node notices", silent(80).observes("n1", 2, 36, a, b).observes("n1", 36, 51, sick(a), b).observes("n1", 51, 80, b).observes("n2", 2, 80, a, b), Violated, "n2 lists"},
		{"removed without having been seen unhealthy", silent(80).allObserve(2, 36, a, b).allObserve(59, 80, b), Undecided, "1 silence ended by removal in time, but none was seen before"},
		{"unhealthy, but not seen until it was removed", silent(80).allObserve(2, 36, a, b).allObserve(36, 51, sick(a), b), Undecided,
			"1 silence unhealthy in time, but nothing was seen of any later than 38s"},
		{"unhealthy, and heard of again before it was removed", silent(80).beats("c1", a, 46, 80).allObserve(2, 36, a, b).allObserve(36, 45, sick(a), b).allObserve(46.5, 80, a, b),
			Undecided, "1 silence unhealthy in time, but nothing"},
		{"a service of none but silent instances is shown as healthy", ephemeralStory(80).registers("c1", a, 1, 1.1).beats("c1", a, 5, 20).allObserve(2, 51, a).allObserve(51, 80),
			Undecided, "1 silence ended by removal in time, but none"},
		{"a beating client's instance is removed", silent(80).allObserve(2, 30, a, b).allObserve(30, 31, a).allObserve(31, 36, a, b).
			allObserve(36, 51, sick(a), b).allObserve(51, 80, b), Violated, "lists nothing of 10.0.0.2:80#DEFAULT"},
		{"an unanswered beat may have arrived", silent(80).writes("c1", model.Beat, a, 25, 26, model.Unknown).allObserve(2, 46, a, b).allObserve(46, 51, sick(a), b).allObserve(51, 80, b), Holds, ""},
		{"what happens in a fault is not judged", silent(100).fault("isolate", 24, 26).allObserve(2, 25, a, b).allObserve(25, 46, b).allObserve(46, 75, sick(a), b).allObserve(75, 100, b), Holds, ""},
		{"a lying clock is no excuse", silent(80).fault("clock-offset", 22, 79).allObserve(2, 25, a, b).allObserve(25, 80, b), Violated, "at 25.010 s"},
		{"a fault may have had it counted anew", silent(130).fault("isolate", 24, 26).allObserve(2, 65, a, b).allObserve(65, 80, sick(a), b).allObserve(80, 130, b), Holds, ""},
		{"an unknown deregistration may come late", ephemeralStory(50).registers("c1", a, 1, 1.1).beats("c1", a, 5, 50).mayDeregister("c1", a, 11).
			allObserve(2, 11, a).allObserve(25, 26).allObserve(26, 50, a), Undecided, "nothing to expire"},
		{"deregistered in silence", silent(80).deregisters("c1", a, 25, 25.1).allObserve(2, 26, a, b).allObserve(26, 80, b), Undecided, "nothing to expire"},
		{"back in time", ephemeralStory(80).registers("c1", a, 1, 1.1).beats("c1", a, 5, 20).event("c1", model.ClientSilent, 22).event("c1", model.ClientResumed, 30).
			beats("c1", a, 30, 80).allObserve(2, 80, a), Undecided, ""},
		{"back after having been removed", silent(100).event("c1", model.ClientResumed, 70).beats("c1", a, 70, 100).allObserve(2, 36, a, b).allObserve(36, 51, sick(a), b).
			allObserve(51, 73, b).allObserve(73, 100, a, b), Holds, ""},
		{"nobody silent", ephemeralStory(50).registers("c1", a, 1, 1.1).beats("c1", a, 5, 50).allObserve(2, 50, a), Undecided, "nothing to expire"},
		{"nobody observed", silent(80), Undecided, ""},
	})
}
