// Copyright 2023 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build wasip1

package runtime

// Changed for simulated machines: the simulator knows which file descriptors goroutines wait for (machine_arm) and tells which of
// them have become ready (machine_poll), so that a wake-up costs what it brings, not what there is to wait for.

// polled has the poll descriptor of each file descriptor.
var polled []*pollDesc

// pollMode is a set of directions, as the simulator counts them.
type pollMode = uint32

const (
	pollRead  pollMode = 1
	pollWrite pollMode = 2
)

// machine_arm asks for one wake-up when fd becomes ready in that direction. If it is ready already, machine.ready counts it at once.
//
//go:wasmimport sim arm
func machine_arm(fd int32, mode pollMode)

// machine_poll takes up to n file descriptors that have become ready, each as fd<<2 | directions, and returns their number.
//
//go:wasmimport sim poll
//go:noescape
func machine_poll(ready *uint32, n size) size

// machine_pollable tells whether there is something to wait for with fd: not with files, which are always ready.
//
//go:wasmimport sim pollable
func machine_pollable(fd int32) uint32

func netpollinit() {}

func netpollIsPollDescriptor(fd uintptr) bool {
	return false
}

// netpollopen refuses files, as epoll does; they have no deadlines then, and wait for nobody.
func netpollopen(fd uintptr, pd *pollDesc) int32 {
	if machine_pollable(int32(fd)) == 0 {
		return 63 // EPERM
	}
	for uintptr(len(polled)) <= fd {
		polled = append(polled, nil)
	}
	polled[fd] = pd
	return 0
}

func netpollarm(pd *pollDesc, mode int) {
	if mode == 'r' {
		machine_arm(int32(pd.fd), pollRead)
	} else {
		machine_arm(int32(pd.fd), pollWrite)
	}
}

// netpollclose forgets fd. The simulator does so when fd is closed.
func netpollclose(fd uintptr) int32 {
	polled[fd] = nil
	return 0
}

func netpollBreak() {}

// netpoll returns the goroutines whose file descriptors have become ready. It never waits, whatever the delay: beforeIdle does.
func netpoll(delay int64) (gList, int32) {
	var toRun gList
	var delta int32
	for machine.ready != 0 {
		var ready [32]uint32
		n := machine_poll(&ready[0], size(len(ready)))
		for _, r := range ready[:n] {
			pd := polled[r>>2]
			if pd == nil {
				continue
			}
			var mode int32
			if r&pollRead != 0 {
				mode += 'r'
			}
			if r&pollWrite != 0 {
				mode += 'w'
			}
			delta += netpollready(&toRun, pd, mode)
		}
	}
	return toRun, delta
}
