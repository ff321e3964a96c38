package reports

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// WriteMarkdown writes the comparison as a pull request shows it well: first whether anything got worse and what, then all
// verdicts, then all figures folded away.
func (c Comparison) WriteMarkdown(w io.Writer) error {
	var text strings.Builder
	worse, better := c.count(Regressed), c.count(Improved)
	switch {
	case worse > 0:
		fmt.Fprintf(&text, "## muster: %s\n\n", plural(worse, "regression", "regressions"))
	case better > 0:
		fmt.Fprintf(&text, "## muster: nothing got worse, %s\n\n", plural(better, "improvement", "improvements"))
	default:
		text.WriteString("## muster: nothing got worse\n\n")
	}
	c.writeChanged(&text)
	c.writeVerdicts(&text)
	c.writeFigures(&text)
	if len(c.Notes) > 0 {
		text.WriteString("### To keep in mind\n\n")
		for _, note := range c.Notes {
			fmt.Fprintf(&text, "- %s\n", cell(note))
		}
		text.WriteString("\n")
	}
	fmt.Fprintf(&text, "<sub>%s</sub>\n", c.Method())
	_, err := io.WriteString(w, text.String())
	return err
}

// Method says in words how the comparison judges.
func (c Comparison) Method() string {
	o := c.Options
	return fmt.Sprintf("A verdict got worse if an outcome turned up that is worse than any in the baseline. A figure regressed if its values rank "+
		"worse than the baseline's (one-sided exact Wilcoxon-Mann-Whitney test, Holm's correction over the whole comparison, false alarm at most %g %%) "+
		"and its median is worse by at least %g %% and a relevant step; or, with three runs or more on each side, if every run is beyond the baseline's "+
		"worst and the median %g times as bad as it. Sets too small for the test are said to be so, not judged.",
		100*o.FalseAlarm, 100*o.RelevantShare, o.GrossFactor)
}

func (c Comparison) count(j Judgement) int {
	n := 0
	for _, v := range c.Verdicts {
		if v.Judgement == j {
			n++
		}
	}
	for _, f := range c.Figures {
		if f.Judgement == j {
			n++
		}
	}
	return n
}

// writeChanged lists what got worse or better, worse first.
func (c Comparison) writeChanged(text *strings.Builder) {
	if c.count(Regressed)+c.count(Improved) == 0 {
		return
	}
	text.WriteString("| | scenario | what | baseline | current | why |\n|---|---|---|---|---|---|\n")
	for _, j := range []Judgement{Regressed, Improved} {
		for _, v := range c.Verdicts {
			if v.Judgement == j {
				fmt.Fprintf(text, "| %s | %s | %s | %s | %s | %s |\n",
					sign(j), cell(v.Scenario), v.Baseline.Property, v.Baseline.counts(), v.Current.counts(), cell(v.Because))
			}
		}
		for _, f := range c.Figures {
			if f.Judgement == j {
				fmt.Fprintf(text, "| %s | %s | %s | %s | %s | %s |\n",
					sign(j), cell(f.Scenario), cell(f.Baseline.Name), f.Baseline.summary(), f.Current.summary(), cell(f.Because))
			}
		}
	}
	text.WriteString("\n")
}

func (c Comparison) writeVerdicts(text *strings.Builder) {
	text.WriteString("### Verdicts\n\n| | scenario | property | expected | baseline | current | |\n|---|---|---|---|---|---|---|\n")
	for _, v := range c.Verdicts {
		expected := string(v.Current.Expected)
		if v.Judgement == Gone {
			expected = string(v.Baseline.Expected)
		}
		if expected == "" {
			expected = "–"
		}
		if v.Judgement != New && v.Judgement != Gone && v.Baseline.Expected != v.Current.Expected {
			expected = fmt.Sprintf("%s (was: %s)", expected, v.Baseline.Expected)
		}
		fmt.Fprintf(text, "| %s | %s | %s | %s | %s | %s | %s |\n",
			sign(v.Judgement), cell(v.Scenario), v.Baseline.Property, expected, v.Baseline.counts(), v.Current.counts(), because(v.Judgement, v.Because))
	}
	text.WriteString("\n")
}

