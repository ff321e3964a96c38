package plots

import (
	"encoding/xml"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/model/run"
)

var minute = Timeline{Lasted: time.Minute, Windows: []Window{
	{From: 10 * time.Second, Until: 30 * time.Second, Label: "isolate n1", Family: run.NetworkFamily},
	{From: 12 * time.Second, Until: 14 * time.Second, Label: "pause n2 & n3 <both>", Family: run.MachineFamily},
	{From: 59 * time.Second, Until: time.Minute, Label: "a clock a long way off at the very end", Family: run.ClockFamily},
}}

func requireWellFormed(t *testing.T, p Picture) {
	t.Helper()
	for name, text := range map[string]string{"standalone": string(p.SVG), "inline": p.Inline()} {
		decoder := xml.NewDecoder(strings.NewReader(text))
		for {
			_, err := decoder.Token()
			if err == io.EOF {
				break
			}
			require.NoErrorf(t, err, "%s, %s", p.Name, name)
		}
		require.NotContains(t, text, "NaN")
		require.NotContains(t, text, "Inf")
	}
}

func operations(count int) []Operation {
	var all []Operation
	for i := range count {
		all = append(all, Operation{Kind: "reads", Invoked: time.Duration(i) * time.Minute / time.Duration(count), Took: time.Duration(1+i%7) * time.Millisecond, Outcome: Outcome(i % 3)})
	}
	return all
}

func TestPicturesAreWellFormed(t *testing.T) {
	nothing := Timeline{}
	for _, p := range []Picture{
		Latency(minute, []string{"writes", "reads"}, operations(100)),
		Latency(nothing, []string{"reads"}, nil),
		Latency(nothing, []string{"reads"}, []Operation{{Kind: "reads"}}),
		Views(minute, []NodeViews{{Node: "n1", Views: []View{{At: time.Second, Known: true, Listed: 3}, {At: 2 * time.Second}, {At: 3 * time.Second, Known: true, Missing: 3}}}, {Node: "n2"}}),
		Views(nothing, nil),
		Clocks(minute, []Clock{{Machine: "n1", Samples: []Offset{{0, 0}, {time.Second, -3 * time.Hour}}}}),
		Clocks(nothing, []Clock{{Machine: "n1", Samples: []Offset{{0, 0}}}}),
		Lanes(minute, []Lane{{Node: "n1", Stretches: []Stretch{{0, time.Minute, Leader, "term 1"}}, Beliefs: []Belief{{0, time.Minute, 0}, {0, time.Minute, 7}}}}),
		Lanes(nothing, nil),
		Availability(minute, []Available{{Kind: "writes", Seconds: []Second{{At: time.Second, OK: 1, Fail: 2, Unknown: 3}, {At: 2 * time.Second}}, Outages: []Outage{{time.Second, 2 * time.Second}}}}),
		Cumulative("c", "t", "c", "seconds", []Sample{{"a", []float64{3, 1, 2}}, {"b", []float64{0}}}),
		Strip("s", "t", "c", "seconds", []Sample{{"a", []float64{3, 1, 2}}, {"b", []float64{0}}}),
	} {
		requireWellFormed(t, p)
	}
}

func TestEqualInputGivesEqualBytes(t *testing.T) {
	require.Equal(t, Latency(minute, []string{"reads"}, operations(1000)).SVG, Latency(minute, []string{"reads"}, operations(1000)).SVG)
}

func TestInlinePicturesFollowTheTheme(t *testing.T) {
	p := Latency(minute, []string{"reads"}, operations(100))
	require.NotRegexp(t, `(fill|stroke):#`, p.Inline(), "every colour is one of the palette")
	require.Contains(t, p.Inline(), "var(--plot-good)")
	require.Contains(t, string(p.SVG), good.light)
	for _, dark := range []bool{false, true} {
		for _, h := range palette() {
			require.Contains(t, Variables(dark), "--plot-"+h.name+":#")
		}
	}
	for i, h := range palette() {
		for _, other := range palette()[i+1:] {
			require.Falsef(t, alike(h.light, other.light), "%s and %s look alike in the light, so themes cannot tell them apart", h.name, other.name)
		}
		require.Equal(t, strings.ToUpper(h.light), h.light, "as vgsvg writes colours")
	}
}

