package reports

import (
	"fmt"
	"slices"
	"time"

	"muster/model/run"
	"muster/reports/plots"
)

// settling is the time at a run's beginning and end in which machines come and go without being called down.
const settling = time.Second

// lanes tells each node's life from what it logged: its Raft state, whom it took for the leader, and when it was not there.
func (s *story) lanes() []plots.Lane {
	nodes := s.Run.Nodes()
	end := s.timeline.Lasted
	var lanes []plots.Lane
	for _, node := range nodes {
		lane := plots.Lane{Node: node}
		var starts []time.Duration
		state := plots.Stretch{State: plots.Running}
		belief := plots.Belief{Leader: -1}
		change := func(at time.Duration, to plots.State, text string) {
			state.Until = at
			lane.Stretches = append(lane.Stretches, state)
			state = plots.Stretch{From: at, State: to, Text: text}
		}
		believe := func(at time.Duration, leader int) {
			belief.Until = at
			lane.Beliefs = append(lane.Beliefs, belief)
			belief = plots.Belief{From: at, Leader: leader}
		}
		var absences []absence
		for _, e := range s.events {
			if e.Machine != node {
				continue
			}
			switch e.Name {
			case run.EventNodeStart:
				starts = append(starts, e.T)
				change(e.T, plots.Running, "")
				believe(e.T, -1)
			case run.EventNodeStop:
				if end-e.T < settling {
					continue
				}
				absences = append(absences, absence{from: e.T, state: plots.Down})
			case run.EventRaftState:
				change(e.T, raftState(e.Text("state")), termOf(e))
			case run.EventRaftLeader:
				believe(e.T, slices.Index(nodes, s.nodeName(e.Text("leader"))))
				// A follower that stays one logs its new term here only; and one that was never anything else logs no state.
				following := state.State == plots.Follower || state.State == plots.Running && s.nodeName(e.Text("leader")) != node && e.Text("leader") != ""
				if term := termOf(e); following && term != state.Text {
					change(e.T, plots.Follower, term)
				}
			}
		}
		change(end, plots.Running, "")
		believe(end, -1)
		if len(starts) > 0 && starts[0] > settling {
			absences = append(absences, absence{from: 0, state: plots.Down})
		}
		absences = append(absences, s.absencesOf(node)...)
		for _, a := range absences {
			a = a.endedBy(starts, end)
			lane.Stretches = without(lane.Stretches, a.from, a.until)
			if a.state == plots.Down {
				lane.Beliefs = unbelieved(lane.Beliefs, a.from, a.until)
			}
			lane.Stretches = append(lane.Stretches, plots.Stretch{From: a.from, Until: a.until, State: a.state, Text: a.text()})
		}
		lane.Stretches = slices.DeleteFunc(lane.Stretches, func(s plots.Stretch) bool { return s.Until <= s.From })
		lanes = append(lanes, lane)
	}
	return lanes
}

func termOf(e run.NodeEvent) string { return fmt.Sprintf("term %.0f", e.Number("term")) }

// raftState reads a state as nodes log it.
func raftState(text string) plots.State {
	switch text {
	case "leader":
		return plots.Leader
	case "candidate":
		return plots.Candidate
	case "follower":
		return plots.Follower
	}
	return plots.Running
}

// absence is a time in which a node does not run.
type absence struct {
	from, until time.Duration // until is zero where only the node's next start tells
	state       plots.State
}

// absencesOf are the faults that stopped a node.
func (s *story) absencesOf(node string) []absence {
	var all []absence
	for i, strike := range s.plan.Strikes {
		if strike.Skipped != "" || !slices.Contains(strike.Machines, node) {
			continue
		}
		switch strike.Kind {
		case run.KindCrash, run.KindTornCrash, run.KindKill, run.KindTerminate:
			all = append(all, absence{from: strike.At, state: plots.Down})
		case run.KindPause:
			until := strike.Until
			for _, later := range s.plan.Strikes[i+1:] {
				if until == 0 && later.Kind == run.KindResume && share(later.Machines, []string{node}) {
					until = later.At
				}
			}
			if until == 0 {
				until = s.timeline.Lasted
			}
			all = append(all, absence{from: strike.At, until: until, state: plots.Paused})
		}
	}
	return all
}

// endedBy gives an absence without an end its end: the node's next start.
func (a absence) endedBy(starts []time.Duration, end time.Duration) absence {
	if a.until > 0 {
		return a
	}
	a.until = end
	for _, start := range starts {
		if start >= a.from {
			a.until = start
			break
		}
	}
	return a
}

func (a absence) text() string {
	if a.state == plots.Paused {
		return "paused"
	}
	return "down"
}

// without takes a time out of stretches.
func without(stretches []plots.Stretch, from, until time.Duration) []plots.Stretch {
	var left []plots.Stretch
	for _, s := range stretches {
		for _, part := range (span{s.From, s.Until}).without(from, until) {
			s.From, s.Until = part.from, part.until
			left = append(left, s)
		}
	}
	return left
}

// unbelieved takes a time out of beliefs: a machine that is down believes nothing.
func unbelieved(beliefs []plots.Belief, from, until time.Duration) []plots.Belief {
	var left []plots.Belief
	for _, b := range beliefs {
		for _, part := range (span{b.From, b.Until}).without(from, until) {
			b.From, b.Until = part.from, part.until
			left = append(left, b)
		}
	}
	return left
}

// span is a time with a beginning and an end.
type span struct{ from, until time.Duration }

// without is what is left when another time is taken out: nothing, one part or two.
func (s span) without(from, until time.Duration) []span {
	parts := []span{{s.from, min(s.until, from)}, {max(s.from, until), s.until}}
	return slices.DeleteFunc(parts, func(part span) bool { return part.from >= part.until })
}
