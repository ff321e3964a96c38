// Copyright 2023 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build wasip1

package net

import (
	"os"
	"syscall"
)

// Changed for simulated machines: the options that programs set on ordinary sockets are accepted. Only lingering changes anything:
// the simulated network has buffers of its own sizes, and its connections notice by themselves that they are dead.

//go:wasmimport sim sock_linger
func sim_sock_linger(fd int32, seconds int32) uint32

func setReadBuffer(fd *netFD, bytes int) error {
	if bytes <= 0 {
		return os.NewSyscallError("setsockopt", syscall.EINVAL)
	}
	return nil
}

func setWriteBuffer(fd *netFD, bytes int) error {
	return setReadBuffer(fd, bytes)
}

func setKeepAlive(fd *netFD, keepalive bool) error {
	return nil
}

func setLinger(fd *netFD, sec int) error {
	errno := sim_sock_linger(int32(fd.pfd.Sysfd), int32(sec))
	return simError("setsockopt", errno)
}
