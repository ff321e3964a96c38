package reports

import (
	"cmp"
	"slices"
	"strings"

	"muster/checker"
	"muster/reports/plots"
)

// distributions draws how the times that matter most are distributed over the seeds.
func distributions(set Set) []shownPicture {
	var all []shownPicture
	show := func(p plots.Picture) { all = append(all, shownPicture{Picture: p}) }
	const failover, counted = "How long a failover takes", "From the strike on the leader to the first persistent write that was acknowledged again, " +
		"over the runs of each scenario that had one. "
	if samples := samplesOf(set, "failover_ms"); len(samples) > plots.MostCurves {
		shown, note := longest(samples)
		show(plots.Strip("failover", failover, counted+oneRun+note, "seconds", shown))
	} else if len(samples) > 0 {
		show(plots.Cumulative("failover", failover, counted+"A curve shows the share of the runs in which it took at most so long.", "seconds", samples))
	}
	for _, kind := range checker.Kinds {
		samples := samplesOf(set, string(kind)+"_unavailable_total_ms")
		samples = slices.DeleteFunc(samples, func(s plots.Sample) bool { return slices.Max(s.Values) == 0 })
		if len(samples) > 0 {
			shown, note := longest(samples)
			name := kindName(kind)
			show(plots.Strip("unavailable-"+strings.ReplaceAll(name, " ", "-"), "How long "+name+" were not served",
				"Times in which some were tried and none succeeded, added up over a run; scenarios in which they were always served are left out. "+oneRun+note,
				"seconds", shown))
		}
	}
	if samples := samplesOf(set, "convergence_ms"); len(samples) > 0 {
		shown, note := longest(samples)
		show(plots.Strip("convergence", "How long the nodes' views took to agree again",
			"Counted from the end of the last fault. "+oneRun+note, "seconds", shown))
	}
	return all
}

const oneRun = "Each triangle is one run, the number behind a name says how many there are."

// mostRows is how many scenarios a picture shows at most, so that it can be taken in at a glance.
const mostRows = 20

// longest puts the samples with the greatest medians first, and leaves those out that find no place; the note says so.
func longest(samples []plots.Sample) (shown []plots.Sample, note string) {
	slices.SortStableFunc(samples, func(a, b plots.Sample) int { return -cmp.Compare(a.Median(), b.Median()) })
	if len(samples) <= mostRows {
		return samples, ""
	}
	leftOut := plural(len(samples)-mostRows, "scenario is left out", "scenarios are left out")
	return samples[:mostRows], " " + leftOut + " whose times are shorter; their figures stand above."
}

// samplesOf collects a figure over all scenarios that measured it, from milliseconds to seconds.
func samplesOf(set Set, name string) []plots.Sample {
	var samples []plots.Sample
	for _, scenario := range set.Scenarios {
		for _, f := range scenario.Figures {
			if f.Name != name || len(f.Values) == 0 {
				continue
			}
			sample := plots.Sample{Name: scenario.title()}
			for _, v := range f.Values {
				sample.Values = append(sample.Values, v/1000)
			}
			samples = append(samples, sample)
		}
	}
	return samples
}
