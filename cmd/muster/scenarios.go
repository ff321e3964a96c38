package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"muster/scenarios"
)

func newScenariosCommand() *cobra.Command {
	var asJSON, listDefects bool
	command := &cobra.Command{
		Use:   "scenarios [SCENARIO...]",
		Short: "List the catalog, one sentence each",
		Long: `Lists the named scenarios, or the whole catalog, with what each shows.

A scenario of your own is a file: write out the one that is most like it with --json, give it another name, change what
befalls the machines (muster/scenarios/fault.go and role.go have all faults and roles) and what you expect, and name
the file where muster simulate and muster live want a scenario. Times are in nanoseconds, or text under the same key
without _ns: "at": "15s" says what "at_ns": 15000000000 does.`,
		Example: `  muster scenarios                       # name and claim of each
  muster scenarios --json leader-killed  # all there is to one: cluster, load, plan, expectations
  muster scenarios --json leader-isolated > zone.json  # to be changed, and run: muster simulate zone.json
  muster scenarios --defects             # what nodes can be made to do wrong, where that comes from, and what notices it`,
		ValidArgsFunction: completeScenarios,
		RunE: func(command *cobra.Command, names []string) error {
			if listDefects && len(names) > 0 {
				return fmt.Errorf("--defects lists what is wrong with nodes, not scenarios: want it without %s", strings.Join(names, ", "))
			}
			chosen, err := choose(names)
			switch {
			case err != nil:
				return err
			case listDefects && asJSON:
				return writeIndented(command.OutOrStdout(), scenarios.Defects())
			case listDefects:
				for _, d := range scenarios.Defects() {
					fmt.Fprintf(command.OutOrStdout(), "%s\n  %s\n  from        %s\n  noticed by  %s\n", d.Name, d.Does, d.Source, d.Noticed)
				}
				_, err := fmt.Fprintln(command.OutOrStdout(), "\n(varied): with other times or another load, those of scenarios/mutants_test.go;",
					"as it is in the catalog, the scenario need not notice")
				return err
			case asJSON:
				return writeIndented(command.OutOrStdout(), chosen)
			}
			width := 0
			for _, s := range chosen {
				width = max(width, len(s.Name))
			}
			for _, s := range chosen {
				fmt.Fprintf(command.OutOrStdout(), "%-*s  %s\n", width, s.Name, s.Claim)
			}
			return nil
		},
	}
	command.Flags().BoolVar(&asJSON, "json", false, "write the scenarios whole, as JSON")
	command.Flags().BoolVar(&listDefects, "defects", false, "list the defects that --defect of other commands switches on")
	return command
}

// writeIndented writes a value as JSON for people.
func writeIndented(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

// choose returns the scenarios of some names and files, or the whole catalog if there are none. Twice named is run once.
func choose(names []string) ([]scenarios.Scenario, error) {
	if len(names) == 0 {
		return scenarios.Catalog(), nil
	}
	var chosen []scenarios.Scenario
	from := map[string]string{}
	for _, name := range names {
		found, err := named(name)
		if err != nil {
			return nil, err
		}
		for _, s := range found {
			if other, there := from[s.Name]; there && other != name {
				return nil, fmt.Errorf("%s and %s both have a scenario %s: want other names", other, name, s.Name)
			} else if !there {
				chosen = append(chosen, s)
			}
			from[s.Name] = name
		}
	}
	return chosen, nil
}

// scenarioFile is how the names of files with scenarios end; no scenario's own name has a full stop.
const scenarioFile = ".json"

// named returns the scenario of a name, or those of a file.
func named(name string) ([]scenarios.Scenario, error) {
	if strings.HasSuffix(name, scenarioFile) {
		return scenarios.ReadFile(name)
	}
	s, err := scenarios.Find(name)
	return []scenarios.Scenario{s}, err
}

// completeScenarios offers the catalog's names, with their claims, to the shell.
func completeScenarios(_ *cobra.Command, given []string, start string) ([]string, cobra.ShellCompDirective) {
	var offers []string
	for _, s := range scenarios.Catalog() {
		already := false
		for _, name := range given {
			already = already || name == s.Name
		}
		if !already && strings.HasPrefix(s.Name, start) {
			offers = append(offers, s.Name+"\t"+s.Claim)
		}
	}
	if len(offers) == 0 {
		return []string{strings.TrimPrefix(scenarioFile, ".")}, cobra.ShellCompDirectiveFilterFileExt
	}
	return offers, cobra.ShellCompDirectiveNoFileComp
}

// completeOneScenario does so for commands that take a single scenario.
func completeOneScenario(command *cobra.Command, given []string, start string) ([]string, cobra.ShellCompDirective) {
	if len(given) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return completeScenarios(command, given, start)
}

// completeFlag has the shell offer the values of a flag.
func completeFlag(command *cobra.Command, flag string, values ...string) {
	// It fails only for a flag that is not there.
	_ = command.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
}
