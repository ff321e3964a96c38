package reports

import (
	"slices"
	"time"

	"muster/model"
	"muster/reports/plots"
)

// The kinds of operations, each with a panel of its own.
const (
	persistentWrites = "persistent writes"
	linearizable     = "linearizable reads"
	localReads       = "local reads"
	ephemeralWrites  = "ephemeral writes"
	ephemeralReads   = "ephemeral reads"
	beats            = "beats"
)

var kinds = []string{persistentWrites, linearizable, localReads, ephemeralWrites, ephemeralReads, beats}

// kindOf an operation; "" for what is no load.
func kindOf(r model.Record) string {
	switch r.Call {
	case model.Register, model.Deregister, model.Update:
		if r.Ephemeral {
			return ephemeralWrites
		}
		return persistentWrites
	case model.Query:
		switch {
		case r.Ephemeral:
			return ephemeralReads
		case r.Read == model.ReadLinearizable:
			return linearizable
		}
		return localReads
	case model.Beat:
		return beats
	}
	return ""
}

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
	operations := s.history.Operations()
	var timed []plots.Operation
	for _, o := range operations {
		if kind := kindOf(o.Invoked); kind != "" {
			timed = append(timed, plots.Operation{
				Kind: kind, Invoked: o.Invoked.T, Took: o.Completed.T - o.Invoked.T, Outcome: outcomeOf(o.Completed.Phase),
			})
		}
	}
	if len(timed) > 0 {
		all = append(all, plots.Availability(s.timeline, s.availability(timed)), plots.Latency(s.timeline, kinds, timed))
	}
	if len(s.events) > 0 {
		all = append(all, plots.Lanes(s.timeline, s.lanes()))
	}
	if views := s.views(); slices.ContainsFunc(views, func(v plots.NodeViews) bool { return len(v.Views) > 0 }) {
		all = append(all, plots.Views(s.timeline, views))
	}
	if len(s.clocks) > 0 {
		all = append(all, plots.Clocks(s.timeline, s.offsets()))
	}
	return all
}

// availability sorts operations into seconds. Beats are left out: a client tries again on its own.
func (s *story) availability(operations []plots.Operation) []plots.Available {
	groups := []struct {
		name  string
		kinds []string
	}{
		{"writes to persistent services", []string{persistentWrites}},
		{"reads of persistent services", []string{linearizable, localReads}},
		{"writes to ephemeral services", []string{ephemeralWrites}},
		{"reads of ephemeral services", []string{ephemeralReads}},
	}
	var all []plots.Available
	for _, group := range groups {
		byStart := map[time.Duration]plots.Second{}
		for _, o := range operations {
			if !slices.Contains(group.kinds, o.Kind) {
				continue
			}
			second := byStart[o.Invoked.Truncate(time.Second)]
			switch o.Outcome {
			case plots.OK:
				second.OK++
			case plots.Fail:
				second.Fail++
			default:
				second.Unknown++
			}
			byStart[o.Invoked.Truncate(time.Second)] = second
		}
		var seconds []plots.Second
		for _, start := range sortedKeys(byStart, nil) {
			second := byStart[start]
			second.At = start
			seconds = append(seconds, second)
		}
		if len(seconds) > 0 {
			all = append(all, plots.Available{Kind: group.name, Seconds: seconds})
		}
	}
	return all
}

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
