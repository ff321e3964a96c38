package sim

import (
	"context"
	"sync"

	"muster/sim/guest"
	"muster/sim/machine"
)

// Program is a guest that is ready to run on machines. It is a value: change Env or a limit of a copy to boot a machine differently.
type Program struct {
	// Name is the program's own first argument.
	Name string
	// SHA256 is the hash of the WebAssembly module.
	SHA256 string
	// Env are environment variables, as NAME=value, besides those that every guest has: HOME, PATH, PWD and TMPDIR.
	Env []string
	// MemoryLimit is the most memory that the program may have, in bytes; machine.DefaultMemoryLimit if 0.
	MemoryLimit uint64
	// WorkLimit is the most work that the program may do without waiting, before it is taken for one that will never wait, and ended: turns of
	// loops, roughly. machine.DefaultWorkLimit if 0.
	WorkLimit int64

	code *machine.Code
}

// Load compiles a guest to machine code with the engine that all worlds of this process share, once; compiled code is kept in
// machine.DefaultCache.
func Load(ctx context.Context, g guest.Program) (Program, error) {
	engine, err := sharedEngine()
	if err != nil {
		return Program{}, err
	}
	return LoadWith(ctx, engine, g)
}

var sharedEngine = sync.OnceValues(func() (*machine.Engine, error) {
	cache, err := machine.DefaultCache()
	if err != nil {
		return nil, err
	}
	return machine.NewEngine(cache)
})

// LoadWith compiles a guest with an engine of the caller's.
func LoadWith(ctx context.Context, engine *machine.Engine, g guest.Program) (Program, error) {
	wasm, err := g.Read()
	if err != nil {
		return Program{}, err
	}
	code, err := engine.Load(ctx, wasm)
	if err != nil {
		return Program{}, err
	}
	return Program{Name: g.Name, SHA256: g.SHA256, code: code}, nil
}

// environment is what a program finds in its environment. Nothing of the host's gets in.
func environment(more []string) []string {
	return append([]string{"HOME=/root", "PATH=/bin", "PWD=/", "TMPDIR=/tmp"}, more...)
}
