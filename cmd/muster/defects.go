package main

import (
	"crypto/sha256"
	"fmt"
	"path"
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
		"run nodes with this `DEFECT`, to see what notices (repeatable; muster scenarios --defects lists them)")
	completeFlag(command, "defect", knownDefects()...)
}

// defectMeant is the defect that somebody who typed another name meant, with or without the package that it is in; "" if that cannot
// be told. Cobra knows what is near, as for the names of commands.
func defectMeant(typed string) string {
	names := &cobra.Command{SuggestionsMinimumDistance: 2}
	whole := map[string]string{}
	for _, name := range knownDefects() {
		whole[name], whole[path.Base(name)] = name, name
	}
	for name := range whole {
		names.AddCommand(&cobra.Command{Use: name, Run: func(*cobra.Command, []string) {}})
	}
	meant := map[string]bool{}
	for _, name := range names.SuggestionsFor(typed) {
		meant[whole[name]] = true
	}
	if len(meant) != 1 {
		return ""
	}
	for name := range meant {
		return name
	}
	return ""
}

// short is what names of run folders call the defects by: by their names without the packages up to two, and more by the first and
// what tells them from others; "" for none.
func (d defects) short() string {
	all := slices.Compact(slices.Sorted(slices.Values(d)))
	var names []string
	for _, name := range all {
		names = append(names, path.Base(name))
	}
	if len(names) > 2 {
		sum := sha256.Sum256([]byte(strings.Join(all, ",")))
		return fmt.Sprintf("%s-and-%d-more-%x", names[0], len(names)-1, sum[:3])
	}
	return strings.Join(names, "-")
}

// in returns scenarios whose nodes have the defects.
func (d defects) in(chosen []scenarios.Scenario) ([]scenarios.Scenario, error) {
	for _, name := range d {
		if !slices.Contains(knownDefects(), name) {
			if meant := defectMeant(name); meant != "" {
				return nil, fmt.Errorf("--defect %s: there is none of that name: did you mean %s?", name, meant)
			}
			return nil, fmt.Errorf("--defect %s: there is none of that name; want one of %s", name, strings.Join(knownDefects(), ", "))
		}
	}
	broken := slices.Clone(chosen)
	for i := range broken {
		broken[i].Cluster = broken[i].Cluster.With(d...)
	}
	return broken, nil
}
