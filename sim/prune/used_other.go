//go:build !linux

package prune

import (
	"io/fs"
	"time"
)

// used is when a file was written or touched last.
func used(info fs.FileInfo) time.Time { return info.ModTime() }
