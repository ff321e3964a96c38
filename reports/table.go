package reports

import (
	"fmt"
	"io"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"muster/checker"
	"muster/model/run"
)

// columns are the heads of the properties' columns: as narrow as can be read.
var columns = map[checker.Property]string{
	checker.Linearizable: "linear", checker.LocalReads: "local", checker.Durable: "durable", checker.Converged: "converg",
	checker.NoLoss: "no-loss", checker.Kept: "kept", checker.NoGhost: "no-ghost", checker.Expiry: "expiry", checker.Probed: "probed",
	checker.Exercised: "exerc",
}

// Table writes results as a table of at most 120 columns, a row a run, and below it a line for every verdict that is not the one
// expected; what is undecided in a run that ended early has one line. colour adds a terminal's colours; symbols tell the same without them: ✓ holds, ✗ violated, ? undecided, each with a
// ! where something else was expected, and – where a run was not judged by the property.
func Table(w io.Writer, results []Result, colour bool) error {
	all := groups(results)
	seen := map[checker.Property]bool{}
	for _, g := range all {
		for _, property := range g.properties() {
			seen[property] = true
		}
	}
	properties := propertiesIn(seen)
	writer := emptyTable(properties)
	var lines []string
	broken := map[string]bool{}
	unexpectedRuns := 0
	for _, g := range all {
		for i, r := range g.results {
			name := ""
			if i == 0 {
				name = g.title()
			}
			row := table.Row{name, r.Seed()}
			for _, property := range properties {
				row = append(row, tableCell(r, property, colour))
			}
			row = append(row, seconds(r.Run.Lasted), speedOf(r))
			writer.AppendRow(row)
			if !r.AsExpected() {
				unexpectedRuns++
			}
			if defects := r.Defects(); defects != "" {
				broken[defects] = true
			}
			if !r.Judged {
				lines = append(lines, fmt.Sprintf("%s seed %s was not judged\n    %s", g.title(), r.Seed(), r.Folder))
				continue
			}
			early := r.EndedEarly()
			undecided := 0
			for _, v := range r.Unexpected() {
				if early != "" && v.Outcome == checker.Undecided {
					undecided++ // for one reason, which is told once
					continue
				}
				lines = append(lines, fmt.Sprintf("%s seed %s: %s is %s, expected %s: %s\n    %s",
					g.title(), r.Seed(), v.Property, coloured(strings.ToUpper(string(v.Outcome)), v, colour), v.Expected, v.Reason, r.Folder))
			}
			if undecided > 0 {
				lines = append(lines, fmt.Sprintf("%s seed %s ended early, with %s undecided: %s\n    %s",
					g.title(), r.Seed(), plural(undecided, "property", "properties"), early, r.Folder))
			}
		}
	}
	summary := fmt.Sprintf("%s, every verdict as expected", plural(len(results), "run", "runs"))
	if unexpectedRuns > 0 {
		summary = fmt.Sprintf("%s, %d of them not as expected", plural(len(results), "run", "runs"), unexpectedRuns)
	}
	legend := "✓ holds   ✗ violated   ? undecided   ! not what the scenario expects   speed: simulated seconds per CPU second"
	if _, err := fmt.Fprintf(w, "%s\n%s\n", writer.Render(), legend); err != nil {
		return err
	}
	for _, defects := range sortedKeys(broken, nil) {
		if _, err := fmt.Fprintf(w, "nodes that were broken on purpose: %s\n", defects); err != nil {
			return err
		}
	}
	for _, line := range lines {
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintln(w, summary)
	return err
}

// EndedEarly says why the run ended early, with the paths of its logs from the working directory; "" if it did not.
func (r Result) EndedEarly() string {
	logs := run.LogsFolder + "/" // the run folder tells of its own files by their paths in it
	return strings.ReplaceAll(r.Run.Interrupted, " "+logs, " "+r.Folder.Path(run.LogsFolder)+"/")
}

// emptyTable is a table of runs that has its head only.
func emptyTable(properties []checker.Property) table.Writer {
	writer := table.NewWriter()
	writer.SetStyle(table.StyleLight)
	writer.Style().Format.Header = text.FormatDefault
	writer.Style().Options = table.Options{SeparateHeader: true}
	writer.Style().Box.PaddingLeft = ""
	head := table.Row{"scenario", "seed"}
	aligned := []table.ColumnConfig{
		{Number: 1, WidthMax: 28, WidthMaxEnforcer: text.WrapSoft},
		{Number: 2, Align: text.AlignRight, AlignHeader: text.AlignRight},
	}
	for _, property := range properties {
		name, ok := columns[property]
		if !ok {
			name = string(property)
		}
		head = append(head, name)
		aligned = append(aligned, table.ColumnConfig{Number: len(head), Align: text.AlignCenter, AlignHeader: text.AlignCenter})
	}
	head = append(head, "lasted", "speed")
	for number := len(head) - 1; number <= len(head); number++ {
		aligned = append(aligned, table.ColumnConfig{Number: number, Align: text.AlignRight, AlignHeader: text.AlignRight})
	}
	writer.AppendHeader(head)
	writer.SetColumnConfigs(aligned)
	return writer
}

func tableCell(r Result, property checker.Property, colour bool) string {
	v, ok := r.verdict(property)
	if !ok {
		return "–"
	}
	cell := symbol(v.Outcome)
	if !v.AsExpected() {
		cell += "!"
	}
	return coloured(cell, v, colour)
}

// symbol of an outcome, the same in the terminal and on pages.
func symbol(o checker.Outcome) string {
	switch o {
	case checker.Holds:
		return "✓"
	case checker.Violated:
		return "✗"
	default:
		return "?"
	}
}

func coloured(cell string, v checker.Verdict, colour bool) string {
	if !colour {
		return cell
	}
	switch {
	case v.Expected == "":
		return text.Colors{text.Faint}.EscapeSeq() + cell + text.EscapeReset
	case v.AsExpected():
		return text.Colors{text.FgGreen}.EscapeSeq() + cell + text.EscapeReset
	case v.Outcome == checker.Undecided:
		return text.Colors{text.FgYellow, text.Bold}.EscapeSeq() + cell + text.EscapeReset
	default:
		return text.Colors{text.FgRed, text.Bold}.EscapeSeq() + cell + text.EscapeReset
	}
}

func speedOf(r Result) string {
	if speed := r.Speed(); speed > 0 {
		return fmt.Sprintf("%.1f ×", speed)
	}
	return "–"
}
