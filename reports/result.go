package reports

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"muster/checker"
	"muster/model/run"
)

// Result is what summaries need to know of one run.
type Result struct {
	Folder run.Folder
	Run    run.Run
	// Verdicts in the order of checker.Properties. A property of which the scenario expects something and that nobody judged
	// stands here as Undecided.
	Verdicts []checker.Verdict
	Figures  checker.Figures
	// Judged is false for a run without verdicts.json.
	Judged bool
}

// ReadResult reads a run folder's summary.
func ReadResult(folder run.Folder) (Result, error) {
	r, err := folder.ReadRun()
	if errors.Is(err, fs.ErrNotExist) {
		return Result{}, fmt.Errorf("%s is no run folder: it holds no %s", folder, run.RunFile)
	}
	if err != nil {
		return Result{}, fmt.Errorf("reading a run: %w", err)
	}
	result := Result{Folder: folder, Run: r}
	verdicts, err := checker.ReadVerdicts(folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Result{}, fmt.Errorf("reading a run's verdicts: %w", err)
	}
	result.Judged = err == nil
	result.Verdicts = completed(r, verdicts)
	result.Figures, err = checker.ReadFigures(folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Result{}, fmt.Errorf("reading a run's figures: %w", err)
	}
	return result, nil
}

// ReadResults reads the summaries of many run folders. The error names every folder that cannot be read.
func ReadResults(folders []run.Folder) ([]Result, error) {
	var results []Result
	var failed []error
	for _, folder := range folders {
		result, err := ReadResult(folder)
		if err != nil {
			failed = append(failed, err)
			continue
		}
		results = append(results, result)
	}
	return results, errors.Join(failed...)
}

// completed puts verdicts into their order and adds an Undecided for every property that was expected and not judged.
func completed(r run.Run, verdicts []checker.Verdict) []checker.Verdict {
	byProperty := map[checker.Property]checker.Verdict{}
	for _, v := range verdicts {
		byProperty[v.Property] = v
	}
	for name, expected := range r.Expect {
		property := checker.Property(name)
		if _, judged := byProperty[property]; judged {
			continue
		}
		reason := "nobody has judged this run yet"
		if len(verdicts) > 0 {
			reason = "the checkers said nothing of this property"
		}
		if r.Interrupted != "" {
			reason = "the run was interrupted: " + r.Interrupted
		}
		byProperty[property] = checker.Verdict{
			Property: property, Outcome: checker.Undecided, Expected: checker.Outcome(expected), Reason: reason,
			Guarantee: "Not judged.",
		}
	}
	var ordered []checker.Verdict
	for _, property := range propertiesIn(byProperty) {
		ordered = append(ordered, byProperty[property])
	}
	return ordered
}

// propertiesIn are the properties of a map: the known ones in their order, then others by name.
func propertiesIn[V any](byProperty map[checker.Property]V) []checker.Property {
	var properties []checker.Property
	known := map[checker.Property]bool{}
	for _, property := range checker.Properties {
		known[property] = true
		if _, ok := byProperty[property]; ok {
			properties = append(properties, property)
		}
	}
	return append(properties, sortedKeys(byProperty, func(p checker.Property) bool { return !known[p] })...)
}

// Unexpected are the verdicts that are not what the scenario expects.
func (r Result) Unexpected() []checker.Verdict {
	var unexpected []checker.Verdict
	for _, v := range r.Verdicts {
		if !v.AsExpected() {
			unexpected = append(unexpected, v)
		}
	}
	return unexpected
}

// AsExpected says whether the run was judged and every verdict is the one that the scenario expects.
func (r Result) AsExpected() bool { return r.Judged && len(r.Unexpected()) == 0 }

// Speed is how many simulated seconds one second of processor time bought; 0 if the run does not say. Of a future it is about what came
// after the fork: its past may not have been simulated at all.
func (r Result) Speed() float64 {
	lasted, cpu := r.Run.Lasted, r.Run.Cost.CPU
	if fork := r.Run.Fork; fork != nil {
		lasted, cpu = lasted-fork.At, cpu-r.Run.Cost.Shared
	}
	if cpu <= 0 || r.Run.Stage != "simulated" {
		return 0
	}
	return float64(lasted) / float64(cpu)
}

// Seed is what tells a run of a scenario from others: its seed, after those of its pasts if it is a future, as in "7→8".
func (r Result) Seed() string {
	text := strconv.FormatUint(r.Run.Seed, 10)
	for past := r.Run.Fork; past != nil; past = past.Of {
		text = strconv.FormatUint(past.Seed, 10) + "→" + text
	}
	return text
}

// Defects names what was broken in the nodes on purpose, "" for nothing.
func (r Result) Defects() string { return r.Run.Options[run.OptionDefects] }

// The options of a simulated run that name other programs in the place of our nodes, by import path or folder.
const (
	optionNode = "node"
	optionNext = "node-next"
)

// Nodes says what sets a run's nodes apart from ours as they are: what was broken in them on purpose, and which other programs ran in
// their place; "" for nothing.
func (r Result) Nodes() string {
	var apart []string
	if defects := r.Defects(); defects != "" {
		apart = append(apart, "broken on purpose: "+defects)
	}
	for _, option := range []string{optionNode, optionNext} {
		if program := r.Run.Options[option]; program != "" {
			apart = append(apart, option+": "+filepath.Base(program))
		}
	}
	return strings.Join(apart, "; ")
}

// seconds writes a duration for people: tenths of seconds below a hundred, whole ones above.
func seconds(d time.Duration) string {
	if d < 100*time.Second && d%time.Second != 0 {
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return fmt.Sprintf("%.0f s", d.Seconds())
}

// moment writes a point in true time, to the millisecond.
func moment(d time.Duration) string { return fmt.Sprintf("%.3f s", d.Seconds()) }
