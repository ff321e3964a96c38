package plots

import (
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Extent is where the values of a figure lie.
type Extent struct{ Least, Median, Greatest float64 }

// Pair is one figure as two sides found it; nil where a side has no value.
type Pair struct {
	Name       string
	One, Other *Extent
}

// Most is the greatest value of both sides; 0 without any.
func (p Pair) Most() float64 {
	most := 0.0
	for _, side := range []*Extent{p.One, p.Other} {
		if side != nil {
			most = max(most, side.Greatest)
		}
	}
	return most
}

// Beside shows, row by row, where the values of two sides lie: a bar from the least to the greatest, with a line at the median.
func Beside(name, title, caption, unit, one, other string, pairs []Pair) Picture {
	most := 0.0
	for _, pair := range pairs {
		most = max(most, pair.Most())
	}
	if most == 0 {
		most = 1
	}
	var names []string
	for _, pair := range pairs {
		names = append(names, pair.Name)
	}
	p := namedRows(names, 26, unit, most*1.06)
	for i, pair := range pairs {
		p.add(besideRow{pair, -float64(i)})
	}
	p.legend = []entry{{one, calm, block}, {other, nodeHue(0), block}, {"median", ink, line}}
	return render(name, title, caption, nil, p)
}

// besideRow is a pair's row.
type besideRow struct {
	pair Pair
	y    float64
}

// Plot implements plot.Plotter.
func (r besideRow) Plot(c draw.Canvas, p *plot.Plot) {
	toX, toY := p.Transforms(&c)
	y := toY(r.y)
	const thick, narrowest vg.Length = 7, 2
	for _, side := range []struct {
		extent *Extent
		bottom vg.Length
		hue    hue
	}{{r.pair.One, y + 1, calm}, {r.pair.Other, y - 1 - thick, nodeHue(0)}} {
		if side.extent == nil {
			continue
		}
		left, right := toX(side.extent.Least), toX(side.extent.Greatest)
		right = max(right, left+narrowest)
		c.FillPolygon(side.hue.solid(), []vg.Point{
			{X: left, Y: side.bottom}, {X: right, Y: side.bottom}, {X: right, Y: side.bottom + thick}, {X: left, Y: side.bottom + thick},
		})
		median := toX(side.extent.Median)
		c.StrokeLine2(draw.LineStyle{Color: ink.solid(), Width: 1.6}, median, side.bottom-1, median, side.bottom+thick+1)
	}
}
