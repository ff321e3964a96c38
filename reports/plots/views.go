package plots

import (
	"fmt"
	"math"
	"time"

	"gonum.org/v1/plot"
)

// View is what one node showed at a moment.
type View struct {
	At time.Duration
	// Known is false from a moment on at which the node did not answer; the other fields then mean nothing.
	Known bool
	// Listed is how many instances it lists, Missing how many of the union of all nodes' lists it does not.
	Listed, Missing int
}

// NodeViews are the views of one node, in the order of time.
type NodeViews struct {
	Node  string
	Views []View
}

// Views shows each node's view of the ephemeral instances: how many it lists, and by how many it differs from the union.
func Views(t Timeline, nodes []NodeViews) Picture {
	listed := t.panel("instances that the node lists", 110)
	missing := t.panel("of the union of all lists, missing from this node's", 90)
	mostListed, mostMissing := 1, 1
	for i, node := range nodes {
		var listedPoints, missingPoints []point
		for _, v := range node.Views {
			l, m := math.NaN(), math.NaN()
			if v.Known {
				l, m = float64(v.Listed), float64(v.Missing)
				mostListed, mostMissing = max(mostListed, v.Listed), max(mostMissing, v.Missing)
			}
			listedPoints = append(listedPoints, point{v.At.Seconds(), l})
			missingPoints = append(missingPoints, point{v.At.Seconds(), m})
		}
		// Nodes that agree would hide each other: earlier lines are wider and shine out behind later ones.
		width := lineWidth(i, len(nodes))
		end := t.length().Seconds()
		listed.add(steps{listedPoints, end, nodeHue(i), width})
		missing.add(steps{missingPoints, end, nodeHue(i), width})
		listed.legend = append(listed.legend, entry{node.Node, nodeHue(i), line})
		missing.legend = append(missing.legend, entry{node.Node, nodeHue(i), line})
	}
	listed.countTo(mostListed)
	missing.countTo(mostMissing)
	return render("views", "What each node lists",
		"Each node's lists of the ephemeral services, as its observer saw them; a gap means that the node did not answer. Observers do not ask "+
			"at the same instant, so a difference shorter than their interval means little. Where nodes agree, their lines lie on top of each other.",
		newFaultLabels(t), listed, missing)
}

// countTo gives a panel a vertical axis of whole numbers from 0.
func (p *panel) countTo(most int) {
	p.plot.Y.Min, p.plot.Y.Max = -0.05*float64(most), 1.1*float64(most)
	p.plot.Y.Tick.Marker = ticker(wholeTicks)
	p.add(gridlines{horizontal: true})
}

func wholeTicks(low, high float64) []plot.Tick {
	var ticks []plot.Tick
	for _, tick := range ticksAbout(low, high, 5) {
		if tick.Value == math.Trunc(tick.Value) && tick.Value >= 0 {
			ticks = append(ticks, plot.Tick{Value: tick.Value, Label: fmt.Sprint(int(tick.Value))})
		}
	}
	return ticks
}
