//go:build !linux

package simulated

import "time"

// meter measures nothing where the processor time of a thread cannot be asked for: the run's cost is then unknown.
type meter struct{}

func (m *meter) start() {}

func (m *meter) stop() time.Duration { return 0 }
