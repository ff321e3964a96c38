package reports

import (
	"fmt"
	"strings"

	"muster/checker"
)

// shownOperations is a row of the table of operations.
type shownOperations struct {
	Kind                    string
	OK, Failed, Unknown     int
	P50, P95, P99, Max      string
	Unavailable, Longest    string
	NodesUnavailable, Times string
}

// keyFigures are the figures that a reader looks for first.
func keyFigures(f checker.Figures) []pair {
	var key []pair
	for _, failover := range f.Failovers {
		key = append(key, pair{"new leader after " + failover.Text, milliseconds(failover.Elected)})
		if failover.Write != nil {
			key = append(key, pair{"first write after " + failover.Text, milliseconds(*failover.Write)})
		}
	}
	for _, o := range f.Operations {
		if o.Unavailable.Total > 0 {
			key = append(key, pair{kindName(o.Kind) + " unavailable", milliseconds(o.Unavailable.Total)})
		}
	}
	if f.Convergence != nil {
		key = append(key, pair{"views alike again after the last fault", milliseconds(*f.Convergence)})
	}
	return key
}

// operationsOf are the rows of the table of operations.
func operationsOf(f checker.Figures) []shownOperations {
	var rows []shownOperations
	for _, o := range f.Operations {
		row := shownOperations{Kind: kindName(o.Kind), OK: o.OK, Failed: o.Failed, Unknown: o.Unknown}
		if o.Latency != nil {
			row.P50, row.P95 = milliseconds(o.Latency.P50), milliseconds(o.Latency.P95)
			row.P99, row.Max = milliseconds(o.Latency.P99), milliseconds(o.Latency.Max)
		}
		if n := len(o.Unavailable.Windows); n > 0 {
			row.Unavailable, row.Longest, row.Times = milliseconds(o.Unavailable.Total), milliseconds(o.Unavailable.Longest), times(n)
		}
		var nodes []string
		for _, node := range o.NodesUnavailable {
			if node.Total > 0 {
				nodes = append(nodes, fmt.Sprintf("%s\u00a0%s", node.Node, milliseconds(node.Total)))
			}
		}
		row.NodesUnavailable = strings.Join(nodes, ", ")
		rows = append(rows, row)
	}
	return rows
}

// milliseconds for people, to three digits: seconds from a second on. The space does not break, so that a value stays with its unit.
func milliseconds(ms float64) string {
	switch {
	case ms == 0:
		return "0\u00a0s"
	case ms >= 1000:
		return fmt.Sprintf("%.2f\u00a0s", ms/1000)
	}
	return strings.TrimSuffix(fmt.Sprintf("%#.3g", ms), ".") + "\u00a0ms"
}

// figureName is a figure's name as people read it: without its unit, which stands by its value.
func figureName(name string) string {
	return strings.ReplaceAll(strings.TrimSuffix(name, "_ms"), "_", " ")
}
