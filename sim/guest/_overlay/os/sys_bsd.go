// Copyright 2023 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build wasip1

package os

// Changed for simulated machines: a machine has a name.

func hostname() (name string, err error) {
	content, err := ReadFile("/etc/hostname")
	if err != nil {
		return "", err
	}
	for i, c := range content {
		if c == '\n' {
			content = content[:i]
			break
		}
	}
	return string(content), nil
}