func (c Comparison) writeFigures(text *strings.Builder) {
	if len(c.Figures) == 0 {
		return
	}
	same := 0
	for _, f := range c.Figures {
		if f.Judgement == Same {
			same++
		}
	}
	fmt.Fprintf(text, "<details><summary>%s, median (least to greatest; runs); %d exactly the same</summary>\n\n",
		plural(len(c.Figures), "figure", "figures"), same)
	text.WriteString("| | scenario | figure | baseline | current | change | |\n|---|---|---|---|---|---|---|\n")
	for _, f := range c.Figures {
		fmt.Fprintf(text, "| %s | %s | %s | %s | %s | %s | %s |\n", sign(f.Judgement), cell(f.Scenario), cell(f.Baseline.Name),
			f.Baseline.summary(), f.Current.summary(), f.change(), because(f.Judgement, f.Because))
	}
	text.WriteString("\n</details>\n\n")
}

func because(j Judgement, why string) string {
	if why == "" {
		return string(j)
	}
	return cell(fmt.Sprintf("%s: %s", j, why))
}

// sign makes the worst rows leap to the eye.
func sign(j Judgement) string {
	switch j {
	case Regressed:
		return "❌"
	case Improved:
		return "⬆️"
	case Same:
		return "="
	case Gone, TooFew:
		return "⚠️"
	default:
		return "·"
	}
}

// counts writes outcomes: "18 hold, 2 undecided".
func (v VerdictSet) counts() string {
	var parts []string
	for _, one := range v.outcomes() {
		if one.count > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", one.count, one.outcome))
		}
	}
	if len(parts) == 0 {
		return "–"
	}
	return strings.Join(parts, ", ")
}

// summary writes a sample: "3.2 s (2.9 to 4.1; 20)".
func (f FigureSet) summary() string {
	if len(f.Values) == 0 {
		return "–"
	}
	s := spreadOf(f.Values)
	if s.least == s.greatest {
		return fmt.Sprintf("%s (%d)", quantity(s.median, f.Unit), len(f.Values))
	}
	return fmt.Sprintf("%s (%s to %s; %d)", quantity(s.median, f.Unit), quantity(s.least, ""), quantity(s.greatest, ""), len(f.Values))
}

func (f FigureChange) change() string {
	if len(f.Baseline.Values) == 0 || len(f.Current.Values) == 0 {
		return ""
	}
	was, is := spreadOf(f.Baseline.Values).median, spreadOf(f.Current.Values).median
	switch {
	case was == is:
		return "0"
	case was == 0:
		text := quantity(is-was, f.Baseline.Unit)
		if is > was {
			text = "+" + text
		}
		return text
	default:
		return fmt.Sprintf("%+.1f %%", 100*(is-was)/was)
	}
}

// quantity writes a value with its unit, to three or four digits.
func quantity(value float64, unit string) string {
	text := fmt.Sprintf("%.4g", value)
	if value >= 1000 || value <= -1000 {
		text = fmt.Sprintf("%.0f", value)
	}
	if unit == "" {
		return text
	}
	return text + " " + unit
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// cell makes a text fit for a cell of a Markdown table.
func cell(text string) string {
	return strings.NewReplacer("|", "\\|", "\n", " ", "<", "&lt;").Replace(text)
}

// seedList writes seeds with runs of neighbours drawn together: "1-20, 42".
func seedList(seeds []uint64) string {
	sorted := slices.Clone(seeds)
	slices.Sort(sorted)
	sorted = slices.Compact(sorted)
	var parts []string
	for i := 0; i < len(sorted); {
		j := i
		for j+1 < len(sorted) && sorted[j+1] == sorted[j]+1 {
			j++
		}
		if j-i >= 2 {
			parts = append(parts, fmt.Sprintf("%d-%d", sorted[i], sorted[j]))
		} else {
			for k := i; k <= j; k++ {
				parts = append(parts, fmt.Sprint(sorted[k]))
			}
		}
		i = j + 1
	}
	return strings.Join(parts, ", ")
}
