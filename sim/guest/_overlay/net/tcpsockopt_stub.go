// Copyright 2023 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build wasip1

package net

import "time"

// Changed for simulated machines: accepted, without effect. See sockopt_fake.go.

func setNoDelay(fd *netFD, noDelay bool) error {
	return nil
}

func setKeepAliveIdle(fd *netFD, d time.Duration) error {
	return nil
}

func setKeepAliveInterval(fd *netFD, d time.Duration) error {
	return nil
}

func setKeepAliveCount(fd *netFD, n int) error {
	return nil
}
