package reports

import (
	"cmp"
	"slices"

	"muster/checker"
)

// sortedKeys are the keys of a map that pass, in order: a report never depends on the order of a map.
func sortedKeys[K cmp.Ordered, V any](m map[K]V, pass func(K) bool) []K {
	var keys []K
	for key := range m {
		if pass == nil || pass(key) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

// group is the runs of one scenario on one stage with one profile, one protocol of the clients and the same nodes, in the order of their
// seeds.
type group struct {
	scenario, stage, profile, protocol, nodes string
	claim                                     string
	results                                   []Result
}

// title is the scenario's name, with what sets this group apart from the usual.
func (g group) title() string { return setTitle(g.scenario, g.stage, g.profile, g.protocol, g.nodes) }

// setTitle names what stands apart from the usual: simulated nodes like Nacos 2, ours and healthy, and clients that speak HTTP.
func setTitle(scenario, stage, profile, protocol, nodes string) string {
	title := scenario
	if stage != "simulated" && stage != "" {
		title += " (" + stage + ")"
	}
	if profile != "nacos2" && profile != "" {
		title += " [" + profile + "]"
	}
	if protocol != "" {
		title += " [" + protocol + "]"
	}
	if nodes != "" {
		title += " [" + nodes + "]"
	}
	return title
}

// groups sorts results by scenario, stage, profile, protocol, nodes and seed.
func groups(results []Result) []group {
	sorted := slices.Clone(results)
	slices.SortStableFunc(sorted, func(a, b Result) int {
		return cmp.Or(cmp.Compare(a.Run.Scenario, b.Run.Scenario), -cmp.Compare(a.Run.Stage, b.Run.Stage),
			cmp.Compare(a.Run.Profile, b.Run.Profile), cmp.Compare(a.Run.Protocol, b.Run.Protocol), cmp.Compare(a.Nodes(), b.Nodes()),
			cmp.Compare(a.Run.Seed, b.Run.Seed), cmp.Compare(a.Folder, b.Folder))
	})
	var all []group
	for _, r := range sorted {
		if n := len(all); n > 0 && all[n-1].has(r) {
			all[n-1].results = append(all[n-1].results, r)
			continue
		}
		all = append(all, group{r.Run.Scenario, r.Run.Stage, r.Run.Profile, r.Run.Protocol, r.Nodes(), r.Run.Claim, []Result{r}})
	}
	return all
}

// has says whether a run is one of the group's.
func (g group) has(r Result) bool {
	return g.scenario == r.Run.Scenario && g.stage == r.Run.Stage && g.profile == r.Run.Profile && g.protocol == r.Run.Protocol && g.nodes == r.Nodes()
}

// properties that any run of the group was judged by.
func (g group) properties() []checker.Property {
	seen := map[checker.Property]bool{}
	for _, r := range g.results {
		for _, v := range r.Verdicts {
			seen[v.Property] = true
		}
	}
	return propertiesIn(seen)
}

// verdict of a property in one run.
func (r Result) verdict(property checker.Property) (checker.Verdict, bool) {
	for _, v := range r.Verdicts {
		if v.Property == property {
			return v, true
		}
	}
	return checker.Verdict{}, false
}
