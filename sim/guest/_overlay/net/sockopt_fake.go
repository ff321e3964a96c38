// Copyright 2023 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build wasip1

package net

import (
	"os"
	"syscall"
)

// Changed for simulated machines: the options that programs set on ordinary sockets are accepted. Only those of keep-alive have an
// effect; the simulated network has buffers of its own sizes.

// sim_sock_keepalive sets one of the options in tcpsockopt_stub.go.
//
//go:wasmimport sim sock_keepalive
func sim_sock_keepalive(fd int32, option uint32, value int64) uint32

const (
	simKeepAliveOn = iota
	simKeepAliveIdle
	simKeepAliveInterval
	simKeepAliveCount
)

func simSetKeepAlive(fd *netFD, option uint32, value int64) error {
	return simError("setsockopt", sim_sock_keepalive(int32(fd.pfd.Sysfd), option, value))
}

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
	if keepalive {
		return simSetKeepAlive(fd, simKeepAliveOn, 1)
	}
	return simSetKeepAlive(fd, simKeepAliveOn, 0)
}

func setLinger(fd *netFD, sec int) error {
	return nil
}

func setDefaultSockopts(s, family, sotype int, ipv6only bool) error {
	return nil
}

func setDefaultListenerSockopts(s int) error {
	return nil
}

func setDefaultMulticastSockopts(s int) error {
	return nil
}
