package scenarios

import (
	"fmt"

	"muster/model/run"
)

// Crash takes the power from machines.
func Crash(roles ...Role) Fault { return Fault{Kind: run.KindCrash, On: roles} }

// TornCrash takes the power from machines while they write: of what was appended and not synced, a part is on the disk.
func TornCrash(roles ...Role) Fault { return Fault{Kind: run.KindTornCrash, On: roles} }

// Kill ends the program on machines, at once and without a word.
func Kill(roles ...Role) Fault { return Fault{Kind: run.KindKill, On: roles} }

// Terminate asks the program on machines to end in good order.
func Terminate(roles ...Role) Fault { return Fault{Kind: run.KindTerminate, On: roles} }

// Restart boots machines again.
func Restart(roles ...Role) Fault { return Fault{Kind: run.KindRestart, On: roles} }

// Move boots machines again with another address each, and with their disks.
func Move(roles ...Role) Fault { return Fault{Kind: run.KindMove, On: roles} }

// Upgrade boots machines again with the next build of the program.
func Upgrade(roles ...Role) Fault { return Fault{Kind: run.KindUpgrade, On: roles} }

// Pause stops machines from running.
func Pause(roles ...Role) Fault { return Fault{Kind: run.KindPause, On: roles} }

// SlowCPU leaves a machine's program a share of the processor.
func SlowCPU(role Role, share float64) Fault {
	return Fault{Kind: run.KindSlowCPU, On: []Role{role}, Measures: Measures{Share: share}}
}

// Resume lets paused machines run on, and slowed ones at full speed.
func Resume(roles ...Role) Fault { return Fault{Kind: run.KindResume, On: roles} }

var machineForms = map[run.Kind]form{
	run.KindCrash: {},
	run.KindTornCrash: {words: func(s Strike, list func([]string) string) string {
		return "crash " + list(s.Machines) + " during a write"
	}},
	run.KindKill:      {},
	run.KindTerminate: {},
	run.KindRestart:   {},
	run.KindMove: {words: func(s Strike, list func([]string) string) string {
		return "restart " + list(s.Machines) + " with another address"
	}},
	run.KindUpgrade: {words: func(s Strike, list func([]string) string) string {
		return "restart " + list(s.Machines) + " with the next build"
	}},
	run.KindPause: {},
	run.KindSlowCPU: {check: checkShare, words: func(s Strike, list func([]string) string) string {
		return fmt.Sprintf("leave %s %s of the processor", list(s.Machines), percent(s.Share))
	}},
	run.KindResume: {},
}
