package timing_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"muster/model/timing"
)

func TestStanding(t *testing.T) {
	values := func(values ...float64) timing.Samples { return timing.Samples{Values: values} }
	for name, c := range map[string]struct {
		measured, simulated timing.Samples
		unit                string
		want                timing.Standing
	}{
		"in the spread":               {values(5, 6, 8), values(7), "", timing.Within},
		"a poll beside it":            {values(5, 6), values(4.7), "", timing.Within},
		"faster":                      {values(50, 52), values(2, 3), "", timing.Below},
		"slower":                      {values(0.5, 0.6), values(1.5), "", timing.Above},
		"no slack where things count": {values(0, 0), values(1), "instances", timing.Above},
		"both never":                  {timing.Samples{Never: 3}, timing.Samples{Never: 8}, "", timing.Within},
		"never there":                 {timing.Samples{Never: 3}, values(4), "", timing.Happens},
		"never here":                  {values(4, 5), timing.Samples{Never: 3}, "", timing.Misses},
		"now and then on both sides":  {timing.Samples{Values: []float64{4}, Never: 3}, timing.Samples{Never: 3}, "", timing.Within},
		"a spread alone":              {timing.Samples{Spread: &timing.Spread{N: 9, Least: 1, Median: 2, Greatest: 3}}, values(2.5), "", timing.Within},
		"a few beside each other":     {values(5, 6, 7, 11), values(5.1, 5.2), "", timing.Within},
		"many on one side":            {values(5, 9, 10, 11), values(5.1, 5.2, 5.1, 5.3, 5.5), "", timing.PartlyBelow},
		"many on the other side":      {values(5, 6, 7, 11), values(9.1, 9.2, 9.1, 9.3, 9.5), "", timing.PartlyAbove},
		"not simulated":               {values(1), timing.Samples{}, "", timing.Unmeasured},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, timing.Row{Measured: c.measured, Simulated: c.simulated, Unit: c.unit}.Standing())
		})
	}
}

func TestSamplesInWords(t *testing.T) {
	require.Equal(t, "1.00 / 2.50 / 4.00 (n=5, 1 never)", timing.Samples{Values: []float64{4, 1, 3, 2}, Never: 1}.String())
	require.Equal(t, "never (n=2)", timing.Samples{Never: 2}.String())
	require.Equal(t, "–", timing.Samples{}.String())
}

func TestCount(t *testing.T) {
	values := func(values ...float64) timing.Samples { return timing.Samples{Values: values} }
	count := timing.Count([]timing.Row{
		{Measured: values(5, 6), Simulated: values(5.5)},
		{Measured: values(5, 6), Simulated: values(5, 5.5, 6, 9)},
		{Measured: values(5, 6), Simulated: values(1), Reason: "It waits less.", Kind: timing.Better},
		{Measured: values(5, 6), Simulated: values(9), Reason: "It waits longer.", Kind: timing.Slower},
		{Measured: values(5, 6), Simulated: values(9)},
		{Measured: timing.Samples{Never: 2}, Simulated: values(9)},
		{Measured: values(5, 6)},
	})
	require.Equal(t, timing.Tally{Compared: 6, Within: 2, Explained: map[timing.Kind]int{timing.Better: 1, timing.Slower: 1}, Worse: 3}, count)
	require.Equal(t, 2, count.Unexplained())
}
