// Copyright 2023 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build wasip1

package net

import (
	"os"
	"syscall"
	"time"
)

// Changed for simulated machines; see sockopt_fake.go. As elsewhere, 0 stands for the default and a negative value for no change.

func setNoDelay(fd *netFD, noDelay bool) error {
	return simSetOption(fd, simNoDelay, int64(boolint(noDelay)))
}

func setKeepAliveIdle(fd *netFD, d time.Duration) error {
	if d == 0 {
		d = defaultTCPKeepAliveIdle
	} else if d < 0 {
		return nil
	}
	return simSetOption(fd, simKeepAliveIdle, int64(d))
}

func setKeepAliveInterval(fd *netFD, d time.Duration) error {
	if d == 0 {
		d = defaultTCPKeepAliveInterval
	} else if d < 0 {
		return nil
	}
	return simSetOption(fd, simKeepAliveInterval, int64(d))
}

func setKeepAliveCount(fd *netFD, n int) error {
	if n == 0 {
		n = defaultTCPKeepAliveCount
	} else if n < 0 {
		return nil
	}
	if n > 127 {
		return os.NewSyscallError("setsockopt", syscall.EINVAL)
	}
	return simSetOption(fd, simKeepAliveCount, int64(n))
}
