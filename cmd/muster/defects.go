package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"muster/scenarios"
)

// knownDefects are those that our node can be run with.
func knownDefects() []string {
	var names []string
	for _, d := range scenarios.Defects() {
		names = append(names, d.Name)
	}
	return names
}

// asNacos are those that bring back what was measured of real clusters, and what our node does otherwise.
func asNacos() []string {
	return []string{
		"consensus/keepBrokenConnections", "consensus/forwardToFormerLeader", "consensus/patientElections",
		"distro/changeFromAnyone", "distro/deleteFromAnyone", "liveness/takeOverLastBeats",
	}
}

// defects is the flag --defect: what is wrong with the nodes of a run, on purpose.
type defects []string

// flagOn adds the flag to a command's.
func (d *defects) flagOn(command *cobra.Command) {
	command.Flags().StringArrayVar((*[]string)(d), "defect", nil,
		"run nodes with this `DEFECT`, to see what notices; can be given again: "+strings.Join(knownDefects(), ", "))
	completeFlag(command, "defect", knownDefects()...)
}

// in returns scenarios whose nodes have the defects.
func (d defects) in(chosen []scenarios.Scenario) ([]scenarios.Scenario, error) {
	for _, name := range d {
		if !slices.Contains(knownDefects(), name) {
			return nil, fmt.Errorf("--defect %s: there is none of that name; want one of %s", name, strings.Join(knownDefects(), ", "))
		}
	}
	broken := slices.Clone(chosen)
	for i := range broken {
		broken[i].Cluster = broken[i].Cluster.With(d...)
	}
	return broken, nil
}
