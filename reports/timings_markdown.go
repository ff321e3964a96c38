package reports

import (
	"bytes"
	"fmt"
	"strings"

	"muster/model/timing"
)

// markdown is the page as text: the summary, a table for each experiment, and the reasons.
func (t Timings) markdown() []byte {
	var text bytes.Buffer
	count := timing.Count(t.Rows)
	fmt.Fprintf(&text, "# Simulated times beside measured ones\n\n%s.\n\n%s\n\n%s %s\n\n", tallied(count), cell(t.Source), timing.Rule, worse(count))
	if len(t.Defects) > 0 {
		fmt.Fprintf(&text, "The simulated nodes ran with %s.\n\n", strings.Join(t.Defects, ", "))
	}
	var reasons reasonList
	for _, e := range t.Experiments {
		fmt.Fprintf(&text, "## %s\n\n%s %s.\n\n| %s | measured | simulated | |\n|---|---|---|---|\n", e.Name, e.Claim, plural(e.Runs, "run", "runs"), timingUnits)
		for _, r := range t.Rows {
			if r.Experiment == e.Name {
				fmt.Fprintf(&text, "| %s | %s | %s | %s |\n", cell(timingName(r)), r.Measured, r.Simulated, reasons.standing(r))
			}
		}
		text.WriteString("\n")
	}
	if len(reasons) > 0 {
		text.WriteString("## Reasons\n\n")
	}
	for i, r := range reasons {
		fmt.Fprintf(&text, "- **[%d]** *%s*: %s\n", i+1, r.Kind, r.Reason)
	}
	return text.Bytes()
}
