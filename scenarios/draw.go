package scenarios

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"muster/model/run"
)

// Draw is a plan that is left to the run's seed: which faults strike, when, whom, how hard and for how long. It has TigerBeetle's two
// phases: until a time anything may be broken, and everything must stay safe; then all is mended, and everything must come right.
type Draw struct {
	// From is when the first fault may strike, Until when all that are in force are undone.
	From  time.Duration `json:"from_ns"`
	Until time.Duration `json:"until_ns"`
	// Kinds are drawn from. Of one family, one is in force at a time; one that is followed by another of its family is undone before.
	Kinds []run.Kind `json:"kinds"`
}

// Between one step of a drawn plan and the next. Most faults take some seconds to be noticed.
const (
	drawnPauseMin = 2 * time.Second
	drawnPauseMax = 7 * time.Second
)

// drawings make a fault of each kind that can be drawn, as hard as a registry must withstand. Whom it strikes is drawn when it does.
var drawings = map[run.Kind]func(*rand.Rand) Fault{
	run.KindIsolate:   func(*rand.Rand) Fault { return Isolate(Any) },
	run.KindPartition: func(*rand.Rand) Fault { return Partition(Side(Any), Side(Others)) },
	run.KindBridge:    func(*rand.Rand) Fault { return Bridge(Any) },
	run.KindCut: func(random *rand.Rand) Fault {
		cut := Cut(Any, Others)
		if random.IntN(2) == 0 {
			cut = Cut(Others, Any)
		}
		if random.IntN(3) == 0 {
			cut = Rejecting(cut)
		}
		if random.IntN(3) == 0 {
			cut = Flapping(cut, time.Duration(1+random.IntN(4))*time.Second)
		}
		return cut
	},
	run.KindReset:    func(*rand.Rand) Fault { return ResetConnections(Side(Any), Side(Others)) },
	run.KindSlowLink: func(random *rand.Rand) Fault { return SlowLink(Any, Others, milliseconds(random, 20, 400)) },
	run.KindLongTail: func(random *rand.Rand) Fault {
		return LongTail(Everywhere, share(random, 2, 20), milliseconds(random, 50, 1000))
	},
	run.KindCloggedLink: func(*rand.Rand) Fault { return CloggedLink(Between(Side(Any), Side(Others))) },
	run.KindLossyLink:   func(random *rand.Rand) Fault { return LossyLink(Everywhere, share(random, 1, 15)) },
	run.KindClockOffset: func(random *rand.Rand) Fault { return ClockOffset(Any, milliseconds(random, 100, 60_000)) },
	run.KindClockDrift:  func(random *rand.Rand) Fault { return ClockDrift(Any, float64(100+random.IntN(9_900))) },
	run.KindClockJump:   func(random *rand.Rand) Fault { return ClockJump(Any, -milliseconds(random, 1_000, 600_000)) },
	run.KindClockFreeze: func(*rand.Rand) Fault { return ClockFreeze(Any) },
	run.KindClockStrobe: func(random *rand.Rand) Fault {
		return ClockStrobe(Any, milliseconds(random, 100, 30_000), 2*milliseconds(random, 50, 2_000))
	},
	run.KindCrash:    func(*rand.Rand) Fault { return Crash(Any) },
	run.KindKill:     func(*rand.Rand) Fault { return Kill(Any) },
	run.KindPause:    func(*rand.Rand) Fault { return Pause(Any) },
	run.KindSlowDisk: func(random *rand.Rand) Fault { return SlowDisk(Any, milliseconds(random, 5, 300)) },
}

func milliseconds(random *rand.Rand, from, to int) time.Duration {
	return time.Duration(from+random.IntN(to-from)) * time.Millisecond
}

// share is so many percent.
func share(random *rand.Rand, from, to int) float64 { return float64(from+random.IntN(to-from)) / 100 }

// validate says what is wrong with a draw.
func (d Draw) validate(lasts time.Duration) error {
	if d.From < 0 || d.Until <= d.From || d.Until >= lasts {
		return fmt.Errorf("draws faults from %v until %v: want a stretch within the run's %v", d.From, d.Until, lasts)
	}
	if len(d.Kinds) == 0 {
		return fmt.Errorf("draws from no kinds of faults: name one at least")
	}
	for _, kind := range d.Kinds {
		if drawings[kind] == nil {
			return fmt.Errorf("draws %q: want kinds among %v", kind, sortedKeys(drawings))
		}
	}
	return nil
}

// Drawn is the scenario as a seed has it: with the faults that it leaves to the seed in its plan. Others stay as they are.
func (s Scenario) Drawn(seed uint64) Scenario {
	if s.Draw == nil {
		return s
	}
	s.Plan, s.Draw = s.Draw.plan(seeding{seed, s.Name}), nil
	return s
}

// plan draws one.
func (d Draw) plan(seeding seeding) Plan {
	random := seeding.stream("plan")
	var plan Plan
	inForce := map[run.Family]run.Kind{}
	end := func(at time.Duration, family run.Family) {
		if kind, there := inForce[family]; there {
			remedy := Fault{Kind: kind.UndoneBy()[0]}
			if forms[remedy.Kind].names == namesMachines {
				remedy.On = []Role{Victims}
			}
			plan = append(plan, At(at, remedy))
			delete(inForce, family)
		}
	}
	pause := func() time.Duration {
		return drawnPauseMin + time.Duration(random.Int64N(int64(drawnPauseMax-drawnPauseMin))).Truncate(time.Millisecond)
	}
	for at := d.From; at < d.Until; at += pause() {
		kind := d.Kinds[random.IntN(len(d.Kinds))]
		if _, there := inForce[kind.Family()]; there {
			end(at, kind.Family())
			continue
		}
		if d.Until-at < drawnPauseMin {
			break // it would hardly be noticed
		}
		plan = append(plan, At(at, drawings[kind](random)))
		if kind.Lasts() {
			inForce[kind.Family()] = kind
		}
	}
	for _, family := range sortedKeys(inForce) {
		end(d.Until, family)
	}
	return slices.Clip(plan)
}
