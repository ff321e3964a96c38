package trace

import (
	"errors"
	"fmt"
	"io"
	"time"
)

// Difference is where two traces part.
type Difference struct {
	// Index is that of the first record that differs, among all records of its run.
	Index uint64
	At    time.Duration
	// Left and Right are what each side has there; nil for a side that has ended.
	Left, Right *Record
	// LeftHash and RightHash are the hashes of the whole traces. They are only known, and the only difference, if the records that were
	// written out are all the same.
	LeftHash, RightHash string
}

// String tells a person what differs.
func (d *Difference) String() string {
	if d.Left == nil && d.Right == nil {
		return fmt.Sprintf("the records written out are the same, but the hashes over all records differ: %s and %s; compare full traces", d.LeftHash, d.RightHash)
	}
	return fmt.Sprintf("the traces part at record %d:\n  %s\n  %s", d.Index, d.Left, d.Right)
}

// String is the record in one line.
func (r *Record) String() string {
	if r == nil {
		return "(nothing: this run has ended)"
	}
	s := fmt.Sprintf("%v %s %s", r.At, r.Machine, r.Kind)
	if r.Peer != "" {
		s += " " + r.Peer
	}
	if r.Source.IsValid() || r.Destination.IsValid() {
		s += fmt.Sprintf(" %s>%s", r.Source, r.Destination)
	}
	if r.Number != 0 {
		s += fmt.Sprintf(" number=%d", r.Number)
	}
	if r.Size != 0 || r.Sum != 0 {
		s += fmt.Sprintf(" size=%d sum=%s", r.Size, FormatHash(r.Sum))
	}
	if r.Text != "" {
		s += fmt.Sprintf(" %q", r.Text)
	}
	return s
}

// Compare reads two trace files and returns the first difference, or nil if there is none. Both must be of the same level.
func Compare(left, right io.Reader) (*Difference, error) {
	l, err := NewReader(left)
	if err != nil {
		return nil, fmt.Errorf("left: %w", err)
	}
	r, err := NewReader(right)
	if err != nil {
		return nil, fmt.Errorf("right: %w", err)
	}
	if l.Level() != r.Level() {
		return nil, fmt.Errorf("cannot compare traces of different levels, %s and %s: write both at level full", l.Level(), r.Level())
	}
	for {
		leftIndex, leftRecord, leftErr := l.Next()
		rightIndex, rightRecord, rightErr := r.Next()
		leftEnds, rightEnds := errors.Is(leftErr, io.EOF), errors.Is(rightErr, io.EOF)
		switch {
		case leftErr != nil && !leftEnds:
			return nil, fmt.Errorf("left: %w", leftErr)
		case rightErr != nil && !rightEnds:
			return nil, fmt.Errorf("right: %w", rightErr)
		case leftEnds && rightEnds:
			leftHash, _ := l.Total()
			rightHash, _ := r.Total()
			if leftHash != rightHash {
				return &Difference{LeftHash: leftHash, RightHash: rightHash}, nil
			}
			return nil, nil
		case leftEnds:
			return &Difference{Index: rightIndex, At: rightRecord.At, Right: &rightRecord}, nil
		case rightEnds:
			return &Difference{Index: leftIndex, At: leftRecord.At, Left: &leftRecord}, nil
		case leftIndex != rightIndex || !same(&leftRecord, &rightRecord):
			return &Difference{Index: min(leftIndex, rightIndex), At: min(leftRecord.At, rightRecord.At), Left: &leftRecord, Right: &rightRecord}, nil
		}
	}
}

// same compares what files hold of two records.
func same(a, b *Record) bool {
	return a.At == b.At && a.Kind == b.Kind && a.Machine == b.Machine && a.Peer == b.Peer && a.Source == b.Source &&
		a.Destination == b.Destination && a.Number == b.Number && a.Size == b.Size && a.Sum == b.Sum && a.Text == b.Text
}
