package reports

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"muster/checker"
)

// CompareOptions say when a difference counts. Zero values mean the defaults.
type CompareOptions struct {
	// FalseAlarm is the probability with which a whole comparison may cry wolf by chance. Default 0.05.
	FalseAlarm float64
	// RelevantShare is the least change of a median that matters, as a share of the baseline's. Default 0.10.
	RelevantShare float64
	// Relevant is the least change that matters, by unit; it keeps trifles of figures near zero from counting.
	// Default: RelevantSteps.
	Relevant map[string]float64
	// GrossFactor: with three runs or more on each side, a figure whose every current value is beyond the baseline's worst, and
	// whose median is this many times as bad as it, is a regression however few the runs. Default 2.
	GrossFactor float64
}

// RelevantSteps are the least changes that matter by default, by the units of checker.Figure.
var RelevantSteps = map[string]float64{"ms": 1, "operations": 5}

func (o CompareOptions) withDefaults() CompareOptions {
	if o.FalseAlarm == 0 {
		o.FalseAlarm = 0.05
	}
	if o.RelevantShare == 0 {
		o.RelevantShare = 0.10
	}
	if o.Relevant == nil {
		o.Relevant = RelevantSteps
	}
	if o.GrossFactor == 0 {
		o.GrossFactor = 2
	}
	return o
}

// Judgement of one compared verdict or figure.
type Judgement string

// The judgements.
const (
	Same      Judgement = "same"
	Unclear   Judgement = "no clear change"
	Improved  Judgement = "improved"
	Regressed Judgement = "REGRESSED"
	// TooFew: with so few runs even a total change could not be told from chance.
	TooFew Judgement = "too few runs"
	New    Judgement = "new"
	Gone   Judgement = "gone"
)

// VerdictChange compares a property of a scenario.
type VerdictChange struct {
	Scenario          string
	Baseline, Current VerdictSet
	Judgement         Judgement
	// Because says why in a few words.
	Because string
}

// FigureChange compares a figure of a scenario.
type FigureChange struct {
	Scenario          string
	Baseline, Current FigureSet
	Judgement         Judgement
	Because           string
}

// Comparison of two sets of runs.
type Comparison struct {
	Verdicts []VerdictChange
	Figures  []FigureChange
	// Notes tell what could not be compared, or only with a grain of salt: scenarios that one side lacks, different seeds.
	Notes   []string
	Options CompareOptions
}

// Compare compares two sets of runs.
//
// A verdict gets worse when an outcome turns up that is worse than any the baseline has for that property (as expected, then
// Undecided, then the opposite of what is expected): one broken guarantee is a fact and needs no statistics. Where the baseline
// has such outcomes too, the shares are compared as figures are.
//
// A figure regresses when its current values rank worse than the baseline's by the one-sided exact Wilcoxon-Mann-Whitney test,
// corrected after Holm over everything that is compared, so that a whole comparison raises a false alarm with at most
// FalseAlarm, and its median is worse by a relevant amount; or when it is grossly worse (see GrossFactor). The values of one
// scenario are one sample: a changed program draws other random numbers from the same seed, so seeds are not paired.
// With few runs the test cannot reach significance, and says so instead of guessing; a baseline of 20 seeds lets 3 runs be judged.
func Compare(baseline, current Set, options CompareOptions) (Comparison, error) {
	comparison := Comparison{Options: options.withDefaults()}
	if len(baseline.Scenarios) == 0 {
		return comparison, errors.New("the baseline holds no runs: there is nothing to compare with")
	}
	if len(current.Scenarios) == 0 {
		return comparison, errors.New("the current set holds no runs: there is nothing to compare")
	}
	for _, before := range baseline.Scenarios {
		now, ok := current.find(before)
		if !ok {
			comparison.notef("%s is in the baseline and was not run now", before.title())
			continue
		}
		if before.Nodes != now.Nodes {
			comparison.notef("%s: not the same nodes: in the baseline %s, now %s", before.plain().title(), before.nodesInWords(), now.nodesInWords())
		}
		comparison.compareSeeds(before, now)
		comparison.compareVerdicts(before, now)
		comparison.compareFigures(before, now)
	}
	for _, now := range current.Scenarios {
		before, ok := baseline.find(now)
		if ok {
			// Runs of other nodes stand in for those that a side lacks, but only if it lacks them.
			with, _ := current.find(before)
			ok = with.Nodes == now.Nodes
		}
		if !ok {
			comparison.notef("%s is new: the baseline does not have it, so nothing is judged", now.title())
		}
	}
	comparison.judge()
	return comparison, nil
}

// Regressed says whether anything got worse.
func (c Comparison) Regressed() bool {
	return slices.ContainsFunc(c.Verdicts, func(v VerdictChange) bool { return v.Judgement == Regressed }) ||
		slices.ContainsFunc(c.Figures, func(f FigureChange) bool { return f.Judgement == Regressed })
}

