package sim

import (
	"fmt"
	"time"

	"muster/sim/trace"
)

// Clock is the clock of a machine, to be tampered with. See package clock for what a machine's clocks are.
type Clock struct{ machine *Machine }

// Clock returns the machine's clock.
func (m *Machine) Clock() Clock { return Clock{m} }

// Skew is how far the machine's wall clock is ahead of the true time.
func (c Clock) Skew() time.Duration { return c.machine.clock.Skew(c.now()) }

// Wall is what the machine's wall clock shows.
func (c Clock) Wall() time.Time { return time.Unix(0, c.machine.clock.Wall(c.now())).UTC() }

// Offset sets the wall clock so that it is ahead of the true time by so much (behind, if negative).
func (c Clock) Offset(skew time.Duration) {
	c.machine.clock.SetSkew(c.now(), skew)
	c.changed("offset %v", skew)
}

// Jump moves the wall clock forward (back, if negative).
func (c Clock) Jump(by time.Duration) {
	c.machine.clock.Jump(c.now(), by)
	c.changed("jump %v", by)
}

// Drift makes the machine's clocks run faster than true time by so many parts per million (slower, if negative; -1e6 stops them).
func (c Clock) Drift(ppm float64) error {
	if err := c.machine.clock.SetDrift(c.now(), ppm); err != nil {
		return c.machine.fail("drift of", err)
	}
	c.changed("drift %v ppm", ppm)
	return nil
}

// Freeze stops the wall clock alone: timers and durations go on.
func (c Clock) Freeze() {
	c.machine.clock.Freeze(c.now())
	c.changed("freeze")
}

// Unfreeze lets it go on from what it shows, which is late then.
func (c Clock) Unfreeze() {
	c.machine.clock.Unfreeze(c.now())
	c.changed("unfreeze")
}

// Strobe has the wall clock jump by amplitude now, back after an interval, forth again after another, and so on, until Reset or a Strobe
// with an amplitude of 0.
func (c Clock) Strobe(amplitude, interval time.Duration) error {
	if err := c.machine.clock.Strobe(c.now(), amplitude, interval); err != nil {
		return c.machine.fail("strobe of", err)
	}
	c.changed("strobe %v every %v", amplitude, interval)
	return nil
}

// Reset sets the wall clock right and ends drift, Freeze and Strobe.
func (c Clock) Reset() {
	c.machine.clock.Reset(c.now())
	c.changed("reset")
}

func (c Clock) now() int64 { return c.machine.world.queue.Now() }

// changed looks again at when the machine goes on.
func (c Clock) changed(format string, args ...any) {
	m := c.machine
	m.world.record(trace.Record{Kind: trace.Clock, Machine: m.name, Number: int64(c.Skew()), Text: fmt.Sprintf(format, args...)})
	m.schedule()
	m.world.settle()
}
