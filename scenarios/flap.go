package scenarios

import (
	"context"
	"math"
	"slices"
	"time"
)

// flapping is a cut in force that comes and goes. It is plain data, which is kept with the run.
type flapping struct {
	Number int
	// Half of its period.
	Half time.Duration
	// There says whether it is there now; Next is when that changes.
	There bool
	Next  time.Duration
}

// flap takes in a strike that was struck: a cut that comes and goes, or what ends some.
func (d *driver) flap(at time.Duration, strike Strike) {
	d.flapping = slices.DeleteFunc(d.flapping, func(f flapping) bool { return slices.Contains(strike.Undone, f.Number) })
	if strike.Period > 0 && mayFlap(strike.Kind) {
		half := strike.Period / 2
		d.flapping = append(d.flapping, flapping{Number: strike.Number, Half: half, There: true, Next: at + half})
	}
}

// nextToggle is when the next cut comes or goes.
func (d *driver) nextToggle() time.Duration {
	next := time.Duration(math.MaxInt64)
	for _, f := range d.flapping {
		next = min(next, f.Next)
	}
	return next
}

// toggle has those come and go whose time it is.
func (d *driver) toggle(ctx context.Context) error {
	for i := range d.flapping {
		f := &d.flapping[i]
		if f.Next > d.stage.Now() {
			continue
		}
		f.There = !f.There
		f.Next += f.Half
		if err := d.stage.Toggle(ctx, f.Number, f.There); err != nil {
			return err
		}
	}
	return nil
}
