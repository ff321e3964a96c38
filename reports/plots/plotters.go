package plots

import (
	"fmt"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// point is a place in a panel's own units.
type point struct{ x, y float64 }

// mark is the shape of a point: outcomes differ in shape, so that colour is not needed to tell them apart.
type mark int

const (
	square mark = iota
	cross
	triangle
	line
	block
)

// path adds the mark at a place; marks other than block are stroked. Thousands of marks in one path cost a few bytes each.
func (m mark) path(path *vg.Path, at vg.Point) {
	switch m {
	case square:
		path.Move(vg.Point{X: at.X - 1.2, Y: at.Y})
		path.Line(vg.Point{X: at.X + 1.2, Y: at.Y})
	case cross:
		path.Move(vg.Point{X: at.X - 2.4, Y: at.Y - 2.4})
		path.Line(vg.Point{X: at.X + 2.4, Y: at.Y + 2.4})
		path.Move(vg.Point{X: at.X - 2.4, Y: at.Y + 2.4})
		path.Line(vg.Point{X: at.X + 2.4, Y: at.Y - 2.4})
	case triangle:
		path.Move(vg.Point{X: at.X - 2.8, Y: at.Y - 2})
		path.Line(vg.Point{X: at.X + 2.8, Y: at.Y - 2})
		path.Line(vg.Point{X: at.X, Y: at.Y + 2.8})
		path.Close()
	case line:
		path.Move(vg.Point{X: at.X - 5, Y: at.Y})
		path.Line(vg.Point{X: at.X + 5, Y: at.Y})
	case block:
		path.Move(vg.Point{X: at.X - 4, Y: at.Y - 4})
		path.Line(vg.Point{X: at.X + 4, Y: at.Y - 4})
		path.Line(vg.Point{X: at.X + 4, Y: at.Y + 4})
		path.Line(vg.Point{X: at.X - 4, Y: at.Y + 4})
		path.Close()
	}
}

func (m mark) strokeWidth() vg.Length {
	switch m {
	case square:
		return 2.4
	case line:
		return 1.8
	default:
		return 1.1
	}
}

func (m mark) draw(c *draw.Canvas, h hue, at vg.Point) {
	var path vg.Path
	m.path(&path, at)
	paint(c, h, m, path)
}

func paint(c *draw.Canvas, h hue, m mark, path vg.Path) {
	if len(path) == 0 {
		return
	}
	if m == block {
		c.SetColor(h.solid())
		c.Fill(path)
		return
	}
	c.SetLineStyle(draw.LineStyle{Color: h.solid(), Width: m.strokeWidth()})
	c.Stroke(path)
}

// dots are points of one hue and mark.
type dots struct {
	points []point
	hue    hue
	mark   mark
	// hidden counts the points left out when last drawn.
	hidden int
}

// thinFrom is the number of points from which on those are left out that would stand on top of another of their kind.
const thinFrom = 3000

// thinCell is the size of the cells, in points, of which each shows one mark when thinned: about half a mark's size.
const thinCell = 1.2

// Plot implements plot.Plotter.
func (d *dots) Plot(c draw.Canvas, p *plot.Plot) {
	toX, toY := p.Transforms(&c)
	var path vg.Path
	type cell struct{ x, y int }
	taken := map[cell]bool{}
	d.hidden = 0
	for _, one := range d.points {
		at := vg.Point{X: toX(one.x), Y: toY(one.y)}
		if !c.Contains(at) {
			continue
		}
		if len(d.points) > thinFrom {
			place := cell{int(at.X / thinCell), int(at.Y / thinCell)}
			if taken[place] {
				d.hidden++
				continue
			}
			taken[place] = true
		}
		d.mark.path(&path, at)
	}
	paint(&c, d.hue, d.mark, path)
}

func (d *dots) note() string {
	if d.hidden == 0 {
		return ""
	}
	return fmt.Sprintf("%d of %d points lie on top of others and are left out", d.hidden, len(d.points))
}

// steps are values that hold until the next one; NaN interrupts the line.
type steps struct {
	points []point
	// until is where the last value ends.
	until float64
	hue   hue
	width vg.Length
}

// Plot implements plot.Plotter.
func (s steps) Plot(c draw.Canvas, p *plot.Plot) {
	toX, toY := p.Transforms(&c)
	var path vg.Path
	drawing := false
	for i, one := range s.points {
		if math.IsNaN(one.y) {
			drawing = false
			continue
		}
		y := toY(one.y)
		if drawing {
			path.Line(vg.Point{X: toX(one.x), Y: y})
		} else {
			path.Move(vg.Point{X: toX(one.x), Y: y})
		}
		until := s.until
		if i+1 < len(s.points) {
			until = s.points[i+1].x
		}
		path.Line(vg.Point{X: toX(until), Y: y})
		drawing = true
	}
	if len(path) == 0 {
		return
	}
	c.SetLineStyle(draw.LineStyle{Color: s.hue.solid(), Width: s.width})
	c.Stroke(path)
}

// span is a filled box from one moment to another, between two heights.
type span struct {
	from, until float64
	low, high   float64
	text        string
}

// spans are boxes of one hue, with a text in each that has room for it.
type spans struct {
	boxes []span
	hue   hue
	// textHue is the texts' colour; the zero hue writes none.
	textHue hue
}

// Plot implements plot.Plotter.
func (s spans) Plot(c draw.Canvas, p *plot.Plot) {
	toX, toY := p.Transforms(&c)
	var path vg.Path
	for _, b := range s.boxes {
		left, right := toX(max(b.from, p.X.Min)), toX(min(b.until, p.X.Max))
		right = max(right, left+0.5)
		low, high := toY(b.low), toY(b.high)
		path.Move(vg.Point{X: left, Y: low})
		path.Line(vg.Point{X: right, Y: low})
		path.Line(vg.Point{X: right, Y: high})
		path.Line(vg.Point{X: left, Y: high})
		path.Close()
	}
	paint(&c, s.hue, block, path)
	if s.textHue.name == "" {
		return
	}
	label := style(s.textHue)
	label.XAlign, label.YAlign = draw.XCenter, draw.YCenter
	for _, b := range s.boxes {
		left, right := toX(max(b.from, p.X.Min)), toX(min(b.until, p.X.Max))
		if b.text != "" && widthOf(b.text)+4 < right-left {
			c.FillText(label, vg.Point{X: (left + right) / 2, Y: (toY(b.low) + toY(b.high)) / 2}, b.text)
		}
	}
}

// gridlines are thin lines at the ticks of both axes.
type gridlines struct{ horizontal, vertical bool }

// Plot implements plot.Plotter.
func (g gridlines) Plot(c draw.Canvas, p *plot.Plot) {
	toX, toY := p.Transforms(&c)
	thin := draw.LineStyle{Color: rule.solid(), Width: 0.6}
	if g.horizontal {
		for _, tick := range p.Y.Tick.Marker.Ticks(p.Y.Min, p.Y.Max) {
			if tick.Label != "" && tick.Value >= p.Y.Min && tick.Value <= p.Y.Max {
				c.StrokeLine2(thin, c.Min.X, toY(tick.Value), c.Max.X, toY(tick.Value))
			}
		}
	}
	if g.vertical {
		for _, tick := range roundTicks(p.X.Min, p.X.Max) {
			c.StrokeLine2(thin, toX(tick.Value), c.Min.Y, toX(tick.Value), c.Max.Y)
		}
	}
}
