// Copyright 2023 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build wasip1

package net

import "runtime"

// Changed for simulated machines: the options that programs set on ordinary sockets.

// sim_sock_option sets one of the options below.
//
//go:wasmimport sim sock_option
func sim_sock_option(fd int32, option uint32, value int64) uint32

const (
	simKeepAliveOn = iota
	simKeepAliveIdle
	simKeepAliveInterval
	simKeepAliveCount
	simLinger // in seconds; negative: off
	simReadBuffer
	simWriteBuffer
	simNoDelay // nothing is ever delayed
)

func simSetOption(fd *netFD, option uint32, value int64) (err error) {
	closed := fd.pfd.RawControl(func(sysfd uintptr) {
		err = simError("setsockopt", sim_sock_option(int32(sysfd), option, value))
	})
	runtime.KeepAlive(fd)
	if closed != nil {
		return closed
	}
	return err
}

func setReadBuffer(fd *netFD, bytes int) error {
	return simSetOption(fd, simReadBuffer, int64(bytes))
}

func setWriteBuffer(fd *netFD, bytes int) error {
	return simSetOption(fd, simWriteBuffer, int64(bytes))
}

func setKeepAlive(fd *netFD, keepalive bool) error {
	return simSetOption(fd, simKeepAliveOn, int64(boolint(keepalive)))
}

func setLinger(fd *netFD, sec int) error {
	return simSetOption(fd, simLinger, int64(sec))
}

func boolint(b bool) int {
	if b {
		return 1
	}
	return 0
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
