package plots

import (
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
)

// State of a node in its lane.
type State int

// The states. Running is a node that serves but has not said what its Raft role is.
const (
	Running State = iota
	Follower
	Candidate
	Leader
	Down
	Paused
)

var states = []struct {
	state     State
	label     string
	hue, text hue
}{
	{Leader, "leader", good, paper},
	{Candidate, "candidate", unsure, paper},
	{Follower, "follower", quiet, ink},
	{Running, "running, role unknown", absent, ink},
	{Paused, "paused", faultClock, paper},
	{Down, "down", gone, paper},
}

// Stretch is a time in which a node was in one state.
type Stretch struct {
	From, Until time.Duration
	State       State
	// Text stands in the stretch where there is room: "term 3".
	Text string
}

// Belief is a time in which a node believed in one leader.
type Belief struct {
	From, Until time.Duration
	// Leader is the index of the node it believed in among the lanes; negative for none.
	Leader int
}

// Lane is one node's life.
type Lane struct {
	Node      string
	Stretches []Stretch
	Beliefs   []Belief
}

// Lanes shows who led when: each node's Raft state and term, whether its machine was up, and whom it took for the leader.
func Lanes(t Timeline, lanes []Lane) Picture {
	p := t.panel("", vg.Length(32*len(lanes)))
	p.plot.Y.Min, p.plot.Y.Max = -float64(len(lanes))+0.5, 0.5
	var names plot.ConstantTicks
	used := map[State]bool{}
	beliefs := make([][]span, len(lanes))
	for _, look := range states {
		var boxes []span
		for i, lane := range lanes {
			for _, s := range lane.Stretches {
				if s.State == look.state {
					boxes = append(boxes, span{s.From.Seconds(), s.Until.Seconds(), -float64(i) - 0.12, -float64(i) + 0.38, s.Text})
				}
			}
		}
		if len(boxes) > 0 {
			used[look.state] = true
			p.add(spans{boxes: boxes, hue: look.hue, textHue: look.text})
		}
	}
	for i, lane := range lanes {
		names = append(names, plot.Tick{Value: -float64(i) + 0.06, Label: lane.Node})
		for _, b := range lane.Beliefs {
			if b.Leader >= 0 && b.Leader < len(lanes) {
				beliefs[b.Leader] = append(beliefs[b.Leader], span{b.From.Seconds(), b.Until.Seconds(), -float64(i) - 0.33, -float64(i) - 0.19, ""})
			}
		}
	}
	p.plot.Y.Tick.Marker = names
	for _, look := range states {
		if used[look.state] {
			p.legend = append(p.legend, entry{look.label, look.hue, block})
		}
	}
	for i, boxes := range beliefs {
		if len(boxes) > 0 {
			p.add(spans{boxes: boxes, hue: nodeHue(i)})
			p.legend = append(p.legend, entry{"takes " + lanes[i].Node + " for the leader", nodeHue(i), line})
		}
	}
	return render("leaders", "Who led",
		"Each node's Raft state as it logged it, with its term where there is room; the thin line below shows whom the node took for the leader.",
		newFaultLabels(t), p)
}
