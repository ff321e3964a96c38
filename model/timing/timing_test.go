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