// find looks up the runs that are comparable: with the same nodes or else, the first with others.
func (s Set) find(like ScenarioSet) (found ScenarioSet, ok bool) {
	for _, one := range s.Scenarios {
		if one.Scenario != like.Scenario || one.Stage != like.Stage || one.Profile != like.Profile || one.Protocol != like.Protocol {
			continue
		}
		if one.Nodes == like.Nodes {
			return one, true
		}
		if !ok {
			found, ok = one, true
		}
	}
	return found, ok
}

// plain is the set but for what its nodes were.
func (s ScenarioSet) plain() ScenarioSet {
	s.Nodes = ""
	return s
}

func (s ScenarioSet) nodesInWords() string {
	if s.Nodes == "" {
		return "ours, healthy"
	}
	return s.Nodes
}

func (c *Comparison) notef(format string, arguments ...any) {
	c.Notes = append(c.Notes, fmt.Sprintf(format, arguments...))
}

func (c *Comparison) compareSeeds(before, now ScenarioSet) {
	if !slices.Equal(before.Seeds, now.Seeds) {
		c.notef("%s: other seeds: the baseline has %s, now %s", before.title(), seedList(before.Seeds), seedList(now.Seeds))
	}
}

func (c *Comparison) compareVerdicts(before, now ScenarioSet) {
	for _, b := range before.Verdicts {
		change := VerdictChange{Scenario: before.title(), Baseline: b, Current: VerdictSet{Property: b.Property}, Judgement: Gone,
			Because: "is not judged any more"}
		if at := slices.IndexFunc(now.Verdicts, func(v VerdictSet) bool { return v.Property == b.Property }); at >= 0 {
			change.Current, change.Judgement, change.Because = now.Verdicts[at], "", ""
		}
		c.Verdicts = append(c.Verdicts, change)
	}
	for _, n := range now.Verdicts {
		if !slices.ContainsFunc(before.Verdicts, func(v VerdictSet) bool { return v.Property == n.Property }) {
			c.Verdicts = append(c.Verdicts, VerdictChange{Scenario: now.title(), Baseline: VerdictSet{Property: n.Property}, Current: n, Judgement: New})
		}
	}
}

func (c *Comparison) compareFigures(before, now ScenarioSet) {
	for _, b := range before.Figures {
		change := FigureChange{Scenario: before.title(), Baseline: b, Current: FigureSet{Name: b.Name, Unit: b.Unit, LowerIsBetter: b.LowerIsBetter},
			Judgement: Gone, Because: "no run measured it"}
		if at := slices.IndexFunc(now.Figures, func(f FigureSet) bool { return f.Name == b.Name }); at >= 0 {
			change.Current, change.Judgement, change.Because = now.Figures[at], "", ""
			if change.Current.Unit != b.Unit {
				change.Judgement, change.Because = New, fmt.Sprintf("was measured in %q, is now in %q", b.Unit, change.Current.Unit)
			}
		}
		c.Figures = append(c.Figures, change)
	}
	for _, n := range now.Figures {
		if !slices.ContainsFunc(before.Figures, func(f FigureSet) bool { return f.Name == n.Name }) {
			c.Figures = append(c.Figures, FigureChange{Scenario: now.title(), Baseline: FigureSet{Name: n.Name}, Current: n, Judgement: New})
		}
	}
}

