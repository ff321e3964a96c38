package plots

import (
	"fmt"
	"time"

	"gonum.org/v1/plot/vg"
)

// Offset is how far a clock was off at a moment: the machine's clock minus true time.
type Offset struct {
	At, Offset time.Duration
}

// Clock is one machine's clock, its samples in the order of time.
type Clock struct {
	Machine string
	Samples []Offset
}

// Clocks shows how far each machine's clock was off.
func Clocks(t Timeline, clocks []Clock) Picture {
	var low, high time.Duration
	for _, clock := range clocks {
		for _, sample := range clock.Samples {
			low, high = min(low, sample.Offset), max(high, sample.Offset)
		}
	}
	most := max(high, -low)
	unit, name := time.Second, "s"
	switch {
	case most == 0:
		unit, name, most = time.Millisecond, "ms", time.Millisecond
	case most < time.Millisecond:
		unit, name = time.Microsecond, "µs"
	case most < time.Second:
		unit, name = time.Millisecond, "ms"
	}
	p := t.panel("clock minus true time, in "+name, 110)
	p.plot.Y.Min = float64(low-most/12) / float64(unit)
	p.plot.Y.Max = float64(high+most/12) / float64(unit)
	p.plot.Y.Tick.Marker = ticker(fewTicks)
	p.add(gridlines{horizontal: true})
	for i, clock := range clocks {
		var points []point
		var last time.Duration
		for _, sample := range clock.Samples {
			points = append(points, point{sample.At.Seconds(), float64(sample.Offset) / float64(unit)})
			last = sample.Offset
		}
		p.add(steps{points, t.length().Seconds(), nodeHue(i), lineWidth(i, len(clocks))})
		p.legend = append(p.legend, entry{fmt.Sprintf("%s (%s)", clock.Machine, signed(last)), nodeHue(i), line})
	}
	return render("clocks", "How far each clock was off",
		"Each machine's wall clock against true time; the legend has its offset at the end.",
		newFaultLabels(t), p)
}

func signed(d time.Duration) string {
	switch {
	case d == 0:
		return "right"
	case d > 0:
		return "+" + short(d)
	default:
		return short(d)
	}
}

// lineWidth makes earlier lines wider than later ones, so that lines which lie on top of each other can still be told apart.
func lineWidth(i, of int) vg.Length { return 1.3 + 1.1*vg.Length(max(0, min(of, 5)-1-i)) }
