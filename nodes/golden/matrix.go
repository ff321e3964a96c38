package golden

import (
	"fmt"
	"slices"
	"strings"
)

// Count is how many cases came out how.
type Count struct{ Strict, Compatible, Different, Skipped int }

// Played is how many were played.
func (c Count) Played() int { return c.Strict + c.Compatible + c.Different }

// Shares are how many of those played were strictly alike, and how many compatible, the former among them, in per cent.
func (c Count) Shares() (strict, compatible float64) {
	played := float64(max(c.Played(), 1))
	return 100 * float64(c.Strict) / played, 100 * float64(c.Strict+c.Compatible) / played
}

func (c *Count) add(o Outcome) {
	switch o {
	case Strict:
		c.Strict++
	case Compatible:
		c.Compatible++
	case Different:
		c.Different++
	default:
		c.Skipped++
	}
}

// Row is a line of a matrix.
type Row struct {
	Topic string
	Count
}

// Matrix counts how cases came out, topic by topic.
type Matrix struct {
	Rows []Row
	All  Count
}

// MatrixOf counts results. Topics without a case have no row.
func MatrixOf(results []Result) Matrix {
	var m Matrix
	for _, topic := range Topics {
		row := Row{Topic: topic}
		for _, r := range results {
			if r.Topic == topic {
				row.add(r.Outcome)
				m.All.add(r.Outcome)
			}
		}
		if row.Count != (Count{}) {
			m.Rows = append(m.Rows, row)
		}
	}
	return m
}

// headings of a matrix. Compatible cases contain the strict ones.
var headings = []string{"topic", "cases", "strictly alike", "compatible", "different", "skipped"}

// cells are a row as texts.
func (c Count) cells(topic string) []string {
	return []string{
		topic, fmt.Sprint(c.Played()), share(c.Strict, c.Played()), share(c.Strict+c.Compatible, c.Played()), fmt.Sprint(c.Different), fmt.Sprint(c.Skipped),
	}
}

func share(part, whole int) string {
	if whole == 0 {
		return "0"
	}
	return fmt.Sprintf("%d (%.1f %%)", part, 100*float64(part)/float64(whole))
}

func (m Matrix) table() [][]string {
	table := [][]string{headings}
	for _, row := range m.Rows {
		table = append(table, row.cells(row.Topic))
	}
	return append(table, m.All.cells("all"))
}

// String is the matrix as a table for a terminal.
func (m Matrix) String() string {
	table := m.table()
	widths := make([]int, len(headings))
	for _, line := range table {
		for i, cell := range line {
			widths[i] = max(widths[i], len(cell))
		}
	}
	var text strings.Builder
	rule := strings.Repeat("-", len(strings.Join(make([]string, len(headings)), "  "))+sum(widths)) + "\n"
	for number, line := range table {
		if number == 1 || number == len(table)-1 {
			text.WriteString(rule)
		}
		for i, cell := range line {
			switch {
			case i == 0:
				fmt.Fprintf(&text, "%-*s", widths[i], cell)
			default:
				fmt.Fprintf(&text, "  %*s", widths[i], cell)
			}
		}
		text.WriteString("\n")
	}
	return text.String()
}

func sum(numbers []int) int {
	all := 0
	for _, n := range numbers {
		all += n
	}
	return all
}

// Markdown is the matrix, and below it each case that is not strictly alike, with the reason if it is meant.
func Markdown(results []Result, meant map[string]string) string {
	var text strings.Builder
	for number, line := range MatrixOf(results).table() {
		fmt.Fprintf(&text, "| %s |\n", strings.Join(line, " | "))
		if number == 0 {
			text.WriteString("|---|" + strings.Repeat("---:|", len(line)-1) + "\n")
		}
	}
	differing := slices.DeleteFunc(slices.Clone(results), func(r Result) bool { return r.Outcome == Strict || r.Outcome == Skipped })
	if len(differing) == 0 {
		return text.String()
	}
	text.WriteString("\n| case | outcome | the first difference that matters most | meant because |\n|---|---|---|---|\n")
	for _, r := range differing {
		fmt.Fprintf(&text, "| `%s` | %s | %s | %s |\n", r.Name(), r.Outcome, cell(r.Worst()), meant[r.Name()])
	}
	return text.String()
}

// Worst is a difference that decided the outcome; empty if there is none.
func (r Result) Worst() string {
	for _, d := range r.Differences {
		if !d.Minor {
			return d.Text
		}
	}
	if len(r.Differences) > 0 {
		return r.Differences[0].Text
	}
	return ""
}

// cell makes a text fit for a table in Markdown.
func cell(text string) string {
	return strings.NewReplacer("|", "\\|", "\n", " ", "<", "&lt;").Replace(text)
}
