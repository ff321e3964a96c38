package scenarios

import (
	"errors"
	"fmt"
	"time"

	"muster/model/run"
)

// ClockOffset puts a machine's wall clock ahead of true time.
func ClockOffset(role Role, offset time.Duration) Fault {
	return Fault{Kind: run.KindClockOffset, On: []Role{role}, Measures: Measures{Offset: offset}}
}

// ClockDrift has a machine's clocks run fast, in parts per million.
func ClockDrift(role Role, ppm float64) Fault {
	return Fault{Kind: run.KindClockDrift, On: []Role{role}, Measures: Measures{Drift: ppm}}
}

// ClockJump moves a machine's wall clock on from wherever it is; back, by less than nothing.
func ClockJump(role Role, by time.Duration) Fault {
	return Fault{Kind: run.KindClockJump, On: []Role{role}, Measures: Measures{Offset: by}}
}

// ClockFreeze has machines' wall clocks stand still.
func ClockFreeze(roles ...Role) Fault { return Fault{Kind: run.KindClockFreeze, On: roles} }

// ClockStrobe has a machine's wall clock jump by an offset and back again, once in each period.
func ClockStrobe(role Role, offset, period time.Duration) Fault {
	return Fault{Kind: run.KindClockStrobe, On: []Role{role}, Measures: Measures{Offset: offset, Period: period}}
}

// ClockReset sets clocks right.
func ClockReset(roles ...Role) Fault { return Fault{Kind: run.KindClockReset, On: roles} }

var clockForms = map[run.Kind]form{
	run.KindClockOffset: {check: checkOffset, words: func(s Strike, list func([]string) string) string {
		return fmt.Sprintf("set the clock of %s %s", list(s.Machines), offsetWords(s))
	}},
	run.KindClockJump: {check: checkOffset, words: func(s Strike, list func([]string) string) string {
		return fmt.Sprintf("move the clock of %s %s", list(s.Machines), offsetWords(s))
	}},
	run.KindClockDrift: {
		check: func(f Fault) error {
			if f.Drift == 0 || f.Drift <= -1e6 {
				return fmt.Errorf("of %v ppm: want a drift other than zero and above -1000000", f.Drift)
			}
			return nil
		},
		words: func(s Strike, list func([]string) string) string {
			return fmt.Sprintf("let the clock of %s drift by %+g ppm", list(s.Machines), s.Drift)
		},
	},
	run.KindClockFreeze: {words: func(s Strike, list func([]string) string) string {
		return "stop the clock of " + list(s.Machines)
	}},
	run.KindClockStrobe: {
		check: func(f Fault) error {
			if f.Period <= 0 {
				return fmt.Errorf("a period of %v: want one above zero", f.Period)
			}
			return checkOffset(f)
		},
		words: func(s Strike, list func([]string) string) string {
			return fmt.Sprintf("let the clock of %s jump %s and again right every %v", list(s.Machines), offsetWords(s), s.Period)
		},
	},
	run.KindClockReset: {words: func(s Strike, list func([]string) string) string {
		return "set the clock of " + list(s.Machines) + " right"
	}},
}

func checkOffset(f Fault) error {
	if f.Offset == 0 {
		return errors.New("by nothing: want an offset other than zero")
	}
	return nil
}

// offsetWords are "5s ahead" or "5s back".
func offsetWords(strike Strike) string {
	if strike.Offset < 0 {
		return (-strike.Offset).String() + " back"
	}
	return strike.Offset.String() + " ahead"
}
