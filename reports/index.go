package reports

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"muster/checker"
	"muster/model/run"
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
	// Columns name the figures of the overview.
	Columns   []string
	Scenarios []indexScenario
	Pictures  []shownPicture
}

type indexScenario struct {
	Title, Claim, Anchor string
	Headline, Mood       string
	Runs                 []indexRun
	Rows                 []indexRow
	Figures              []indexFigure
	// Medians of the figures that the overview shows; empty where no run measured one.
	Medians []string
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
	for _, column := range overview {
		p.Columns = append(p.Columns, column.title)
	}
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
		one.Medians = medians(set.Scenarios[0])
		for _, f := range set.Scenarios[0].Figures {
			s := spreadOf(f.Values)
			one.Figures = append(one.Figures, indexFigure{
				Name: figureName(f.Name), Median: quantity(s.median, f.Unit), Least: quantity(s.least, f.Unit),
				Greatest: quantity(s.greatest, f.Unit), Runs: fmt.Sprint(len(f.Values)),
			})
		}
		p.Scenarios = append(p.Scenarios, one)
	}
	p.Mood = "good"
	p.Headline = fmt.Sprintf("%s of %s, every verdict as expected",
		plural(len(results), "run", "runs"), plural(len(p.Scenarios), "scenario", "scenarios"))
	if unexpected > 0 {
		p.Headline, p.Mood = fmt.Sprintf("%d of %s not as expected", unexpected, plural(len(results), "run", "runs")), "bad"
	}
	p.Pictures = distributions(NewSet(results))
	return p, nil
}

// overview are the figures that stand beside each scenario at the top of the page: what its clients felt.
var overview = []struct{ figure, title string }{
	{"failover_ms", "first write after a lost leader"},
	{"persistent_write_unavailable_total_ms", "persistent writes unavailable"},
	{"linearizable_read_unavailable_total_ms", "linearizable reads unavailable"},
	{"ephemeral_write_unavailable_total_ms", "ephemeral writes unavailable"},
	{"convergence_ms", "views alike again after the last fault"},
}

// medians of the overview's figures over a scenario's seeds.
func medians(s ScenarioSet) []string {
	var all []string
	for _, column := range overview {
		text := ""
		for _, f := range s.Figures {
			if f.Name == column.figure && len(f.Values) > 0 {
				text = milliseconds(spreadOf(f.Values).median)
			}
		}
		all = append(all, text)
	}
	return all
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
