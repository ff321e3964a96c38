// Copyright 2018 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build wasip1

package poll

import "syscall"

// Changed for simulated machines: a sync takes time, for the goroutine that calls it.

// machine_sync_time asks the simulator how long the next sync of fd takes, in nanoseconds.
//
//go:wasmimport sim sync_time
func machine_sync_time(fd int32) int64

// machineSleep is implemented in package runtime.
func machineSleep(ns int64)

// Fsync wraps syscall.Fsync.
func (fd *FD) Fsync() error {
	if err := fd.incref(); err != nil {
		return err
	}
	defer fd.decref()
	if ns := machine_sync_time(int32(fd.Sysfd)); ns > 0 {
		machineSleep(ns)
	}
	return ignoringEINTR(func() error {
		return syscall.Fsync(fd.Sysfd)
	})
}
