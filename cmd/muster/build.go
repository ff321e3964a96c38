package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"
	"github.com/spf13/cobra"

	"muster/sim/guest"
)

func newBuildCommand() *cobra.Command {
	var to string
	command := &cobra.Command{
		Use:   "build PACKAGE",
		Short: "Build any Go program for simulated machines, and say what it would miss there",
		Long: `Builds a main package, from a folder or an import path, for simulated machines. Nothing in it has to change: net, os,
time and goroutines are what they are elsewhere. What cannot be built wants something that simulated machines do not
have: C code (cgo), mmap, raw system calls, file locks. Each such package is named with the imports that lead to it.
What can be built but might miss something, such as other programs to start (os/exec), is warned of.`,
		Example: `  muster build ./cmd/server                        # can it run on simulated machines?
  muster build ./cmd/server -o server.wasm         # keep the WebAssembly module`,
		Args: wants(1, 1, "a PACKAGE: the folder of a main package, or an import path"),
		RunE: func(command *cobra.Command, arguments []string) error {
			if err := checkGuests(command.Context(), arguments[0]); err != nil {
				return err
			}
			built, err := buildGuest(command.Context(), command.ErrOrStderr(), arguments[0])
			if err != nil {
				return err
			}
			options, err := guestOptions(arguments[0])
			if err != nil {
				return err
			}
			doubts, err := guest.Doubts(command.Context(), options)
			if err != nil {
				return err
			}
			for _, doubt := range doubts {
				fmt.Fprintf(command.ErrOrStderr(), "warning: %s\n", doubt)
			}
			path := built.Path
			if to != "" {
				if path, err = keep(built, to); err != nil {
					return err
				}
			}
			fmt.Fprintf(command.OutOrStdout(), "%s: %.1f MB, SHA-256 %s\n", path, float64(built.Size)/1e6, built.SHA256)
			return nil
		},
	}
	command.Flags().StringVarP(&to, "out", "o", "", "`file` for the module, or folder for it (otherwise it stays in the cache)")
	return command
}

// keep puts a guest where the user wants it.
func keep(built guest.Program, to string) (string, error) {
	if info, err := os.Stat(to); err == nil && info.IsDir() {
		to = filepath.Join(to, built.Name+".wasm")
	}
	module, err := built.Read()
	if err != nil {
		return "", err
	}
	if err := renameio.WriteFile(to, module, 0o666); err != nil {
		return "", fmt.Errorf("--out: %w", err)
	}
	return to, nil
}