// labelX finds where a label of the horizontal axis stands, in points.
func labelX(t *testing.T, p Picture, label string) float64 {
	t.Helper()
	found := regexp.MustCompile(`<text x="([0-9.]+)"[^>]*>`+label+`</text>`).FindAllStringSubmatch(string(p.SVG), -1)
	require.NotEmpty(t, found, label)
	x, err := strconv.ParseFloat(found[len(found)-1][1], 64)
	require.NoError(t, err)
	return x
}

func TestAllPicturesShareTheirAxis(t *testing.T) {
	middle := float64(width) * minute.Fraction(30*time.Second)
	require.InDelta(t, float64(marginLeft+(width-marginRight-marginLeft)/2), middle, 0.01)
	half := float64(style(faint).Width("30")) / 2
	for _, p := range []Picture{
		Latency(minute, []string{"reads"}, operations(100)),
		Views(minute, []NodeViews{{Node: "n1", Views: []View{{At: time.Second, Known: true, Listed: 12345}}}}),
		Clocks(minute, []Clock{{Machine: "n1", Samples: []Offset{{0, -3 * time.Hour}}}}),
		Lanes(minute, []Lane{{Node: "a-node-with-name"}}),
		Availability(minute, []Available{{Kind: "writes", Seconds: []Second{{OK: 1}}}}),
	} {
		require.InDeltaf(t, middle, labelX(t, p, "30")+half, 0.2, "the middle of %s", p.Name)
	}
	require.Equal(t, minute.Fraction(0), minute.Fraction(-time.Second))
	require.Equal(t, minute.Fraction(time.Minute), minute.Fraction(time.Hour))
}

func TestFaultsAreLabelledInEveryPicture(t *testing.T) {
	for _, p := range []Picture{Latency(minute, []string{"reads"}, operations(10)), Clocks(minute, nil), Lanes(minute, nil)} {
		for _, want := range []string{"isolate n1", "pause n2 &amp; n3 &lt;both&gt;", "a clock a long way off at the very end"} {
			require.Contains(t, string(p.SVG), want)
		}
	}
}

func TestFaultLabelsDoNotMeet(t *testing.T) {
	crowded := Timeline{Lasted: time.Minute}
	for i := range 30 {
		crowded.Windows = append(crowded.Windows, Window{From: time.Duration(i) * 2 * time.Second, Until: time.Duration(i)*2*time.Second + time.Second, Label: "crash and restart of a node"})
	}
	labels := newFaultLabels(crowded)
	require.Len(t, labels.rows, labelRows)
	for _, row := range labels.rows {
		for i := 1; i < len(row); i++ {
			require.Greater(t, row[i].text, row[i-1].text+widthOf(row[i-1].window.Label))
		}
	}
}

func TestOnlyCoveredPointsAreLeftOut(t *testing.T) {
	few := Latency(minute, []string{"reads"}, operations(3*thinFrom-3))
	require.NotContains(t, string(few.SVG), "left out")
	many := Latency(minute, []string{"reads"}, operations(30*thinFrom))
	require.Regexp(t, `\d+ of 30000 points lie on top of others and are left out`, string(many.SVG))
	require.Less(t, len(many.SVG), 1_500_000)
	require.Equal(t, []string{"reads: 30000 ok", "reads: 30000 fail", "reads: 30000 unknown"}, many.Series)
}

func TestTicksAreRound(t *testing.T) {
	labels := func(low, high float64, most int) (all []string) {
		for _, tick := range ticksAbout(low, high, most) {
			all = append(all, tick.Label)
		}
		return all
	}
	require.Equal(t, []string{"0", "10", "20", "30", "40", "50", "60"}, labels(0, 60, 8))
	require.Equal(t, []string{"0", "0.1", "0.2", "0.3"}, labels(0, 0.3, 4))
	require.Equal(t, []string{"-10000", "-5000", "0"}, labels(-11700, 975, 4))
	require.Empty(t, labels(1, 1, 4))
	require.Empty(t, labels(0, math.Inf(1), 4))
}

func TestShort(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 ns", 999: "999 ns", 1500: "1.5 µs", 20 * time.Millisecond: "20 ms", 3210 * time.Millisecond: "3.21 s",
		-2 * time.Second: "-2 s", 5000 * time.Second: "5000 s",
	} {
		require.Equal(t, want, short(d))
	}
}

func TestMedian(t *testing.T) {
	require.Equal(t, 2.0, Sample{Values: []float64{9, 1, 2}}.Median())
	require.Equal(t, 2.5, Sample{Values: []float64{9, 1, 2, 3}}.Median())
	require.True(t, math.IsNaN(Sample{}.Median()))
}
