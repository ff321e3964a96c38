package reports

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"muster/model/run"
	"muster/model/timing"
	"muster/reports/plots"
)

// TimingsFile is the name of the page that holds simulated times beside measured ones, TimingsMarkdownFile has the same for a repository, and
// TimingsDataFile for machines.
const (
	TimingsFile         = "timings.html"
	TimingsMarkdownFile = "timings.md"
	TimingsDataFile     = "timings.json"
)

// Timings is what experiments came to, beside what was measured of a real cluster.
type Timings struct {
	// Source says how the real cluster was measured.
	Source string `json:"source"`
	// Defects that the nodes ran with.
	Defects []string `json:"defects,omitempty"`
	// Experiments that were run, in order.
	Experiments []TimedExperiment `json:"experiments"`
	// Rows are the figures of all of them.
	Rows []timing.Row `json:"rows"`
}

// TimedExperiment is one of them.
type TimedExperiment struct {
	Name  string `json:"name"`
	Claim string `json:"claim"`
	Runs  int    `json:"runs"`
}

// WriteTimings writes the page, its pictures and its data into the folder out.
func WriteTimings(ctx context.Context, out string, t Timings) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	shown := timingsPage{Timings: t}
	count := timing.Count(t.Rows)
	shown.Headline, shown.Mood = tallied(count), "good"
	if count.Unexplained() > 0 {
		shown.Mood = "unsure"
	}
	shown.Kinds, shown.Rule, shown.Worse = kinds(count), timing.Rule, worse(count)
	for _, e := range t.Experiments {
		shown.Shown = append(shown.Shown, timedExperiment(e, t.Rows))
	}
	body, err := page("timings.html", shown)
	if err != nil {
		return err
	}
	folder := run.Folder(out)
	for _, e := range shown.Shown {
		for _, picture := range e.Pictures {
			if err := folder.WriteFile(filepath.Join(run.PlotsFolder, picture.Name+".svg"), picture.SVG); err != nil {
				return fmt.Errorf("writing picture %s: %w", picture.Name, err)
			}
		}
	}
	if err := folder.WriteFile(TimingsFile, body); err != nil {
		return fmt.Errorf("writing the timings: %w", err)
	}
	if err := folder.WriteFile(TimingsMarkdownFile, t.markdown()); err != nil {
		return fmt.Errorf("writing the timings: %w", err)
	}
	return folder.WriteJSON(TimingsDataFile, t)
}

// tallied sums up how many figures are alike, and why the others are not.
func tallied(count timing.Tally) string {
	text := fmt.Sprintf("%d of %s within the measured spread", count.Within, plural(count.Compared, "figure", "figures"))
	for _, k := range kinds(count) {
		text += fmt.Sprintf(", %d %s", k.Count, k.Kind)
	}
	return text + fmt.Sprintf(", %d unexplained", count.Unexplained())
}

// worse says how many figures are worse at their worst.
func worse(count timing.Tally) string {
	return fmt.Sprintf("The worst simulated value is worse than the worst measured one in %d of %s.", count.Worse, plural(count.Compared, "figure", "figures"))
}

// countedKind is how many rows differ for reasons of a kind.
type countedKind struct {
	Kind  timing.Kind
	Count int
}

func kinds(count timing.Tally) []countedKind {
	var counted []countedKind
	for _, kind := range timing.Kinds() {
		if n := count.Explained[kind]; n > 0 {
			counted = append(counted, countedKind{kind, n})
		}
	}
	return counted
}

// timingsPage is what the template timings.html shows.
type timingsPage struct {
	Timings
	Headline, Mood string
	// Kinds are those of the reasons for which figures differ, Rule says when they do.
	Kinds       []countedKind
	Rule, Worse string
	Shown       []shownExperiment
}

type shownExperiment struct {
	TimedExperiment
	Headline string
	Pictures []shownPicture
	Rows     []shownTiming
}

type shownTiming struct {
	timing.Row
	MeasuredText, SimulatedText, Mood string
}

func timedExperiment(e TimedExperiment, rows []timing.Row) shownExperiment {
	one := shownExperiment{TimedExperiment: e}
	var pairs []plots.Pair
	rows = slices.DeleteFunc(slices.Clone(rows), func(r timing.Row) bool { return r.Experiment != e.Name })
	one.Headline = tallied(timing.Count(rows))
	for _, r := range rows {
		one.Rows = append(one.Rows, shownTiming{r, r.Measured.String(), r.Simulated.String(), timingMood(r)})
		pair := plots.Pair{Name: r.Quantity + ", " + r.At, One: extent(r.Measured), Other: extent(r.Simulated)}
		if r.Unit == "" && (pair.One != nil || pair.Other != nil) {
			pairs = append(pairs, pair)
		}
	}
	if len(pairs) > 0 {
		one.Pictures = append(one.Pictures, shownPicture{Picture: plots.Beside("timing-"+anchor(e.Name), e.Name,
			"From the least to the greatest value, with the median. What never happened has no bar.", "seconds", "measured", "simulated", pairs)})
	}
	return one
}

// extent of samples, nil without any.
func extent(s timing.Samples) *plots.Extent {
	all := s.Summary()
	if all.N == 0 {
		return nil
	}
	return &plots.Extent{Least: all.Least, Median: all.Median, Greatest: all.Greatest}
}

// timingMood decides the colour of a row: good within the measured spread, quiet outside of it for a reason, unsure without one.
func timingMood(r timing.Row) string {
	switch {
	case r.Standing() == timing.Within:
		return "good"
	case r.Unexplained():
		return "unsure"
	}
	return "quiet"
}

// TimingsTable writes the figures as a table, and below it the reasons of those that lie outside the measured spread.
func TimingsTable(w io.Writer, rows []timing.Row) error {
	writer := table.NewWriter()
	writer.SetStyle(table.StyleLight)
	writer.Style().Format.Header = text.FormatDefault
	writer.Style().Options = table.Options{SeparateHeader: true}
	writer.AppendHeader(table.Row{timingUnits, "measured", "simulated", ""})
	experiment := ""
	var reasons reasonList
	for _, r := range rows {
		if r.Experiment != experiment {
			experiment = r.Experiment
			writer.AppendRow(table.Row{strings.ToUpper(experiment)})
		}
		writer.AppendRow(table.Row{"  " + timingName(r), r.Measured, r.Simulated, reasons.standing(r)})
	}
	var below strings.Builder
	for i, r := range reasons {
		fmt.Fprintf(&below, "[%d] %s: %s\n", i+1, r.Kind, r.Reason)
	}
	count := timing.Count(rows)
	_, err := fmt.Fprintf(w, "%s\n%s%s\n%s %s\n", writer.Render(), below.String(), tallied(count), timing.Rule, worse(count))
	return err
}

// timingUnits says what the columns hold.
const timingUnits = "least / p50 / worst, seconds"

// timingName names a row in its experiment.
func timingName(r timing.Row) string {
	name := r.Quantity + ", " + r.At
	if r.Unit != "" {
		name += " (" + r.Unit + ")"
	}
	return name
}

// reasonList are the reasons of a table, each once, in the order of the rows.
type reasonList []timing.Row

// standing is a row's, with the number of its reason.
func (l *reasonList) standing(r timing.Row) string {
	if r.Reason == "" {
		return string(r.Standing())
	}
	at := slices.IndexFunc(*l, func(known timing.Row) bool { return known.Reason == r.Reason })
	if at < 0 {
		at, *l = len(*l), append(*l, r)
	}
	return fmt.Sprintf("%s [%d]", r.Standing(), at+1)
}
