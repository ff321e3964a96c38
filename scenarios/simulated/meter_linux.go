package simulated

import (
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// meter measures the processor time of one run: that of the thread that runs its world, user and system time. The harness's own
// garbage collection, which other threads do, is not in it; guests collect their garbage on the world's thread, so theirs is.
type meter struct {
	running bool
	began   time.Duration
	spent   time.Duration
}

// start ties the goroutine to its thread until stop.
func (m *meter) start() {
	if !m.running {
		runtime.LockOSThread()
		m.running, m.began = true, threadTime()
	}
}

// stop returns the time between starts and stops.
func (m *meter) stop() time.Duration {
	if m.running {
		m.running, m.spent = false, m.spent+threadTime()-m.began
		runtime.UnlockOSThread()
	}
	return m.spent
}

func threadTime() time.Duration {
	var usage unix.Rusage
	if unix.Getrusage(unix.RUSAGE_THREAD, &usage) != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
