//go:build linux

package bench

import (
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"muster/scenarios"
	"muster/sim"
	"muster/sim/guest"
	"muster/sim/machine"
)

// way is a way to run guests.
type way bool

const (
	fast   way = false
	allOff way = true // as the compiler made them, with the standard library's own atomic operations, and all loads and stores checked
)

var checkedEngine = sync.OnceValues(func() (*machine.Engine, error) {
	cache, err := machine.DefaultCache()
	if err != nil {
		return nil, err
	}
	return machine.NewCheckedEngine(cache)
})

// load builds and compiles a main package of this module.
func load(b *testing.B, w way, path string, tags ...string) sim.Program {
	root := moduleRoot(b)
	built, err := guest.Build(b.Context(), guest.Options{
		Package: "./" + path, Dir: root, Cache: filepath.Join(root, "build", "guests"), Tags: tags,
		AsCompiled: w == allOff, PlainLibrary: w == allOff,
	})
	require.NoError(b, err)
	if w == fast {
		program, err := sim.Load(b.Context(), built)
		require.NoError(b, err)
		return program
	}
	engine, err := checkedEngine()
	require.NoError(b, err)
	program, err := sim.LoadWith(b.Context(), engine, built)
	require.NoError(b, err)
	return program
}

func moduleRoot(b *testing.B) string {
	root, err := scenarios.ModuleRoot(".")
	require.NoError(b, err)
	return root
}
