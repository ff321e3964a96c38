package clock

import (
	"fmt"
	"math"
	"time"
)

// Epoch is what a true wall clock shows when a world begins.
var Epoch = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)

// Never is the true time of what does not come.
const Never int64 = math.MaxInt64

// started is what a monotonic clock shows when its machine starts. It is not 0, which Go's runtime takes for a clock that does not work.
const started = int64(time.Second)

// Clock is the clock of a machine. True times are nanoseconds since the world began. Use New.
type Clock struct {
	base int64 // the true time at which the clocks showed:
	mono int64 // nanoseconds
	wall int64 // nanoseconds since 1970
	ppb  int64 // how much faster than true time they run, in parts per billion

	frozen bool // the wall clock stands still
	strobe strobe
}

// strobe is a wall clock that jumps to and fro: for every second interval since the true time begin it shows so much more.
type strobe struct {
	begin, interval int64 // interval 0: it does not
	amplitude       int64
}

func (s strobe) at(now int64) int64 {
	if s.interval == 0 || (now-s.begin)/s.interval%2 == 1 {
		return 0
	}
	return s.amplitude
}

// New returns the clock of a machine that starts now, with its wall clock right.
func New(now int64) Clock {
	return Clock{base: now, mono: started, wall: trueWall(now)}
}

func trueWall(now int64) int64 { return Epoch.UnixNano() + now }

// run moves the base to now, so that what changes then leaves the past alone.
func (c *Clock) run(now int64) {
	c.mono, c.wall, c.base = c.Mono(now), c.steadyWall(now), now
}

// elapsed is what the clocks count from the base to the true time now.
func (c *Clock) elapsed(now int64) int64 {
	d := now - c.base
	if c.ppb == 0 {
		return d
	}
	// d*ppb/1e9 in two parts, since the product overflows after some seconds.
	return d + d/1e9*c.ppb + d%1e9*c.ppb/1e9
}

// Mono is what the monotonic clock shows, in nanoseconds.
func (c *Clock) Mono(now int64) int64 { return c.mono + c.elapsed(now) }

// Wall is what the wall clock shows, in nanoseconds since 1970.
func (c *Clock) Wall(now int64) int64 { return c.steadyWall(now) + c.strobe.at(now) }

// steadyWall is what the wall clock would show if it did not jump to and fro.
func (c *Clock) steadyWall(now int64) int64 {
	if c.frozen {
		return c.wall
	}
	return c.wall + c.elapsed(now)
}

// Skew is how far the wall clock is ahead of the true time.
func (c *Clock) Skew(now int64) time.Duration { return time.Duration(c.Wall(now) - trueWall(now)) }

// WhenMono is the first true time, not before now, at which the monotonic clock shows at least mono; Never if it stands still before.
func (c *Clock) WhenMono(now, mono int64) int64 {
	missing := mono - c.Mono(now)
	if missing <= 0 {
		return now
	}
	if c.ppb == 0 {
		return now + missing
	}
	rate := 1 + float64(c.ppb)/1e9
	if rate <= 0 {
		return Never
	}
	if float64(missing)/rate > math.MaxInt64/4 {
		return Never
	}
	late := now + int64(float64(missing)/rate)
	for c.Mono(late) < mono { // rounding made it too early
		late += late - now + 1
	}
	early := now // the clock shows less than mono at early, and enough at late
	for late-early > 1 {
		middle := early + (late-early)/2
		if c.Mono(middle) < mono {
			early = middle
		} else {
			late = middle
		}
	}
	return late
}

// SetSkew sets the wall clock so that it is ahead of the true time by skew, besides what Strobe adds.
func (c *Clock) SetSkew(now int64, skew time.Duration) {
	c.run(now)
	c.wall = trueWall(now) + int64(skew)
}

// Jump moves the wall clock.
func (c *Clock) Jump(now int64, by time.Duration) {
	c.run(now)
	c.wall += int64(by)
}

// Freeze stops the wall clock, and Unfreeze lets it go on from what it shows. The monotonic clock does not care.
func (c *Clock) Freeze(now int64) {
	c.run(now)
	c.frozen = true
}

// Unfreeze ends a Freeze.
func (c *Clock) Unfreeze(now int64) {
	c.run(now)
	c.frozen = false
}

// Frozen tells whether the wall clock stands still.
func (c *Clock) Frozen() bool { return c.frozen }

// Strobe has the wall clock jump by amplitude now, back after an interval, forth again after another, and so on. It replaces an earlier
// Strobe; an amplitude of 0 ends it.
func (c *Clock) Strobe(now int64, amplitude, interval time.Duration) error {
	switch {
	case amplitude == 0:
		c.strobe = strobe{}
		return nil
	case interval <= 0:
		return fmt.Errorf("a wall clock that jumps to and fro every %v: want an interval longer than nothing", interval)
	}
	c.strobe = strobe{begin: now, interval: int64(interval), amplitude: int64(amplitude)}
	return nil
}

// SlowestDrift stops a clock; FastestDrift makes it run at twice the speed. Both in parts per million.
const (
	SlowestDrift = -1e6
	FastestDrift = 1e6
)

// SetDrift makes the clocks run faster than the true time by so many parts per million (slower, if negative).
func (c *Clock) SetDrift(now int64, ppm float64) error {
	if !(SlowestDrift <= ppm && ppm <= FastestDrift) {
		return fmt.Errorf("clock drift of %v ppm: want %d (the clock stands still) to %d (it runs at twice the speed)", ppm, int(SlowestDrift), int(FastestDrift))
	}
	c.run(now)
	c.ppb = int64(math.Round(ppm * 1000))
	return nil
}

// Drift is how many parts per million faster than the true time the clocks run.
func (c *Clock) Drift() float64 { return float64(c.ppb) / 1000 }

// Reset sets the wall clock right and ends the drift, as a good time server would, and whatever else was done to it.
func (c *Clock) Reset(now int64) {
	c.run(now)
	c.ppb, c.wall, c.frozen, c.strobe = 0, trueWall(now), false, strobe{}
}

// Reboot starts the monotonic clock anew. The wall clock goes on, as its battery makes it do.
func (c *Clock) Reboot(now int64) {
	c.run(now)
	c.mono = started
}
