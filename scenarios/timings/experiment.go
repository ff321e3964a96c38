package timings

import (
	"fmt"
	"slices"
	"time"

	"muster/model/run"
	"muster/model/timing"
	"muster/scenarios"
)

// Experiment is a scenario that is run to be timed.
type Experiment struct {
	// Name of the experiment and of its scenario.
	Name string
	// Claim says what it times.
	Claim string
	// Profile of the nodes.
	Profile scenarios.Profile
	// scenario is what happens if the faults strike, and the clients begin, so much later than in other runs.
	scenario func(shift time.Duration) scenarios.Scenario
	// measure reads the figures of a run.
	measure func(*observed, *meter)
}

// shiftLimit and shiftStep: runs of neighbouring seeds are shifted against the timers that nodes start with, some of which come every 5 s.
const (
	shiftLimit = 5 * time.Second
	shiftStep  = 1618 * time.Millisecond
)

// Scenario is what is played with a seed. The whole script is shifted by it, so that faults meet the nodes' timers in different places.
func (e Experiment) Scenario(seed uint64) scenarios.Scenario {
	s := e.scenario(time.Duration(seed%1000) * shiftStep % shiftLimit)
	s.Name, s.Claim, s.Command, s.Profiles = e.Name, e.Claim, "timings", []scenarios.Profile{e.Profile}
	s.Source = "The timing experiments with a real Nacos cluster: " + measured.Source
	s.Cluster = scenarios.Nodes(nodes)
	if e.Profile == scenarios.Nacos1 {
		s.Cluster.Arguments = []string{"--profile", string(e.Profile)}
	}
	return s
}

// nodes of every experiment, as of the clusters that were measured.
const nodes = 3

// Measure reads what a run of the experiment came to.
func (e Experiment) Measure(folder run.Folder) (map[timing.Key]timing.Samples, error) {
	seen, err := observe(folder)
	if err != nil {
		return nil, fmt.Errorf("measuring %s: %w", folder, err)
	}
	m := &meter{experiment: e.Name, samples: map[timing.Key]timing.Samples{}}
	e.measure(seen, m)
	return m.samples, nil
}

// Catalog lists all experiments.
func Catalog() []Experiment {
	return slices.Concat(
		[]Experiment{visibility(), expiry(), killLeader()},
		isolations(), links(),
		[]Experiment{pause(), restartOne(), restartAll()}, pushes(), older(),
	)
}

// meter collects samples.
type meter struct {
	experiment string
	samples    map[timing.Key]timing.Samples
}

// took notes how long something took; if it did not happen, that.
func (m *meter) took(quantity, at string, length time.Duration, happened bool) {
	if !happened {
		key := timing.Key{Experiment: m.experiment, Quantity: quantity, At: at}
		s := m.samples[key]
		s.Never++
		m.samples[key] = s
		return
	}
	m.counted(quantity, at, float64(length.Round(time.Millisecond))/float64(time.Second))
}

// counted notes a value.
func (m *meter) counted(quantity, at string, value float64) {
	key := timing.Key{Experiment: m.experiment, Quantity: quantity, At: at}
	s := m.samples[key]
	s.Values = append(s.Values, value)
	m.samples[key] = s
}
