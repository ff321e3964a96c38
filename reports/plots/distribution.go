package plots

import (
	"fmt"
	"math"
	"sort"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Sample is what several runs measured of one figure: the values over the seeds.
type Sample struct {
	Name   string
	Values []float64
}

// Median of the values, NaN without any; of an even number it is the mean of the middle two.
func (s Sample) Median() float64 {
	sorted := append([]float64(nil), s.Values...)
	sort.Float64s(sorted)
	switch n := len(sorted); {
	case n == 0:
		return math.NaN()
	case n%2 == 1:
		return sorted[n/2]
	default:
		return (sorted[n/2-1] + sorted[n/2]) / 2
	}
}

// Cumulative shows the distribution of each sample as a step function: the share of runs that measured at most so much.
func Cumulative(name, title, caption, unit string, samples []Sample) Picture {
	p := newPanel("share of the runs in which it took at most so long", 220, 0, rangeOf(samples))
	p.plot.X.Label.Text = unit
	p.plot.X.Tick.Marker = ticker(roundTicks)
	p.plot.Y.Min, p.plot.Y.Max = 0, 103
	p.plot.Y.Tick.Marker = ticker(percents)
	p.add(gridlines{horizontal: true, vertical: true})
	for i, s := range samples {
		sorted := append([]float64(nil), s.Values...)
		sort.Float64s(sorted)
		points := []point{{0, 0}}
		for j, v := range sorted {
			points = append(points, point{v, 100 * float64(j+1) / float64(len(sorted))})
		}
		p.add(steps{points, p.plot.X.Max, nodeHue(i), 1.8})
		p.legend = append(p.legend, entry{fmt.Sprintf("%s (%d)", s.Name, len(s.Values)), nodeHue(i), line})
	}
	return render(name, title, caption, nil, p)
}

// Strip shows every value of each sample as a mark in the sample's own row, and the median as a line.
func Strip(name, title, caption, unit string, samples []Sample) Picture {
	var names []string
	for _, s := range samples {
		names = append(names, fmt.Sprintf("%s (%d)", s.Name, len(s.Values)))
	}
	p := namedRows(names, 24, unit, rangeOf(samples))
	for i, s := range samples {
		p.add(row{s, -float64(i)})
	}
	p.legend = []entry{{"one run", nodeHue(0), triangle}, {"median", ink, line}}
	return render(name, title, caption, nil, p)
}

// row is a sample's row in a strip.
type row struct {
	sample Sample
	y      float64
}

// Plot implements plot.Plotter.
func (r row) Plot(c draw.Canvas, p *plot.Plot) {
	toX, toY := p.Transforms(&c)
	y := toY(r.y)
	c.StrokeLine2(draw.LineStyle{Color: rule.solid(), Width: 0.6}, c.Min.X, y, c.Max.X, y)
	var path vg.Path
	for _, v := range r.sample.Values {
		triangle.path(&path, vg.Point{X: toX(v), Y: y})
	}
	paint(&c, nodeHue(0), triangle, path)
	median := toX(r.sample.Median())
	c.StrokeLine2(draw.LineStyle{Color: ink.solid(), Width: 1.6}, median, y-8, median, y+8)
}

// rangeOf is an upper end for an axis from 0 that holds all values.
func rangeOf(samples []Sample) float64 {
	most := 0.0
	for _, s := range samples {
		for _, v := range s.Values {
			most = max(most, v)
		}
	}
	if most == 0 {
		return 1
	}
	return most * 1.06
}

// percents labels an axis of shares.
func percents(low, high float64) []plot.Tick {
	var ticks []plot.Tick
	for _, value := range []float64{0, 50, 100} {
		ticks = append(ticks, plot.Tick{Value: value, Label: fmt.Sprintf("%.0f %%", value)})
	}
	return ticks
}
