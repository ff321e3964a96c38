package main

import (
	"errors"
	"strconv"

	"github.com/spf13/cobra"
)

// count is a flag that takes a whole number. What the least is, the command says.
type count int

// countFlag adds a flag of that name to a command's, with what it is if it is not given.
func countFlag(command *cobra.Command, value *int, name, short string, otherwise int, usage string) {
	*value = otherwise
	command.Flags().VarP((*count)(value), name, short, usage)
}

// Set reads what was typed.
func (c *count) Set(text string) error {
	number, err := strconv.Atoi(text)
	if err != nil {
		return errors.New("want a whole number such as 4")
	}
	*c = count(number)
	return nil
}

// String is the number.
func (c *count) String() string { return strconv.Itoa(int(*c)) }

// Type is what help calls it.
func (c *count) Type() string { return "number" }

// seed is a flag that takes a seed.
type seed uint64

// seedFlag adds the flag --seed to a command's, with what it is if it is not given.
func seedFlag(command *cobra.Command, value *uint64, otherwise uint64, usage string) {
	*value = otherwise
	command.Flags().Var((*seed)(value), "seed", usage)
}

// Set reads what was typed.
func (s *seed) Set(text string) error {
	number, err := strconv.ParseUint(text, 0, 64)
	if err != nil {
		return errors.New("want a whole number such as 7")
	}
	*s = seed(number)
	return nil
}

// String is the number.
func (s *seed) String() string { return strconv.FormatUint(uint64(*s), 10) }

// Type is what help calls it.
func (s *seed) Type() string { return "number" }
