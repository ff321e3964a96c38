package reports

import (
	"context"
	"fmt"
	"io"
	"math"
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
	shown.Within, shown.Kinds, shown.Rule, shown.Worse = count.Within, kinds(count), timing.Rule, worse(count)
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
	// Within counts the figures that are alike, Kinds those of the reasons for which others differ; Rule says when they do.
	Within      int
	Kinds       []countedKind
	Rule, Worse string
	Shown       []shownExperiment
}

type shownExperiment struct {
	TimedExperiment
	Headline string
	Pictures []shownPicture
	Rows     []shownTiming
	// Reasons has the first row of each reason, in order.
	Reasons []shownTiming
}

type shownTiming struct {
	timing.Row
	MeasuredText, SimulatedText, Mood string
	// Number is that of the reason, from 1; 0 without one.
	Number int
}

func timedExperiment(e TimedExperiment, rows []timing.Row) shownExperiment {
	one := shownExperiment{TimedExperiment: e}
	rows = slices.DeleteFunc(slices.Clone(rows), func(r timing.Row) bool { return r.Experiment != e.Name })
	one.Headline = tallied(timing.Count(rows))
	var pairs []plots.Pair
	var reasons reasonList
	for _, r := range rows {
		shown := shownTiming{r, r.Measured.String(), r.Simulated.String(), timingMood(r), reasons.number(r)}
		one.Rows = append(one.Rows, shown)
		if len(reasons) > len(one.Reasons) {
			one.Reasons = append(one.Reasons, shown)
		}
		pair := plots.Pair{Name: r.Quantity + ", " + r.At, One: extent(r.Measured), Other: extent(r.Simulated)}
		if r.Differs() {
			pair.Name += " · " + string(r.Standing())
		}
		if r.Unit == "" && (pair.One != nil || pair.Other != nil) {
			pairs = append(pairs, pair)
		}
	}
	short, long := atScale(pairs)
	picture := func(title, suffix string, pairs []plots.Pair) {
		if len(pairs) > 0 {
			one.Pictures = append(one.Pictures, shownPicture{Picture: plots.Beside("timing-"+anchor(e.Name)+suffix, title,
				"From the least to the worst value, with the median. What never happened has no bar.", "seconds", "measured", "simulated", pairs)})
		}
	}
	picture(e.Name, "", short)
	picture(e.Name+": what takes longer", "-longer", long)
	return one
}

// scaleStep is how many times as long as all others some pairs must take to stand in a picture of their own: beside them, the others would be
// mere dots.
const scaleStep = 3

// atScale parts pairs where there is the widest step between what they take at most, if it is wide enough.
func atScale(pairs []plots.Pair) (short, long []plots.Pair) {
	var most []float64
	for _, p := range pairs {
		most = append(most, p.Most())
	}
	slices.Sort(most)
	limit, widest := math.Inf(1), float64(scaleStep)
	for i := 1; i < len(most); i++ {
		if below := max(most[i-1], 1); most[i] >= widest*below {
			limit, widest = most[i], most[i]/below
		}
	}
	for _, p := range pairs {
		if p.Most() < limit {
			short = append(short, p)
		} else {
			long = append(long, p)
		}
	}
	return short, long
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

// number is that of a row's reason, from 1; 0 without one.
func (l *reasonList) number(r timing.Row) int {
	if r.Reason == "" {
		return 0
	}
	at := slices.IndexFunc(*l, func(known timing.Row) bool { return known.Reason == r.Reason })
	if at < 0 {
		at, *l = len(*l), append(*l, r)
	}
	return at + 1
}

// standing is a row's, with the number of its reason.
func (l *reasonList) standing(r timing.Row) string {
	if number := l.number(r); number > 0 {
		return fmt.Sprintf("%s [%d]", r.Standing(), number)
	}
	return string(r.Standing())
}
