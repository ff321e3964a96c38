package reports

import (
	"slices"
	"strings"
	"time"

	"muster/checker"
	"muster/model"
	"muster/model/run"
	"muster/reports/plots"
)

// kindName is a kind as people read it: "persistent writes".
func kindName(kind checker.Kind) string { return strings.ReplaceAll(string(kind), "_", " ") + "s" }

func outcomeOf(phase model.Phase) plots.Outcome {
	switch phase {
	case model.OK:
		return plots.OK
	case model.Fail:
		return plots.Fail
	}
	return plots.Unknown
}

// pictures draws all pictures that the folder holds enough for.
func (s *story) pictures() []plots.Picture {
	var all []plots.Picture
	var timed []plots.Operation
	for _, o := range s.history.Operations() {
		if kind, ok := checker.KindOf(o.Invoked); ok {
			timed = append(timed, plots.Operation{
				Kind: kindName(kind), Invoked: o.Invoked.T, Took: o.Completed.T - o.Invoked.T, Outcome: outcomeOf(o.Completed.Phase),
			})
		}
	}
	if len(timed) > 0 {
		var kinds []string
		for _, kind := range checker.Kinds {
			kinds = append(kinds, kindName(kind))
		}
		all = append(all, plots.Availability(s.timeline, s.availability(timed)), plots.Latency(s.timeline, kinds, timed))
	}
	if len(s.events) > 0 {
		all = append(all, plots.Lanes(s.timeline, s.lanes()))
	}
	if views := s.views(); slices.ContainsFunc(views, func(v plots.NodeViews) bool { return len(v.Views) > 0 }) {
		all = append(all, plots.Views(s.timeline, views))
	}
	if slices.ContainsFunc(s.clocks, func(c run.ClockSample) bool { return c.Offset != 0 }) { // a flat line would tell nobody anything
		all = append(all, plots.Clocks(s.timeline, s.offsets()))
	}
	return all
}

// availability sorts operations into seconds, and takes over the outages that were measured. Beats are left out: their clients
// try again on their own.
func (s *story) availability(operations []plots.Operation) []plots.Available {
	var all []plots.Available
	for _, kind := range checker.Kinds {
		if kind == checker.Heartbeat {
			continue
		}
		byStart := map[time.Duration]plots.Second{}
		for _, o := range operations {
			if o.Kind != kindName(kind) {
				continue
			}
			start := o.Invoked.Truncate(time.Second)
			second := byStart[start]
			second.At = start
			switch o.Outcome {
			case plots.OK:
				second.OK++
			case plots.Fail:
				second.Fail++
			default:
				second.Unknown++
			}
			byStart[start] = second
		}
		if len(byStart) == 0 {
			continue
		}
		available := plots.Available{Kind: kindName(kind)}
		for _, start := range sortedKeys(byStart, nil) {
			available.Seconds = append(available.Seconds, byStart[start])
		}
		for _, figures := range s.Figures.Operations {
			if figures.Kind == kind {
				for _, w := range figures.Unavailable.Windows {
					available.Outages = append(available.Outages, plots.Outage{From: fromMilliseconds(w.From), Until: fromMilliseconds(w.To)})
				}
			}
		}
		all = append(all, available)
	}
	return all
}

func fromMilliseconds(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }

// offsets sorts the clocks' samples by machine, in the order of run.json.
func (s *story) offsets() []plots.Clock {
	var clocks []plots.Clock
	at := map[string]int{}
	for _, m := range s.Run.Machines {
		at[m.Name] = len(clocks)
		clocks = append(clocks, plots.Clock{Machine: m.Name})
	}
	for _, sample := range s.clocks {
		i, known := at[sample.Machine]
		if !known {
			i = len(clocks)
			at[sample.Machine] = i
			clocks = append(clocks, plots.Clock{Machine: sample.Machine})
		}
		clocks[i].Samples = append(clocks[i].Samples, plots.Offset{At: sample.T, Offset: sample.Offset})
	}
	return slices.DeleteFunc(clocks, func(c plots.Clock) bool { return len(c.Samples) == 0 })
}
