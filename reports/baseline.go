package reports

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"muster/checker"
	"muster/model/run"
)

// SetFormat is the version of the baseline file that this code writes. Older versions stay readable.
const SetFormat = 1

// Set is what a comparison needs of a set of runs. As JSON it is a baseline file, small enough for git.
type Set struct {
	Format    int           `json:"format"`
	Scenarios []ScenarioSet `json:"scenarios"`
}

// ScenarioSet is the runs of one scenario on one stage with one profile, one protocol of the clients and the same nodes.
type ScenarioSet struct {
	Scenario string `json:"scenario"`
	Stage    string `json:"stage"`
	Profile  string `json:"profile"`
	// Protocol is empty for HTTP.
	Protocol string `json:"protocol,omitempty"`
	// Nodes is empty for ours, healthy; as Result.Nodes.
	Nodes string `json:"nodes,omitempty"`
	// Seeds in order.
	Seeds    []uint64     `json:"seeds"`
	Verdicts []VerdictSet `json:"verdicts"`
	Figures  []FigureSet  `json:"figures,omitempty"`
}

// VerdictSet counts a property's outcomes over the seeds.
type VerdictSet struct {
	Property checker.Property `json:"property"`
	// Expected is what the scenario expects; empty where it expects nothing.
	Expected  checker.Outcome `json:"expected,omitempty"`
	Holds     int             `json:"holds"`
	Violated  int             `json:"violated"`
	Undecided int             `json:"undecided"`
	// UnexpectedSeeds are those of the runs whose outcome was not the expected one; older baselines do not say.
	UnexpectedSeeds []uint64 `json:"unexpected_seeds,omitempty"`
}

// FigureSet is a figure's values, in the order of the seeds; runs that did not measure it have none.
type FigureSet struct {
	Name          string    `json:"name"`
	Unit          string    `json:"unit"`
	LowerIsBetter bool      `json:"lower_is_better"`
	Values        []float64 `json:"values"`
}

// NewSet sums up results.
func NewSet(results []Result) Set {
	set := Set{Format: SetFormat, Scenarios: []ScenarioSet{}}
	for _, g := range groups(results) {
		one := ScenarioSet{Scenario: g.scenario, Stage: g.stage, Profile: g.profile, Protocol: g.protocol, Nodes: g.nodes}
		for _, property := range g.properties() {
			one.Verdicts = append(one.Verdicts, VerdictSet{Property: property})
		}
		for _, r := range g.results {
			one.Seeds = append(one.Seeds, r.Run.Seed)
			for i := range one.Verdicts {
				if v, ok := r.verdict(one.Verdicts[i].Property); ok {
					one.Verdicts[i].count(v, r.Run.Seed)
				}
			}
			for _, figure := range r.Figures.Values() {
				one.measure(figure)
			}
		}
		set.Scenarios = append(set.Scenarios, one)
	}
	return set
}

func (v *VerdictSet) count(verdict checker.Verdict, seed uint64) {
	v.Expected = verdict.Expected
	if !verdict.AsExpected() {
		v.UnexpectedSeeds = append(v.UnexpectedSeeds, seed)
	}
	switch verdict.Outcome {
	case checker.Holds:
		v.Holds++
	case checker.Violated:
		v.Violated++
	default:
		v.Undecided++
	}
}

func (s *ScenarioSet) measure(f checker.Figure) {
	at := slices.IndexFunc(s.Figures, func(have FigureSet) bool { return have.Name == f.Name })
	if at < 0 {
		at = len(s.Figures)
		s.Figures = append(s.Figures, FigureSet{Name: f.Name, Unit: f.Unit, LowerIsBetter: f.LowerIsBetter})
	}
	s.Figures[at].Values = append(s.Figures[at].Values, f.Value)
}

// title as reports show it.
func (s ScenarioSet) title() string {
	return setTitle(s.Scenario, s.Stage, s.Profile, s.Protocol, s.Nodes)
}

// WriteBaseline sums up run folders in one file, which ReadSet reads. The file appears whole or not at all.
func WriteBaseline(path string, folders []run.Folder) error {
	results, err := ReadResults(folders)
	if err != nil {
		return err
	}
	if len(results) == 0 {
		return errors.New("a baseline of no runs would let everything pass: name at least one run folder")
	}
	text, err := NewSet(results).text()
	if err != nil {
		return fmt.Errorf("baseline %s: %w", path, err)
	}
	return run.Folder(filepath.Dir(path)).WriteFile(filepath.Base(path), text)
}

// text is the set as JSON with a line for each scenario's head, each property and each figure, so that a changed baseline reads
// well in a diff.
func (s Set) text() ([]byte, error) {
	var out bytes.Buffer
	fmt.Fprintf(&out, "{\n\"format\": %d,\n\"scenarios\": [", s.Format)
	for i, scenario := range s.Scenarios {
		if i > 0 {
			out.WriteByte(',')
		}
		verdicts, figures := scenario.Verdicts, scenario.Figures
		scenario.Verdicts, scenario.Figures = nil, nil
		head, err := json.Marshal(scenario)
		if err != nil {
			return nil, err
		}
		head, _ = bytes.CutSuffix(head, []byte(`"verdicts":null}`))
		out.WriteString("\n")
		out.Write(head)
		if err := writeLines(&out, "verdicts", verdicts); err != nil {
			return nil, err
		}
		out.WriteByte(',')
		if err := writeLines(&out, "figures", figures); err != nil {
			return nil, err
		}
		out.WriteByte('}')
	}
	out.WriteString("\n]\n}\n")
	return out.Bytes(), nil
}

func writeLines[T any](out *bytes.Buffer, name string, items []T) error {
	fmt.Fprintf(out, "\n %q: [", name)
	for i, item := range items {
		line, err := json.Marshal(item)
		if err != nil {
			return err
		}
		if i > 0 {
			out.WriteByte(',')
		}
		out.WriteString("\n  ")
		out.Write(line)
	}
	out.WriteString("]")
	return nil
}

// ReadSet reads a set of runs: a baseline file, or a folder in which run folders lie. Where some of those cannot be read the error names
// them, and the set is of the others.
func ReadSet(path string) (Set, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Set{}, fmt.Errorf("%s: neither a baseline file nor a folder of runs lies here", path)
	}
	if err != nil {
		return Set{}, err
	}
	if info.IsDir() {
		folders, err := run.Find(path)
		if err != nil {
			return Set{}, err
		}
		results, err := ReadResults(folders)
		return NewSet(results), err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return Set{}, err
	}
	var set Set
	if err := json.Unmarshal(text, &set); err != nil {
		return Set{}, fmt.Errorf("%s is no baseline file: %w", path, err)
	}
	if set.Format < 1 || set.Format > SetFormat {
		return Set{}, fmt.Errorf("%s: baseline format %d: this build reads formats 1 to %d", path, set.Format, SetFormat)
	}
	for _, scenario := range set.Scenarios {
		for _, v := range scenario.Verdicts {
			if v.Holds < 0 || v.Violated < 0 || v.Undecided < 0 {
				return Set{}, fmt.Errorf("%s: %s, %s: counts of outcomes cannot be negative", path, scenario.Scenario, v.Property)
			}
		}
	}
	return set, nil
}