// judge settles everything that is still open. It comes last because Holm's correction needs all probabilities at once.
func (c *Comparison) judge() {
	type open struct {
		baseline, current []float64 // the greater, the worse
		relevant          bool
		settle            func(judgement Judgement, because string)
	}
	var all []open
	for i := range c.Verdicts {
		change := &c.Verdicts[i]
		if change.Judgement != "" {
			continue
		}
		expected := change.Current.Expected
		against := cmp.Or(expected, checker.Holds)
		before, now := change.Baseline.badness(against), change.Current.badness(against)
		settle := func(j Judgement, because string) { change.Judgement, change.Because = j, because }
		switch {
		case len(before) == 0 || len(now) == 0:
			settle(TooFew, "one side has no runs of it")
		case expected == "":
			settle(Unclear, "nothing is expected of it")
			if slices.Equal(slices.Compact(before), slices.Compact(now)) {
				settle(Same, "")
			}
		case slices.Max(now) > slices.Max(before):
			settle(Regressed, change.Current.worst(expected)+change.Current.where()+", which never happened in the baseline")
		case slices.Max(now) == 0 && slices.Max(before) == 0:
			settle(Same, "")
		default:
			all = append(all, open{baseline: before, current: now, relevant: true, settle: settle})
		}
	}
	for i := range c.Figures {
		change := &c.Figures[i]
		if change.Judgement != "" {
			continue
		}
		before, now := change.Baseline.badness(), change.Current.badness()
		settle := func(j Judgement, because string) { change.Judgement, change.Because = j, because }
		if slices.Equal(change.Baseline.Values, change.Current.Values) {
			settle(Same, "")
			continue
		}
		if c.Options.gross(change.Baseline, before, now) {
			settle(Regressed, fmt.Sprintf("every run is beyond the baseline's worst, the median more than %g times", c.Options.GrossFactor))
			continue
		}
		all = append(all, open{baseline: before, current: now, relevant: c.Options.relevant(change.Baseline, before, now), settle: settle})
	}
	worse, better := make([]float64, len(all)), make([]float64, len(all))
	for i, o := range all {
		worse[i], better[i] = rankSum(o.baseline, o.current), rankSum(o.current, o.baseline)
	}
	isWorse, isBetter := holm(worse, c.Options.FalseAlarm), holm(better, c.Options.FalseAlarm)
	for i, o := range all {
		switch {
		case isWorse[i] && o.relevant:
			o.settle(Regressed, fmt.Sprintf("p = %.2g", worse[i]))
		case isBetter[i] && o.relevant:
			o.settle(Improved, fmt.Sprintf("p = %.2g", better[i]))
		case !o.relevant:
			o.settle(Unclear, "the change is too small to matter")
		case 1/choices(len(o.baseline)+len(o.current), len(o.current)) > c.Options.FalseAlarm/float64(len(all)):
			o.settle(TooFew, fmt.Sprintf("%d against %d cannot be told from chance", len(o.baseline), len(o.current)))
		default:
			o.settle(Unclear, fmt.Sprintf("p = %.2g", min(worse[i], better[i])))
		}
	}
}

// badness of each outcome, against what is expected: 0 as expected, 1 Undecided, 2 the opposite.
func (v VerdictSet) badness(expected checker.Outcome) []float64 {
	grades := map[checker.Outcome]float64{checker.Holds: 2, checker.Violated: 2, checker.Undecided: 1}
	grades[expected] = 0
	var values []float64
	for _, one := range v.outcomes() {
		values = append(values, slices.Repeat([]float64{grades[one.outcome]}, one.count)...)
	}
	return values
}

type outcomeCount struct {
	outcome checker.Outcome
	count   int
}

func (v VerdictSet) outcomes() []outcomeCount {
	return []outcomeCount{{checker.Holds, v.Holds}, {checker.Violated, v.Violated}, {checker.Undecided, v.Undecided}}
}

// worst names the worst outcomes there are: "violated 2 times".
func (v VerdictSet) worst(expected checker.Outcome) string {
	opposite := checker.Violated
	if expected == checker.Violated {
		opposite = checker.Holds
	}
	for _, look := range []checker.Outcome{opposite, checker.Undecided} {
		for _, one := range v.outcomes() {
			if one.outcome == look && one.count > 0 {
				return fmt.Sprintf("%s %s", one.outcome, times(one.count))
			}
		}
	}
	return ""
}

// where names the runs that were not as expected, so that they can be looked at: " (seeds 3, 8)".
func (v VerdictSet) where() string {
	switch len(v.UnexpectedSeeds) {
	case 0:
		return ""
	case 1:
		return fmt.Sprintf(" (seed %d)", v.UnexpectedSeeds[0])
	}
	return fmt.Sprintf(" (seeds %s)", seedList(v.UnexpectedSeeds))
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// badness of the values: the greater, the worse.
func (f FigureSet) badness() []float64 {
	values := slices.Clone(f.Values)
	if !f.LowerIsBetter {
		for i := range values {
			values[i] = -values[i]
		}
	}
	return values
}

func (o CompareOptions) relevant(f FigureSet, before, now []float64) bool {
	was, is := spreadOf(before).median, spreadOf(now).median
	return math.Abs(is-was) >= max(o.RelevantShare*math.Abs(was), o.Relevant[f.Unit])
}

// gross says whether a change needs no test; see CompareOptions.GrossFactor.
func (o CompareOptions) gross(f FigureSet, before, now []float64) bool {
	if len(before) < 3 || len(now) < 3 {
		return false
	}
	was, is := spreadOf(before), spreadOf(now)
	if is.least <= was.greatest || is.median-was.greatest < o.Relevant[f.Unit] {
		return false
	}
	if f.LowerIsBetter {
		return is.median >= o.GrossFactor*was.greatest
	}
	return -is.median*o.GrossFactor <= -was.greatest
}

// choices is the number of ways to choose k of n.
func choices(n, k int) float64 {
	ways := 1.0
	for i := 1; i <= k; i++ {
		ways = ways * float64(n-k+i) / float64(i)
	}
	return ways
}
