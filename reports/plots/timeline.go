package plots

import (
	"math"
	"strconv"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"muster/model/run"
)

// shade is how strongly a family's windows are shaded. Clocks are often off for most of a run: less is enough.
func shade(family run.Family) float64 {
	if family == run.ClockFamily {
		return 0.07
	}
	return 0.14
}

// faultHue is the colour of what befalls a family; that of the network where it is not known.
func faultHue(family run.Family) hue {
	switch family {
	case run.MachineFamily:
		return faultMachine
	case run.ClockFamily:
		return faultClock
	case run.DiskFamily:
		return faultDisk
	case run.MembershipFamily:
		return faultMembership
	case run.DefectFamily:
		return faultDefect
	default:
		return faultNetwork
	}
}

// Window is a time in which a fault was in force.
type Window struct {
	From, Until time.Duration
	Label       string
	// Family is what the fault befalls, which decides the window's colour.
	Family run.Family
}

// Timeline is the axis of true time that all pictures of one run share.
type Timeline struct {
	// Lasted is the axis's end; it begins with 0.
	Lasted time.Duration
	// Windows are shaded.
	Windows []Window
}

// Fraction says where a moment stands in every picture of this timeline, as a share of the picture's width.
func (t Timeline) Fraction(at time.Duration) float64 {
	share := float64(min(max(at, 0), t.Lasted)) / float64(t.length())
	return (float64(marginLeft) + share*float64(width-marginLeft-marginRight)) / float64(width)
}

// length is never zero, so that a run that ended at once can be drawn.
func (t Timeline) length() time.Duration { return max(t.Lasted, time.Millisecond) }

// panel makes a panel over this axis, shaded and with a grid.
func (t Timeline) panel(title string, height vg.Length, below ...plot.Plotter) *panel {
	p := newPanel(title, height, 0, t.length().Seconds())
	p.plot.X.Tick.Marker = ticker(roundTicks)
	p.plot.X.Label.Text = "seconds since the run began"
	p.add(shading(t.Windows))
	p.add(below...)
	return p
}

// ticker makes a function a plot.Ticker.
type ticker func(min, max float64) []plot.Tick

// Ticks implements plot.Ticker.
func (t ticker) Ticks(min, max float64) []plot.Tick { return t(min, max) }

// roundTicks puts up to about a dozen labels at round values, the range's ends included only where they are round.
func roundTicks(low, high float64) []plot.Tick { return ticksAbout(low, high, 12) }

// fewTicks is roundTicks for a low panel.
func fewTicks(low, high float64) []plot.Tick { return ticksAbout(low, high, 4) }

func ticksAbout(low, high float64, most int) []plot.Tick {
	span := high - low
	if !(span > 0) || math.IsInf(span, 0) {
		return nil
	}
	step := math.Pow(10, math.Floor(math.Log10(span/float64(most))))
	for _, factor := range []float64{1, 2, 5, 10} {
		if span/(step*factor) <= float64(most) {
			step *= factor
			break
		}
	}
	var ticks []plot.Tick
	first := math.Ceil(low/step - 1e-9)
	for i := 0.0; (first+i)*step <= high+step*1e-9; i++ {
		value := (first + i) * step
		ticks = append(ticks, plot.Tick{Value: value, Label: strconv.FormatFloat(roundTo(value, step), 'f', -1, 64)})
	}
	return ticks
}

// roundTo takes off what floating point added: 0.30000000000000004 in steps of 0.1 is 0.3.
func roundTo(value, step float64) float64 {
	scale := math.Pow(10, math.Max(0, 2-math.Floor(math.Log10(step))))
	return math.Round(value*scale) / scale
}

// shading paints the fault windows behind everything else.
type shading []Window

// Plot implements plot.Plotter.
func (s shading) Plot(c draw.Canvas, p *plot.Plot) {
	toX, _ := p.Transforms(&c)
	for _, w := range s {
		left, right := toX(w.From.Seconds()), toX(w.Until.Seconds())
		if right-left < 1 {
			right = left + 1
		}
		c.SetColor(faultHue(w.Family).faded(shade(w.Family)))
		c.Fill(vg.Rectangle{Min: vg.Point{X: left, Y: c.Min.Y}, Max: vg.Point{X: right, Y: c.Max.Y}}.Path())
		c.StrokeLine2(draw.LineStyle{Color: faultHue(w.Family).faded(0.6), Width: 0.6, Dashes: []vg.Length{3, 2}}, left, c.Min.Y, left, c.Max.Y)
	}
}

// faultLabels names the windows above the first panel, in as many rows as it takes for no two labels to meet.
type faultLabels struct {
	timeline Timeline
	rows     [][]placedLabel
}

type placedLabel struct {
	window      Window
	left, right vg.Length
	text        vg.Length
}

const (
	labelHeight vg.Length = 14
	// labelLift puts a label's text into the middle of its window: gonum centres lines, which reach further down than most letters.
	labelLift vg.Length = 2
	// labelRows is how many rows of labels there are at most; the page's table has all faults.
	labelRows = 5
)

func newFaultLabels(t Timeline) *faultLabels {
	labels := &faultLabels{timeline: t}
	for _, w := range t.Windows {
		left := width * vg.Length(t.Fraction(w.From))
		right := width * vg.Length(t.Fraction(w.Until))
		extent := widthOf(w.Label) + 8
		text := left + 4
		if text+extent > width-marginRight {
			text = max(0, width-marginRight-extent)
		}
		placed := placedLabel{window: w, left: left, right: right, text: text}
		from, until := min(left, text-2), max(right, text+extent)
		labels.place(placed, from, until)
	}
	return labels
}

// place puts a label into the first row in which it meets no other.
func (l *faultLabels) place(label placedLabel, from, until vg.Length) {
	for i, row := range l.rows {
		free := true
		for _, other := range row {
			otherFrom, otherUntil := min(other.left, other.text-2), max(other.right, other.text+widthOf(other.window.Label)+8)
			if from < otherUntil && otherFrom < until {
				free = false
				break
			}
		}
		if free {
			l.rows[i] = append(row, label)
			return
		}
	}
	if len(l.rows) < labelRows {
		l.rows = append(l.rows, []placedLabel{label})
	}
}

func (l *faultLabels) height() vg.Length {
	if len(l.rows) == 0 {
		return 0
	}
	return vg.Length(len(l.rows))*labelHeight + 4
}

func (l *faultLabels) draw(c draw.Canvas, top vg.Length) {
	sty := style(ink)
	sty.YAlign = draw.YCenter
	for i, row := range l.rows {
		y := top - 2 - vg.Length(i)*labelHeight
		for _, label := range row {
			h := faultHue(label.window.Family)
			c.SetColor(h.faded(0.22))
			c.Fill(vg.Rectangle{Min: vg.Point{X: label.left, Y: y - labelHeight + 1}, Max: vg.Point{X: max(label.right, label.left+2), Y: y}}.Path())
			c.FillText(sty, vg.Point{X: label.text, Y: y - labelHeight/2 + labelLift}, label.window.Label)
		}
	}
}
