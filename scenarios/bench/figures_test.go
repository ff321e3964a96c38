//go:build linux

package bench

import (
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// figuresFile is where the benchmarks leave what they measured, for machines to read; people get a table then, too.
var figuresFile = flag.String("figures", "", "write the figures that benchmarks measured to this `FILE`, as JSON, and a table of them to the standard output")

// figure is what one benchmark measured.
type figure struct {
	Name  string  `json:"name"`
	What  string  `json:"what"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
	// Aim is what the value should be at least, or, for a cost, at most.
	Aim  float64 `json:"aim"`
	Cost bool    `json:"cost,omitempty"`
	// Ratio says how many times as fast that is as with everything off that makes guests fast; 0 if that was not measured.
	Ratio    float64 `json:"ratio,omitempty"`
	RatioAim float64 `json:"ratio_aim,omitempty"`
}

// met says whether the figure is as good as it should be.
func (f figure) met() bool {
	good := f.Value >= f.Aim
	if f.Cost {
		good = f.Value <= f.Aim
	}
	return good && f.Ratio >= f.RatioAim
}

const (
	perSecond = "simulated s / CPU s"
	futures   = "futures / CPU s"
	cpuMillis = "CPU ms"
	times     = "× native"
)

// aims are all figures, in the order of the table, before they are measured.
var aims = []figure{
	{Name: "raft100", What: "three Raft members, 100 commits a second", Unit: perSecond, Aim: 72, RatioAim: 6},
	{Name: "raft-idle", What: "three idle Raft members", Unit: perSecond, Aim: 570, RatioAim: 5.5},
	{Name: "load50", What: "three nodes, 10 clients, 50 operations a second", Unit: perSecond, Aim: 30, RatioAim: 4},
	{Name: "idle", What: "three idle nodes", Unit: perSecond, Aim: 250, RatioAim: 4},
	{Name: "fork-loaded", What: "10 s of three Raft members, 100 commits a second", Unit: futures, Aim: 6},
	{Name: "fork-idle", What: "10 s of three idle Raft members", Unit: futures, Aim: 45},
	{Name: "restore", What: "fork three Raft members, and close the fork", Unit: cpuMillis, Aim: 2, Cost: true},
	{Name: "penalty-msgpack", What: "encode and decode", Unit: times, Aim: 5, Cost: true},
	{Name: "penalty-channels", What: "two goroutines that take turns", Unit: times, Aim: 5, Cost: true},
	{Name: "penalty-select", What: "one of four channels", Unit: times, Aim: 5, Cost: true},
	{Name: "penalty-garbage", What: "trees that are built and dropped", Unit: times, Aim: 5, Cost: true},
	{Name: "penalty-maps", What: "maps by numbers and by words", Unit: times, Aim: 5, Cost: true},
	{Name: "penalty-http", What: "net/http, client and server", Unit: times, Aim: 5, Cost: true},
	{Name: "machines200", What: "resident memory of 200 nodes in one world", Unit: "GB", Aim: 6, Cost: true},
	{Name: "boot", What: "three nodes, until they serve", Unit: cpuMillis, Aim: 200, Cost: true},
}

var figures []figure

func TestMain(m *testing.M) {
	flag.Parse()
	status := m.Run()
	if *figuresFile != "" {
		if err := writeFigures(*figuresFile); err != nil {
			fmt.Fprintln(os.Stderr, "figures:", err)
			status = 1
		}
	}
	os.Exit(status)
}

func writeFigures(file string) error {
	text, err := json.MarshalIndent(figures, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(file, append(text, '\n'), 0o666); err != nil {
		return err
	}
	return printFigures(os.Stdout)
}

// printFigures writes a table for people.
func printFigures(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprint(table, "\nfigure\tmeasured\taim\t\t× all off\taim\t\twhat\n")
	for _, f := range figures {
		bound, ratio, ratioAim, mark := "≥", "", "", "✓"
		if f.Cost {
			bound = "≤"
		}
		if f.Ratio > 0 {
			ratio = fmt.Sprintf("%.1f", f.Ratio)
		}
		if f.RatioAim > 0 {
			ratioAim = fmt.Sprintf("≥ %g", f.RatioAim)
		}
		if !f.met() {
			mark = "short"
		}
		fmt.Fprintf(table, "%s\t%.3g\t%s %g\t%s\t%s\t%s\t%s\t%s\n", f.Name, f.Value, bound, f.Aim, f.Unit, ratio, ratioAim, mark, f.What)
	}
	return table.Flush()
}

// report keeps a figure. If it was measured in several rounds, the median of them counts; slow are those of the same with everything off.
func report(b *testing.B, name string, values []float64, slow ...float64) {
	require.GreaterOrEqual(b, place(name), 0, "the table knows the figure %s", name)
	f := aims[place(name)]
	f.Value = median(values)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(f.Value, strings.ReplaceAll(f.Unit, " ", "-"))
	if len(slow) > 0 {
		f.Ratio = f.Value / median(slow)
		b.ReportMetric(f.Ratio, "times-all-off")
	}
	figures = slices.DeleteFunc(figures, func(f figure) bool { return f.Name == name })
	figures = append(figures, f)
	slices.SortFunc(figures, func(a, b figure) int { return cmp.Compare(place(a.Name), place(b.Name)) })
}

// place is where a figure stands in the table; -1 if it has no place there.
func place(name string) int {
	return slices.IndexFunc(aims, func(f figure) bool { return f.Name == name })
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}

// processTime is the processor time of this process, user and system, all threads.
func processTime(b *testing.B) time.Duration {
	var usage unix.Rusage
	require.NoError(b, unix.Getrusage(unix.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// cost is the processor time that something takes.
func cost(b *testing.B, something func()) time.Duration {
	before := processTime(b)
	something()
	return processTime(b) - before
}
