//go:build linux

package bench

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMedian(t *testing.T) {
	require.Equal(t, 2.0, median([]float64{3, 1, 2}))
	require.Equal(t, 2.5, median([]float64{4, 3, 1, 2}))
}

func TestMet(t *testing.T) {
	for _, test := range []struct {
		name string
		f    figure
		want bool
	}{
		{"as fast as it should be", figure{Value: 30, Aim: 30}, true},
		{"too slow", figure{Value: 29, Aim: 30}, false},
		{"cheap enough", figure{Value: 2, Aim: 2, Cost: true}, true},
		{"too dear", figure{Value: 3, Aim: 2, Cost: true}, false},
		{"fast, but what should make it so does not", figure{Value: 30, Aim: 30, Ratio: 2, RatioAim: 4}, false},
	} {
		t.Run(test.name, func(t *testing.T) { require.Equal(t, test.want, test.f.met()) })
	}
}

func TestPrintFigures(t *testing.T) {
	figures = []figure{
		{Name: "idle", What: "three idle nodes", Value: 381.4, Unit: perSecond, Aim: 250, Ratio: 4.56, RatioAim: 4},
		{Name: "restore", What: "fork", Value: 2.24, Unit: cpuMillis, Aim: 2, Cost: true},
	}
	t.Cleanup(func() { figures = nil })
	var table strings.Builder
	require.NoError(t, printFigures(&table))
	lines := strings.Split(table.String(), "\n")
	require.Regexp(t, `^idle +381 +≥ 250 +simulated s / CPU s +4\.6 +≥ 4 +✓ +three idle nodes$`, lines[2])
	require.Regexp(t, `^restore +2\.24 +≤ 2 +CPU ms +short +fork$`, lines[3])
}
