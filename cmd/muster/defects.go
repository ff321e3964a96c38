package main

import (
	"fmt"
	"maps"
	"strings"

	"github.com/spf13/pflag"

	"muster/scenarios"
)

// defects is the flag --defect: what is wrong with the nodes of a run, on purpose.
type defects []string

// flagOn adds the flag to a command's.
func (d *defects) flagOn(flags *pflag.FlagSet) {
	flags.StringArrayVar((*[]string)(d), "defect", nil,
		"run nodes with this `PACKAGE/DEFECT`, such as consensus/ackBeforeCommit, to see what notices; can be given again")
}

// in returns scenarios whose nodes have the defects.
func (d defects) in(chosen []scenarios.Scenario) ([]scenarios.Scenario, error) {
	if len(d) == 0 {
		return chosen, nil
	}
	var broken []scenarios.Scenario
	for _, scenario := range chosen {
		failpoints := maps.Clone(scenario.Cluster.Failpoints)
		if failpoints == nil {
			failpoints = map[string]string{}
		}
		for _, name := range d {
			room, what, found := strings.Cut(name, "/")
			if !found || room == "" || what == "" || strings.ContainsAny(name, "=;") {
				return nil, fmt.Errorf("--defect %q: want PACKAGE/DEFECT, such as consensus/ackBeforeCommit or distro/skipSync", name)
			}
			failpoints["muster/nodes/"+name] = "return(true)"
		}
		scenario.Cluster.Failpoints = failpoints
		broken = append(broken, scenario)
	}
	return broken, nil
}
