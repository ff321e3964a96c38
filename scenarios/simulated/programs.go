package simulated

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"muster/model/run"
	"muster/sim"
	"muster/sim/guest"
	"muster/sim/machine"
)

// Programs are the guests that the machines of a run boot. They are built and compiled once and shared by all runs of a process.
type Programs struct {
	registry, workload sim.Program
	node               string // what UseNode was told; empty: the registry is ours
	guests             []run.Guest
	next               nextBuild
}

// Tags are the build tags of our own guests. Nobody asks guests for grpc's own traces; without them there is a fifth less to compile and to
// hold in memory.
var Tags = []string{"grpcnotrace"}

// settings is the environment of our own guests. Twice as much garbage as usual may lie around, which costs a machine some megabytes
// and saves a tenth of the processor time of a loaded one; with more than that the processor's caches lose what the collector wins.
var settings = []string{"GOGC=200"}

// BuildPrograms builds the node and the workload of the source tree at root as guests, into its folder build/guests. If nothing has
// changed since the last time, that takes about a second.
func BuildPrograms(ctx context.Context, root string) (*Programs, error) {
	return build(ctx, root, guest.Options{}, sim.Load)
}

// BuildSlowPrograms builds the same guests as the Go compiler makes them, and compiles them with an engine of the caller's. They do the
// same and take longer: by them it is measured what making guests fast brings. With plainLibrary they lack what the standard library's
// overlay has for speed, too; these do the same as far as nothing depends on when garbage is collected (guest.Options).
func BuildSlowPrograms(ctx context.Context, root string, engine *machine.Engine, plainLibrary bool) (*Programs, error) {
	how := guest.Options{AsCompiled: true, PlainLibrary: plainLibrary}
	return build(ctx, root, how, func(ctx context.Context, built guest.Program) (sim.Program, error) {
		return sim.LoadWith(ctx, engine, built)
	})
}

// FindPrograms finds the guests that a run had, as BuildPrograms left them, so that nothing needs to be built. It fails if they have been
// built again since from other sources.
func FindPrograms(ctx context.Context, root string, had []run.Guest) (*Programs, error) {
	p := &Programs{}
	cache := filepath.Join(root, "build", "guests")
	find := func(ctx context.Context, cache, file, name string) (sim.Program, run.Guest, error) {
		i := slices.IndexFunc(had, func(g run.Guest) bool { return g.Name == name })
		if i < 0 {
			return sim.Program{}, run.Guest{}, fmt.Errorf("the run had no guest %s", name)
		}
		found, err := guest.Find(cache, file, had[i].SHA256)
		if err != nil {
			return sim.Program{}, run.Guest{}, err
		}
		program, err := sim.Load(ctx, found)
		if err != nil {
			return sim.Program{}, run.Guest{}, fmt.Errorf("compiling the guest %s: %w", name, err)
		}
		program.Env = settings
		return program, had[i], nil
	}
	p.next.build = func(ctx context.Context) (sim.Program, run.Guest, error) {
		return find(ctx, filepath.Join(cache, "next"), "registry", nextGuest)
	}
	for _, each := range []struct {
		name string
		into *sim.Program
	}{{"registry", &p.registry}, {"workload", &p.workload}} {
		program, known, err := find(ctx, cache, each.name, each.name)
		if err != nil {
			return nil, err
		}
		*each.into = program
		p.guests = append(p.guests, known)
	}
	return p, nil
}

// Guests are the programs as run folders name them.
func (p *Programs) Guests() []run.Guest { return slices.Clone(p.guests) }

// build builds as the options say, in which only that is set which is the same for all guests.
func build(ctx context.Context, root string, how guest.Options, load func(context.Context, guest.Program) (sim.Program, error)) (*Programs, error) {
	p := &Programs{}
	p.next.build = func(ctx context.Context) (sim.Program, run.Guest, error) {
		options := how
		options.Package, options.Dir, options.Cache = "./cmd/registry", root, filepath.Join(root, "build", "guests", "next")
		options.Tags = append([]string{"nextbuild"}, Tags...)
		built, err := guest.Build(ctx, options)
		if err != nil {
			return sim.Program{}, run.Guest{}, err
		}
		program, err := load(ctx, built)
		program.Env = settings
		return program, run.Guest{Name: nextGuest, SHA256: built.SHA256, Size: built.Size}, err
	}
	for _, each := range []struct {
		name string
		into *sim.Program
	}{{"registry", &p.registry}, {"workload", &p.workload}} {
		options := how
		options.Package, options.Dir, options.Cache = "./cmd/"+each.name, root, filepath.Join(root, "build", "guests")
		options.Tags = Tags
		built, err := guest.Build(ctx, options)
		if err != nil {
			return nil, err
		}
		if *each.into, err = load(ctx, built); err != nil {
			return nil, fmt.Errorf("compiling the guest %s: %w", each.name, err)
		}
		each.into.Env = settings
		p.guests = append(p.guests, run.Guest{Name: built.Name, SHA256: built.SHA256, Size: built.Size})
	}
	return p, nil
}
