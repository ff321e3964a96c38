package machine

import (
	"fmt"
	"strings"
	"time"
)

// DefaultWorkLimit is how much work a program may do before it waits unless told otherwise: what takes a processor half a minute or so. A
// program that has much to compute may well need some seconds.
const DefaultWorkLimit = 40_000_000_000

// callWork is what a system call costs, in the same units (guest/restructure/meter.go).
const callWork = 100

// SpinCode is the exit code of a process that did more work than it may: what a shell reports for SIGXCPU.
const SpinCode = 152

// meterExport is the name under which a program says where it counts its work (guest/restructure/meter.go).
const meterExport = "work_left"

// findMeter finds out where the program counts its work, if it does.
func (p *Process) findMeter() {
	if at := p.module.ExportedGlobal(meterExport); at != nil && at.Get()+8 <= uint64(len(p.memory.data)) {
		p.meter = at.Get()
	}
}

// allowWork lets the program do as much as it may before it waits.
func (p *Process) allowWork() {
	p.timed = 0
	if p.meter != 0 {
		p.putUint64(p.meter, uint64(p.workLimit))
	}
}

// spendWork takes something off what the program may do. If that was too much, the program finds out soon.
func (p *Process) spendWork(units int64) {
	if p.meter != 0 {
		p.putUint64(p.meter, uint64(p.int64(p.meter)-units))
	}
}

// SetSlowdown has the program's work take so many times what it takes a real processor, on the machine's clock; 0: no time at all.
func (p *Process) SetSlowdown(times float64) { p.slowdown = times }

// takeTime lets the time pass that the program's work since the last call takes, while it runs. What it sends from now on leaves that
// much later.
func (p *Process) takeTime() {
	if p.slowdown == 0 || p.words == 0 {
		return
	}
	done := p.workDone()
	p.spend(time.Duration(float64(done-p.timed) * p.slowdown))
	p.timed = done
	p.kernel.Network.SetAhead(time.Duration(p.busy()))
}

// busy is how far the program's clock is ahead of what it was when it went on.
func (p *Process) busy() int64 {
	return p.int64(p.words+wordMono) - p.kernel.Clock.Mono(p.kernel.Queue.Now())
}

// workLeft is how much more the program may do.
func (p *Process) workLeft() int64 {
	if p.meter == 0 {
		return 0
	}
	return p.int64(p.meter)
}

// workDone is how much the program has done since it went on.
func (p *Process) workDone() int64 {
	if p.meter == 0 {
		return 0
	}
	return p.workLimit - p.workLeft()
}

// spun says what a program did that was stopped, from what wazero says about where it was: a line for each function, the innermost first,
// such as "	main.spin(i32) i32".
func (p *Process) spun(trap string) string {
	var where []string
	for line := range strings.Lines(trap) {
		name, _, isFunction := strings.Cut(strings.TrimSpace(line), "(i32) i32")
		if isFunction && strings.HasPrefix(line, "\t") && len(where) < 8 {
			where = append(where, strings.TrimPrefix(name, "."))
		}
	}
	reason := fmt.Sprintf("it spins: it did %d units of work and did not wait in between", p.workDone())
	if len(where) > 0 {
		reason += "; it was in " + strings.Join(where, ", called by ")
	}
	return reason
}
