package reports_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"muster/model/timing"
	"muster/reports"
)

func TestTimings(t *testing.T) {
	key := func(quantity string) timing.Key {
		return timing.Key{Experiment: "kill-leader", Quantity: quantity, At: "survivor"}
	}
	samples := func(values ...float64) timing.Samples { return timing.Samples{Values: values} }
	told := reports.Timings{
		Source: "A cluster, <measured>.", Experiments: []reports.TimedExperiment{{Name: "kill-leader", Claim: "Who leads.", Runs: 2}},
		Rows: []timing.Row{
			{Key: key("member down"), Measured: samples(6, 9, 12), Simulated: samples(8, 10)},
			{Key: key("new leader known"), Measured: samples(5.6, 8.4), Simulated: samples(1.5), Reason: "It waits less.", Kind: timing.Better},
			{Key: key("first write ok"), Measured: samples(5.6, 8.4), Simulated: samples(20)},
			{Key: key("instances removed"), Unit: "instances", Measured: samples(0), Simulated: samples(0)},
			{Key: key("purged"), Measured: samples(180)},
		},
	}
	out := t.TempDir()
	require.NoError(t, reports.WriteTimings(context.Background(), out, told))
	page, err := os.ReadFile(filepath.Join(out, reports.TimingsFile))
	require.NoError(t, err)
	for _, want := range []string{
		"2 of 4 figures within the measured spread, 1 better on purpose, 1 unexplained", timing.Rule, "<em>better on purpose</em>: It waits less.", "A cluster, &lt;measured&gt;.", "worse than the worst measured one in 1 of 4 figures",
		"6.00 / 9.00 / 12.00 (n=3)", "instances removed (instances)",
	} {
		require.Contains(t, string(page), want)
	}
	require.FileExists(t, filepath.Join(out, reports.TimingsDataFile))
	markdown, err := os.ReadFile(filepath.Join(out, reports.TimingsMarkdownFile))
	require.NoError(t, err)
	for _, want := range []string{
		"2 of 4 figures within", "| member down, survivor | 6.00 / 9.00 / 12.00 (n=3) | 8.00 / 9.00 / 10.00 (n=2) | within |", "| below [1] |",
		"- **[1]** *better on purpose*: It waits less.",
	} {
		require.Contains(t, string(markdown), want)
	}
	picture, err := os.ReadFile(filepath.Join(out, "plots", "timing-kill-leader.svg"))
	require.NoError(t, err)
	require.Contains(t, string(picture), "new leader known, survivor · below")
	require.NotContains(t, string(picture), "purged", "beside what takes minutes the others would be dots")
	picture, err = os.ReadFile(filepath.Join(out, "plots", "timing-kill-leader-longer.svg"))
	require.NoError(t, err)
	require.Contains(t, string(picture), "purged")
	require.NotContains(t, string(picture), "instances removed", "counts stand on no axis of seconds")

	var table strings.Builder
	require.NoError(t, reports.TimingsTable(&table, told.Rows))
	for _, want := range []string{"below [1]", "[1] better on purpose: It waits less.", "above", timing.Rule, "nothing to compare", "2 of 4 figures within"} {
		require.Contains(t, table.String(), want)
	}
}
