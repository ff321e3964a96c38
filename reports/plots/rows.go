package plots

import (
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
)

// namedRows makes a panel of rows, the first at 0 and each a step below the one before it, over a horizontal axis from 0 that has a unit.
func namedRows(names []string, rowHeight vg.Length, unit string, xmax float64) *panel {
	p := newPanel("", rowHeight*vg.Length(len(names)), 0, xmax)
	p.plot.X.Label.Text = unit
	p.plot.X.Tick.Marker = ticker(roundTicks)
	p.plot.Y.Min, p.plot.Y.Max = -float64(len(names))+0.5, 0.5
	p.add(gridlines{vertical: true})
	var ticks plot.ConstantTicks
	for i, name := range names {
		name = shortened(name)
		p.left = max(p.left, widthOf(name)+nameGap)
		ticks = append(ticks, plot.Tick{Value: -float64(i), Label: name})
	}
	p.plot.Y.Tick.Marker = ticks
	return p
}

const (
	// nameGap lies between a row's name and its data.
	nameGap vg.Length = 8
	// widestName leaves half of the picture to the data.
	widestName = width/2 - nameGap
)

// shortened takes so much out of the middle of a name that it fits: its beginning says what it is of, and its end tells it from the others.
func shortened(name string) string {
	whole := []rune(name)
	for left := len(whole) - 1; widthOf(name) > widestName; left-- {
		name = string(whole[:left/2]) + "…" + string(whole[len(whole)-(left-left/2):])
	}
	return name
}
