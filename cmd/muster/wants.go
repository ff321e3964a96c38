package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

// wants is what a command that takes so many arguments, from least to most, says of any other number: what it wants, and by its first
// example how that looks. A most of 0 is no limit.
func wants(least, most int, what string) cobra.PositionalArgs {
	return func(command *cobra.Command, arguments []string) error {
		if n := len(arguments); n >= least && (most == 0 || n <= most) {
			return nil
		}
		got := ""
		if len(arguments) > 0 {
			got = fmt.Sprintf(", not %d arguments", len(arguments))
		}
		return fmt.Errorf("%s wants %s%s, for example:\n%s", command.CommandPath(), what, got, command.Example)
	}
}
