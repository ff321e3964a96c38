package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
)

// figure is what was measured of one thing. Fields that do not apply are 0.
type figure struct {
	Name string `json:"name"`
	What string `json:"what"`
	// Processor is the node's processor time an operation; Rate is how many there were in a second.
	Processor float64 `json:"server_us_per_operation,omitempty"`
	Rate      float64 `json:"operations_per_second,omitempty"`
	// Half and Most are how long the 50th and the 99th of a hundred operations took.
	Half float64 `json:"p50_ms,omitempty"`
	Most float64 `json:"p99_ms,omitempty"`
	// Memory is by how much the node's resident memory grew.
	Memory float64 `json:"memory_mb,omitempty"`
	// Seconds is how long it took, where that is what was measured.
	Seconds float64 `json:"seconds,omitempty"`
	// Nacos and RNacos are the same of a real Nacos 2.5.1 (2 GB, everything compiled by its JIT) and of r-nacos 0.8.8; "" if not known.
	Nacos  string `json:"nacos_2_5_1,omitempty"`
	RNacos string `json:"rnacos_0_8_8,omitempty"`
}

// String is the figure as the table has it.
func (f figure) String() string {
	switch {
	case f.Memory > 0:
		return fmt.Sprintf("%.0f MB", f.Memory)
	case f.Seconds > 0:
		return fmt.Sprintf("%.2f s", f.Seconds)
	case f.Half > 0:
		return fmt.Sprintf("%.0f µs, %.0f / %.0f ms", f.Processor, f.Half, f.Most)
	}
	return fmt.Sprintf("%.0f µs (%.0f/s)", f.Processor, f.Rate)
}

// writeTable writes the figures beside those of others.
func writeTable(out io.Writer, figures []figure) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "processor time of the node an operation (rate)\tmuster\tNacos 2.5.1\tr-nacos 0.8.8")
	for _, f := range figures {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", f.What, f, f.Nacos, f.RNacos)
	}
	return table.Flush()
}

// writeFigures writes them to a file, whose folder is made if it is not there.
func writeFigures(path string, figures []figure) error {
	text, err := json.MarshalIndent(figures, "", "  ")
	if err != nil {
		return fmt.Errorf("figures: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return fmt.Errorf("figures: %w", err)
	}
	if err := os.WriteFile(path, append(text, '\n'), 0o666); err != nil {
		return fmt.Errorf("figures: %w", err)
	}
	return nil
}

// rowNames lists the names of all rows.
func rowNames() string {
	var names []string
	for _, r := range rows {
		names = append(names, r.name)
	}
	return strings.Join(names, ", ")
}
