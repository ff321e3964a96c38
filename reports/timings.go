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

// TimingsFile is the name of the page that holds simulated times beside measured ones, and TimingsDataFile has the same for machines.
const (
	TimingsFile     = "timings.html"
	TimingsDataFile = "timings.json"
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
	compared, within, explained := tally(t.Rows)
	shown.Headline = fmt.Sprintf("%d of %s within the measured spread, %d with a reason, %d without one",
		within, plural(compared, "figure", "figures"), explained, compared-within-explained)
	shown.Mood = "good"
	if within+explained < compared {
		shown.Mood = "unsure"
	}
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
	return folder.WriteJSON(TimingsDataFile, t)
}

// tally counts the rows that compare something, those of them that lie within the spread, and those that do not and say why.
func tally(rows []timing.Row) (compared, within, explained int) {
	for _, r := range rows {
		switch {
		case r.Standing() == timing.Unmeasured:
			continue
		case r.Standing() == timing.Within:
			within++
		case r.Reason != "":
			explained++
		}
		compared++
	}
	return compared, within, explained
}

// timingsPage is what the template timings.html shows.
type timingsPage struct {
	Timings
	Headline, Mood string
	Shown          []shownExperiment
}

type shownExperiment struct {
	TimedExperiment
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
	for _, r := range rows {
		if r.Experiment != e.Name {
			continue
		}
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
	switch s := r.Standing(); {
	case s == timing.Within:
		return "good"
	case s == timing.Unmeasured || r.Reason != "":
		return "quiet"
	}
	return "unsure"
}

// TimingsTable writes the figures as a table, and below it the reasons of those that lie outside the measured spread.
func TimingsTable(w io.Writer, rows []timing.Row) error {
	writer := table.NewWriter()
	writer.SetStyle(table.StyleLight)
	writer.Style().Format.Header = text.FormatDefault
	writer.Style().Options = table.Options{SeparateHeader: true}
	writer.AppendHeader(table.Row{"least / median / greatest, seconds", "measured", "simulated", ""})
	experiment := ""
	var reasons []string
	for _, r := range rows {
		if r.Experiment != experiment {
			experiment = r.Experiment
			writer.AppendRow(table.Row{strings.ToUpper(experiment)})
		}
		name := "  " + r.Quantity + ", " + r.At
		if r.Unit != "" {
			name += " (" + r.Unit + ")"
		}
		standing := string(r.Standing())
		if r.Reason != "" {
			at := slices.Index(reasons, r.Reason)
			if at < 0 {
				at, reasons = len(reasons), append(reasons, r.Reason)
			}
			standing += fmt.Sprintf(" [%d]", at+1)
		}
		writer.AppendRow(table.Row{name, r.Measured, r.Simulated, standing})
	}
	_, err := fmt.Fprintln(w, writer.Render())
	for i, reason := range reasons {
		if err == nil {
			_, err = fmt.Fprintf(w, "[%d] %s\n", i+1, reason)
		}
	}
	if err == nil {
		compared, within, explained := tally(rows)
		_, err = fmt.Fprintf(w, "%d of %s within the measured spread, %d with a reason, %d without one\n",
			within, plural(compared, "figure", "figures"), explained, compared-within-explained)
	}
	return err
}
