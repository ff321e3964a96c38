package reports

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"muster/checker"
	"muster/model/run"
	"muster/reports/plots"
)

// IndexFile is the name of the page over many runs.
const IndexFile = "index.html"

// WriteIndex writes the page over many runs, index.html, into the folder out; its links to the runs' pages are relative.
func WriteIndex(ctx context.Context, out string, folders []run.Folder) error {
	results, err := ReadResults(folders)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	shown, err := indexOf(out, results)
	if err != nil {
		return err
	}
	text, err := page("index.html", shown)
	if err != nil {
		return err
	}
	for _, picture := range shown.Pictures {
		if err := run.Folder(out).WriteFile(filepath.Join(run.PlotsFolder, picture.Name+".svg"), picture.SVG); err != nil {
			return fmt.Errorf("writing picture %s: %w", picture.Name, err)
		}
	}
	if err := run.Folder(out).WriteFile(IndexFile, text); err != nil {
		return fmt.Errorf("writing the index: %w", err)
	}
	return nil
}

// indexPage is what the template index.html shows.
type indexPage struct {
	Headline, Mood string
	Scenarios      []indexScenario
	Pictures       []shownPicture
}

type indexScenario struct {
	Title, Claim, Anchor string
	Headline, Mood       string
	Runs                 []indexRun
	Rows                 []indexRow
	Figures              []indexFigure
}

type indexRun struct {
	Seed, Link        string
	Mood, Interrupted string
}

// indexRow is one property over the seeds.
type indexRow struct {
	Property checker.Property
	Cells    []indexCell
}

type indexCell struct {
	Mood, Symbol, Link, Title string
}

// indexFigure is one figure over the seeds.
type indexFigure struct{ Name, Median, Least, Greatest, Runs string }

func indexOf(out string, results []Result) (indexPage, error) {
	var p indexPage
	unexpected := 0
	for _, g := range groups(results) {
		one := indexScenario{Title: g.title(), Claim: g.claim, Anchor: anchor(g.title())}
		wrong := 0
		for _, r := range g.results {
			link, err := relative(out, string(r.Folder))
			if err != nil {
				return p, fmt.Errorf("the index in %s cannot link to %s: %w", out, r.Folder, err)
			}
			_, mood := headline(r)
			one.Runs = append(one.Runs, indexRun{Seed: r.Seed(), Link: link + "/" + run.ReportFile, Mood: mood, Interrupted: r.Run.Interrupted})
			if !r.AsExpected() {
				wrong++
			}
		}
		unexpected += wrong
		one.Headline, one.Mood = fmt.Sprintf("%s as expected", plural(len(g.results), "run", "runs")), "good"
		if wrong > 0 {
			one.Headline, one.Mood = fmt.Sprintf("%d of %s not as expected", wrong, plural(len(g.results), "run", "runs")), "bad"
		}
		for _, property := range g.properties() {
			row := indexRow{Property: property}
			for i, r := range g.results {
				row.Cells = append(row.Cells, indexCellOf(r, property, one.Runs[i].Link))
			}
			one.Rows = append(one.Rows, row)
		}
		set := NewSet(g.results)
		for _, f := range set.Scenarios[0].Figures {
			s := spreadOf(f.Values)
			one.Figures = append(one.Figures, indexFigure{
				Name: figureName(f.Name), Median: quantity(s.median, f.Unit), Least: quantity(s.least, f.Unit),
				Greatest: quantity(s.greatest, f.Unit), Runs: fmt.Sprint(len(f.Values)),
			})
		}
		p.Scenarios = append(p.Scenarios, one)
	}
	p.Headline, p.Mood = fmt.Sprintf("%s of %s, every verdict as expected", plural(len(results), "run", "runs"), plural(len(p.Scenarios), "scenario", "scenarios")), "good"
	if unexpected > 0 {
		p.Headline, p.Mood = fmt.Sprintf("%d of %s not as expected", unexpected, plural(len(results), "run", "runs")), "bad"
	}
	p.Pictures = distributions(NewSet(results))
	return p, nil
}

// relative is the way from a folder to another as a link writes it, whichever of them is given relative to the working directory.
func relative(from, to string) (string, error) {
	from, err := filepath.Abs(from)
	if err != nil {
		return "", err
	}
	if to, err = filepath.Abs(to); err != nil {
		return "", err
	}
	way, err := filepath.Rel(from, to)
	return filepath.ToSlash(way), err
}

func indexCellOf(r Result, property checker.Property, link string) indexCell {
	v, ok := r.verdict(property)
	if !ok {
		return indexCell{Mood: "quiet", Symbol: "–", Link: link, Title: "not judged"}
	}
	title := fmt.Sprintf("seed %s: %s %s", r.Seed(), v.Property, v.Outcome)
	if v.Expected != "" {
		title += fmt.Sprintf(", expected %s", v.Expected)
	}
	return indexCell{Mood: mood(v), Symbol: symbol(v.Outcome), Link: link + "#verdict-" + string(property), Title: title + ": " + v.Reason}
}

// anchor makes a title fit for the id of an element.
func anchor(title string) string {
	return strings.Trim(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' {
			return r
		}
		return '-'
	}, strings.ToLower(title)), "-")
}

// distributions draws how the times that matter most are distributed over the seeds.
func distributions(set Set) []shownPicture {
	var all []shownPicture
	if samples := samplesOf(set, "failover_ms"); len(samples) > 0 {
		all = append(all, shownPicture{Picture: plots.Cumulative("failover", "How long a failover takes",
			"From the strike on the leader to the first persistent write that was acknowledged again, over the runs of each scenario that had one: the share of the runs in which it took at most so long.",
			"seconds", samples)})
	}
	samples := slices.DeleteFunc(samplesOf(set, "_unavailable_total_ms"), func(s plots.Sample) bool { return slices.Max(s.Values) == 0 })
	if len(samples) > 0 {
		all = append(all, shownPicture{Picture: plots.Strip("unavailability", "How long clients were not served",
			"Times in which operations of a kind were tried and none succeeded, added up over a run. Each triangle is one run; kinds that were always served are left out.",
			"seconds", samples)})
	}
	if samples := samplesOf(set, "convergence_ms"); len(samples) > 0 {
		all = append(all, shownPicture{Picture: plots.Strip("convergence", "How long the nodes' views took to agree again",
			"Counted from the end of the last fault. Each triangle is one run.", "seconds", samples)})
	}
	return all
}

// samplesOf collects the figures whose names end so over all scenarios, from milliseconds to seconds. What stands before the
// ending tells several figures of one scenario apart.
func samplesOf(set Set, ending string) []plots.Sample {
	var samples []plots.Sample
	for _, scenario := range set.Scenarios {
		for _, f := range scenario.Figures {
			which, ok := strings.CutSuffix(f.Name, ending)
			if !ok || len(f.Values) == 0 {
				continue
			}
			sample := plots.Sample{Name: scenario.title()}
			if which != "" {
				sample.Name += ", " + kindName(checker.Kind(which))
			}
			for _, v := range f.Values {
				sample.Values = append(sample.Values, v/1000)
			}
			samples = append(samples, sample)
		}
	}
	return samples
}
