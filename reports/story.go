package reports

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"slices"
	"time"

	"muster/model"
	"muster/model/run"
	"muster/reports/plots"
)

// story is everything that a run folder tells.
type story struct {
	Result
	plan    run.Plan
	history model.History
	// untold names the files that the folder lacks and that a picture or table would need.
	untold   []string
	events   []run.NodeEvent
	clocks   []run.ClockSample
	timeline plots.Timeline
	names    map[string]string // a node's address, as nodes log it: its name
}

// readStory reads a run folder. Files that are there must be whole; run.json must be there, a finished run's plan.json, and whatever else
// the run has a checksum of.
func readStory(ctx context.Context, folder run.Folder) (*story, error) {
	result, err := ReadResult(folder)
	if err != nil {
		return nil, err
	}
	if err := folder.Intact(result.Run); err != nil {
		return nil, err
	}
	s := &story{Result: result}
	if s.plan, err = folder.ReadPlan(); err != nil {
		return nil, fmt.Errorf("reading a run's plan: %w", err)
	}
	s.history, err = folder.ReadHistory()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		s.untold = append(s.untold, run.HistoryFile)
	case err != nil:
		return nil, fmt.Errorf("reading a run's history: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if s.events, err = folder.NodeEvents(); err != nil {
		return nil, fmt.Errorf("reading the nodes' logs: %w", err)
	}
	if s.clocks, err = folder.ReadClocks(); err != nil {
		return nil, fmt.Errorf("reading a run's clocks: %w", err)
	}
	for _, name := range []string{run.LogsFolder, run.ClocksFile} {
		if _, err := os.Stat(folder.Path(name)); err != nil {
			s.untold = append(s.untold, name)
		}
	}
	s.timeline = plots.Timeline{Lasted: s.lasted()}
	s.timeline.Windows = windows(s.plan, s.timeline.Lasted)
	s.names = s.nodeNames()
	return s, nil
}

// lasted is the run's length; of a run that was cut short before it could say, the last thing that is known of it.
func (s *story) lasted() time.Duration {
	last := max(s.Run.Lasted, s.history.Header.End)
	if last > 0 {
		return last
	}
	if n := len(s.history.Records); n > 0 {
		last = s.history.Records[n-1].T
	}
	if n := len(s.events); n > 0 {
		last = max(last, s.events[n-1].T)
	}
	return last
}

// nodeNames learns which address is whose: from what nodes log of themselves, and from run.json.
func (s *story) nodeNames() map[string]string {
	names := map[string]string{}
	hosts := map[string]int{}
	for _, m := range s.Run.Machines {
		if host, _, err := net.SplitHostPort(m.Address); err == nil {
			hosts[host]++
		} else {
			hosts[m.Address]++
		}
	}
	for _, m := range s.Run.Machines {
		if m.Role != "node" {
			continue
		}
		names[m.Address], names[m.Name] = m.Name, m.Name
		host, _, err := net.SplitHostPort(m.Address)
		if err != nil {
			host = m.Address
		}
		if hosts[host] == 1 {
			names[host] = m.Name
		}
	}
	for _, e := range s.events {
		if address := e.Text("node"); address != "" {
			names[address] = e.Machine
		}
	}
	return names
}

// nodeName is the name of the node with an address, or the address where nobody knows better.
func (s *story) nodeName(address string) string {
	if name, ok := s.names[address]; ok {
		return name
	}
	if host, _, err := net.SplitHostPort(address); err == nil {
		if name, ok := s.names[host]; ok {
			return name
		}
	}
	return address
}

// windows are the times in which faults were in force.
func windows(plan run.Plan, lasted time.Duration) []plots.Window {
	var all []plots.Window
	for i, strike := range plan.Strikes {
		if strike.Ends() || strike.Skipped != "" {
			continue
		}
		w := plots.Window{From: strike.At, Until: endOf(plan, i, lasted), Label: strike.Text, Family: strike.Kind.Family()}
		if w.Label == "" {
			w.Label = string(strike.Kind)
		}
		if !strike.Bit {
			w.Label += " (did not bite)"
		}
		all = append(all, w)
	}
	return all
}

// endOf says when the i-th strike was over. A strike that does not know its own end is ended by the next one that undoes its
// kind, or by the run's end.
func endOf(plan run.Plan, i int, lasted time.Duration) time.Duration {
	strike := plan.Strikes[i]
	if strike.Until > 0 {
		return strike.Until
	}
	for _, later := range plan.Strikes[i+1:] {
		if later.Skipped == "" && undoes(later, strike) {
			return later.At
		}
	}
	return lasted
}

// undoes says whether one strike ends another.
func undoes(later, earlier run.Strike) bool {
	if !slices.Contains(earlier.Kind.UndoneBy(), later.Kind) {
		return false
	}
	return later.Kind == run.KindHeal || share(later.Machines, earlier.Machines)
}

// share says whether two lists of machines have one in common; a strike that names none means all.
func share(some, others []string) bool {
	if len(some) == 0 || len(others) == 0 {
		return true
	}
	for _, one := range some {
		for _, other := range others {
			if one == other {
				return true
			}
		}
	}
	return false
}
