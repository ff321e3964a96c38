//go:build unchecked && unix && (amd64 || arm64)

package machine

import (
	"context"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestUncheckedWhereMemoryIsIsolated(t *testing.T) {
	engine, err := NewEngine(t.TempDir())
	require.NoError(t, err)
	memory := newLinearMemory(4 * pageSize)
	defer memory.Free()
	require.GreaterOrEqual(t, len(memory.reserved), 8<<30)
	require.Equal(t, unchecked, engine.preferred())
	require.Equal(t, unchecked, engine.fit(memory))
	require.Equal(t, checked, engine.fit(&linearMemory{limit: 4 * pageSize}), "a memory that owns nothing")
	require.Equal(t, checked, engine.fit(&linearMemory{limit: 4 * pageSize, reserved: make([]byte, 4*pageSize)}))

	always, err := NewCheckedEngine(t.TempDir())
	require.NoError(t, err)
	require.Equal(t, checked, always.preferred())
	require.Equal(t, checked, always.fit(memory))
}

// strayModule exports a _start that loads from the end of what 32 bits reach, in a memory of one page.
var strayModule = []byte("\x00asm\x01\x00\x00\x00" +
	"\x01\x04\x01\x60\x00\x00" + // a type: func()
	"\x03\x02\x01\x00" + // a function of that type
	"\x05\x03\x01\x00\x01" + // a memory of a page
	"\x07\x0a\x01\x06_start\x00\x00" +
	"\x0a\x0e\x01\x0c\x00\x41\x7f\x28\x02\xff\xff\xff\xff\x0f\x1a\x0b") // i32.const -1; i32.load offset=0xffffffff; drop

// TestChecksStayWithoutAddressSpace runs itself with less of it than a memory would have to own.
func TestChecksStayWithoutAddressSpace(t *testing.T) {
	const little = "MUSTER_TEST_LITTLE_ADDRESS_SPACE"
	if os.Getenv(little) == "" {
		command := exec.Command("sh", "-c", `ulimit -v 7000000 && exec "$0" -test.run '^TestChecksStayWithoutAddressSpace$'`, os.Args[0])
		command.Env = append(os.Environ(), little+"=1")
		out, err := command.CombinedOutput()
		require.NoError(t, err, "%s", out)
		return
	}
	engine, err := NewEngine(t.TempDir())
	require.NoError(t, err)
	require.Equal(t, checked, engine.preferred())
	requireStopped(t, engine)
}

// TestStrayLoad: with checks, a load from outside of the memory stops the program, and nothing else.
func TestStrayLoad(t *testing.T) {
	engine, err := NewCheckedEngine(t.TempDir())
	require.NoError(t, err)
	requireStopped(t, engine)
}

func requireStopped(t *testing.T, engine *Engine) {
	code, err := engine.Load(context.Background(), strayModule)
	require.NoError(t, err)
	memory := newLinearMemory(4 * pageSize)
	defer memory.Free()
	module, err := code.instantiate(context.Background(), memory)
	require.NoError(t, err)
	_, err = module.ExportedFunction("_start").Call(context.Background())
	require.ErrorContains(t, err, "out of bounds")
}
