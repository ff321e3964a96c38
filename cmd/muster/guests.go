package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"muster/sim"
	"muster/sim/guest"
)

// loadGuest builds a program for simulated machines and compiles it.
func loadGuest(command *cobra.Command, pack string) (sim.Program, error) {
	built, err := buildGuest(command.Context(), command.ErrOrStderr(), pack)
	if err != nil {
		return sim.Program{}, err
	}
	defer sayIfSlow(command.ErrOrStderr(), fmt.Sprintf("compiling %s, as it has changed …", pack))()
	program, err := sim.Load(command.Context(), built)
	if err != nil {
		return sim.Program{}, fmt.Errorf("compiling the guest %s: %w", pack, err)
	}
	return program, nil
}

// buildGuest builds a program for simulated machines into the user's cache. If it cannot be built, the error says what stands in the way.
func buildGuest(ctx context.Context, progress io.Writer, pack string) (guest.Program, error) {
	options, err := guestOptions(pack)
	if err != nil {
		return guest.Program{}, err
	}
	defer sayIfSlow(progress, fmt.Sprintf("building %s for simulated machines …", pack))()
	built, err := guest.Build(ctx, options)
	if err == nil {
		return built, nil
	}
	if err = guest.Explain(ctx, options, err); options.Package != pack {
		err = fmt.Errorf("%s: %w", pack, err)
	}
	return guest.Program{}, err
}

// guestOptions say how to build a package, which is a folder or an import path.
func guestOptions(pack string) (guest.Options, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return guest.Options{}, fmt.Errorf("finding a folder for guests: %w", err)
	}
	options := guest.Options{Package: pack, Dir: ".", Cache: filepath.Join(cache, "muster", "guests")}
	if info, err := os.Stat(pack); err == nil && info.IsDir() {
		// The folder may belong to another module than the working folder does.
		options.Package, options.Dir = ".", pack
	} else if errors.Is(err, fs.ErrNotExist) && (strings.HasPrefix(pack, ".") || filepath.IsAbs(pack)) {
		return guest.Options{}, fmt.Errorf("no package at %s: want the folder of a main package, or an import path", pack)
	}
	return options, os.MkdirAll(options.Cache, 0o777)
}

// checkGuests says of packages whether there is nothing to build, before anything else is done.
func checkGuests(ctx context.Context, packs ...string) error {
	for _, pack := range packs {
		options, err := guestOptions(pack)
		if err != nil {
			return err
		}
		err = guest.CheckPackage(ctx, options)
		switch {
		case err != nil && options.Package == pack:
			return fmt.Errorf("no program %s: there is no folder of that name here, and as an import path: %w", pack, err)
		case err != nil:
			return fmt.Errorf("no program at %s: %w", pack, err)
		}
	}
	return nil
}

// slowAfter is after how long somebody who waits for a build is told of it. If nothing has changed, it is over by then.
const slowAfter = 3 * time.Second

// sayIfSlow writes a line if stop is not called soon.
func sayIfSlow(to io.Writer, line string) (stop func()) {
	over, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		select {
		case <-time.After(slowAfter):
			fmt.Fprintln(to, line)
		case <-over:
		}
	}()
	return func() {
		close(over)
		<-done
	}
}
