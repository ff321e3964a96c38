// Copyright 2023 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build wasip1

package runtime

import "unsafe"

// Changed for simulated machines: locks of the runtime, which nobody can wait for, only count; a goroutine that waits for a note parks in place of a busy loop, and an idle program pauses
// (beforeIdle).
//
// wasm has no support for threads yet. There is no preemption.
// See proposal: https://github.com/WebAssembly/threads

const (
	active_spin     = 4
	active_spin_cnt = 30
)

type mWaitList struct{}

func lockVerifyMSize() {}

func mutexContended(l *mutex) bool {
	return false
}

func lock(l *mutex) {
	lockWithRank(l, getLockRank(l))
}

// lock2 keeps nobody out: there is one thread and no preemption, and nothing waits while it holds a lock. It counts, since that is what
// the runtime asks about. It is small enough to be inlined.
func lock2(l *mutex) { getg().m.locks++ }

func unlock(l *mutex) {
	unlockWithRank(l)
}

func unlock2(l *mutex) { getg().m.locks-- }

// One-time notifications. The key of a note is one of these, or the g that waits for it.
const (
	noteCleared = 0
	noteWoken   = 1
)

func noteclear(n *note) {
	n.key = noteCleared
}

func notewakeup(n *note) {
	waiting := n.key
	if waiting == noteWoken {
		throw("notewakeup - double wakeup")
	}
	n.key = noteWoken
	if waiting != noteCleared {
		netpollAdjustWaiters(-1)
		goready((*g)(unsafe.Pointer(waiting)), 1)
	}
}

func notesleep(n *note) {
	throw("notesleep not supported by wasi")
}

func notetsleep(n *note, ns int64) bool {
	throw("notetsleep not supported by wasi")
	return false
}

// notetsleepg is what signal handling and profiling wait with, for ever (ns < 0). The waiting goroutine counts as one that waits for
// the outside, so that a program that only waits for a signal is not taken for a deadlock.
func notetsleepg(n *note, ns int64) bool {
	gp := getg()
	if gp == gp.m.g0 {
		throw("notetsleepg on g0")
	}
	if ns >= 0 {
		throw("notetsleepg with a timeout not supported by wasi")
	}
	if n.key == noteCleared {
		n.key = uintptr(unsafe.Pointer(gp))
		netpollAdjustWaiters(1)
		gopark(nil, nil, waitReasonZero, traceBlockGeneric, 1)
	}
	return true
}

// machinePause returns to the simulator, and comes back when the simulator calls _start again.
func machinePause()

// beforeIdle gets called by the scheduler if no goroutine can run. It pauses the program until one may be able to: when the timer
// due next is due, or a file descriptor that a goroutine waits for is ready. Without any such thing it leaves the scheduler to
// find the deadlock.
func beforeIdle(now, pollUntil int64) (gp *g, otherReady bool) {
	for {
		if machine.ready != 0 {
			if list, delta := netpoll(0); !list.empty() {
				injectglist(&list)
				netpollAdjustWaiters(delta)
				return nil, true
			}
		}
		if pollUntil == 0 && !netpollAnyWaiters() {
			return nil, false
		}
		machine.until = pollUntil
		machinePause()
		if machine.reseed != 0 {
			machine.reseed = 0
			machineReseed()
		}
		if machine.signals != 0 {
			machineSignals()
			return nil, true
		}
		if pollUntil != 0 && nanotime() >= pollUntil {
			return nil, true
		}
	}
}

// machineSignals hands signals to os/signal. One that is neither wanted nor ignored ends the program.
func machineSignals() {
	for signal := uint32(1); signal < _NSIG; signal++ {
		if machine.signals&(1<<signal) != 0 && !sigsend(signal) && !signal_ignored(signal) {
			exit(128 + int32(signal)) // as a shell reports it
		}
	}
	machine.signals = 0
}

func checkTimeouts() {}
