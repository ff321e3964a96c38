package scenarios

import (
	"context"
	"math"
	"slices"
	"time"
)

// flapping is a cut in force that comes and goes.
type flapping struct {
	number int
	// half of its period.
	half time.Duration
	// there says whether it is there now; next is when that changes.
	there bool
	next  time.Duration
}

// flap takes in a strike that was struck: a cut that comes and goes, or what ends some.
func (d *driver) flap(at time.Duration, strike Strike) {
	d.flapping = slices.DeleteFunc(d.flapping, func(f flapping) bool { return slices.Contains(strike.Undone, f.number) })
	if strike.Period > 0 && mayFlap(strike.Kind) {
		half := strike.Period / 2
		d.flapping = append(d.flapping, flapping{number: strike.Number, half: half, there: true, next: at + half})
	}
}

// nextToggle is when the next cut comes or goes.
func (d *driver) nextToggle() time.Duration {
	next := time.Duration(math.MaxInt64)
	for _, f := range d.flapping {
		next = min(next, f.next)
	}
	return next
}

// toggle has those come and go whose time it is.
func (d *driver) toggle(ctx context.Context) error {
	for i := range d.flapping {
		f := &d.flapping[i]
		if f.next > d.stage.Now() {
			continue
		}
		f.there = !f.there
		f.next += f.half
		if err := d.stage.Toggle(ctx, f.number, f.there); err != nil {
			return err
		}
	}
	return nil
}
