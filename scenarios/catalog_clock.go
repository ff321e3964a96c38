package scenarios

import (
	"time"

	"muster/checker"
	"muster/model"
)

// clockTroubles are wall clocks that do worse than to be off.
func clockTroubles() []Scenario {
	return []Scenario{
		{
			Name:     "clock-storm",
			Claim:    "Clocks that jump by up to an hour, stand still, or jump to and fro expire nobody who lives, keep nobody who is dead, and lose no write.",
			Source:   "Leap seconds, ntpd's steps and resumed virtual machines; Nacos stamps beats and revisions with System.currentTimeMillis().",
			Profiles: []Profile{Nacos2},
			Cluster:  Nodes(3),
			Load:     silent(everyday(50*time.Second), model.Silence{Client: 1, From: 18 * time.Second}, model.Silence{Client: 4, From: 20 * time.Second}),
			Plan: Plan{
				Around(12*time.Second, strikeWithin, ClockJump(ResponsibleFor(firstInstance), time.Hour)),
				Around(16*time.Second, strikeWithin, ClockStrobe(Leader, 30*time.Second, 2*time.Second)),
				Around(20*time.Second, strikeWithin, ClockJump(Any, -20*time.Minute)),
				Around(24*time.Second, strikeWithin, ClockFreeze(Any)),
				At(44*time.Second, ClockReset(Victims)),
			},
			Lasts:     68 * time.Second,
			Bounds:    settled,
			Expect:    sound.With(Expect{checker.Expiry: checker.Holds}),
			Sometimes: []checker.Condition{checker.InstanceExpired},
		},
	}
}
