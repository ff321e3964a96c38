package simulated

import (
	"fmt"

	"muster/model/run"
	"muster/sim/trace"
)

// FirstDifference compares the traces of two runs and returns the first record that differs, nil if none does. It finds more the more of
// the traces was written (see Options.Trace).
func FirstDifference(one, other run.Folder) (*trace.Difference, error) {
	left, err := OpenTrace(one)
	if err != nil {
		return nil, err
	}
	defer left.Close()
	right, err := OpenTrace(other)
	if err != nil {
		return nil, err
	}
	defer right.Close()
	difference, err := trace.Compare(left, right)
	if err != nil {
		return nil, fmt.Errorf("comparing the traces of %s (left) and %s (right): %w", one, other, err)
	}
	return difference, nil
}
