package prune

import (
	"io/fs"
	"syscall"
	"time"
)

// used is when a file was written or read last, as far as the file system notes that.
func used(info fs.FileInfo) time.Time {
	used := info.ModTime()
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		if read := time.Unix(stat.Atim.Unix()); read.After(used) {
			used = read
		}
	}
	return used
}
