package plots

import (
	"fmt"
	"math"
	"time"

	"gonum.org/v1/plot"
)

// Outcome of an operation.
type Outcome int

// The outcomes, as histories have them.
const (
	OK Outcome = iota
	Fail
	Unknown
)

// outcomes in the order of legends, with their look.
var outcomes = []struct {
	outcome Outcome
	label   string
	hue     hue
	mark    mark
}{
	{OK, "ok", good, square},
	{Fail, "fail", bad, cross},
	{Unknown, "unknown", unsure, triangle},
}

// Operation is one operation of a client.
type Operation struct {
	// Kind decides the panel.
	Kind    string
	Invoked time.Duration
	Took    time.Duration
	Outcome Outcome
}

// Latency shows how long each operation took, over the time of its invocation, one panel a kind in the order of kinds; kinds
// without operations have none.
func Latency(t Timeline, kinds []string, operations []Operation) Picture {
	low, high := 1.0, 1.0
	for i, o := range operations {
		took := milliseconds(o.Took)
		if i == 0 {
			low, high = took, took
		}
		low, high = min(low, took), max(high, took)
	}
	// Whole decades, and at least two of them.
	low = math.Pow(10, math.Floor(math.Log10(low)))
	high = math.Max(math.Pow(10, math.Ceil(math.Log10(high))), low*100)
	var panels []*panel
	for _, kind := range kinds {
		byOutcome := map[Outcome][]point{}
		count := 0
		for _, o := range operations {
			if o.Kind == kind {
				byOutcome[o.Outcome] = append(byOutcome[o.Outcome], point{o.Invoked.Seconds(), milliseconds(o.Took)})
				count++
			}
		}
		if count == 0 {
			continue
		}
		p := t.panel(kind, 104)
		p.plot.Y.Scale = plot.LogScale{}
		p.plot.Y.Min, p.plot.Y.Max = low/1.6, high // marks at the lowest decade stand clear of the axis
		p.plot.Y.Tick.Marker = ticker(decades)
		p.add(gridlines{horizontal: true, vertical: true})
		for _, look := range outcomes {
			if points := byOutcome[look.outcome]; len(points) > 0 {
				p.add(&dots{points: points, hue: look.hue, mark: look.mark})
				p.legend = append(p.legend, entry{fmt.Sprintf("%d %s", len(points), look.label), look.hue, look.mark})
			}
		}
		panels = append(panels, p)
	}
	return render("latency", "How long operations took",
		"Each mark is one operation at the moment of its invocation; the scale is logarithmic. An operation is unknown that may have happened, or may still: "+
			"no answer came until its client gave up, or the answer was a server's error.",
		newFaultLabels(t), panels...)
}

// milliseconds of a latency, at least a microsecond: a logarithmic axis has no zero.
func milliseconds(d time.Duration) float64 { return max(d, time.Microsecond).Seconds() * 1000 }

// decades labels the powers of ten of a range in milliseconds.
func decades(low, high float64) []plot.Tick {
	var ticks []plot.Tick
	for exponent := int(math.Ceil(math.Log10(low))); exponent <= int(math.Floor(math.Log10(high)+1e-9)); exponent++ {
		took := time.Duration(math.Round(math.Pow(10, float64(exponent)) * float64(time.Millisecond)))
		ticks = append(ticks, plot.Tick{Value: math.Pow(10, float64(exponent)), Label: short(took)})
	}
	return ticks
}

// short writes a duration with its unit set off: "10 ms", "3.2 s".
func short(d time.Duration) string {
	if d >= 1000*time.Second || d <= -1000*time.Second {
		return fmt.Sprintf("%.0f s", d.Seconds())
	}
	for _, unit := range []struct {
		size time.Duration
		name string
	}{{time.Second, "s"}, {time.Millisecond, "ms"}, {time.Microsecond, "µs"}} {
		if d >= unit.size || d <= -unit.size {
			return fmt.Sprintf("%.3g %s", float64(d)/float64(unit.size), unit.name)
		}
	}
	return fmt.Sprintf("%d ns", d.Nanoseconds())
}
