package restructure

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// run lets f of a metered module run with so much work left and so many turns to go. It returns what is left, and whether f trapped.
func run(t *testing.T, wasm []byte, left int64, turns uint32) (int64, bool) {
	ctx := context.Background()
	module, err := interpreter(t).InstantiateWithConfig(ctx, wasm, wazero.NewModuleConfig().WithName(""))
	require.NoError(t, err)
	defer module.Close(ctx)
	at := uint32(module.ExportedGlobal(MeterExport).Get())
	require.True(t, module.Memory().WriteUint64Le(at, uint64(left)))
	require.True(t, module.Memory().WriteUint32Le(4, turns))
	_, err = module.ExportedFunction("f").Call(ctx, api.EncodeU32(0))
	after, _ := module.Memory().ReadUint64Le(at)
	return int64(after), err != nil
}

func TestMeterCountsTurns(t *testing.T) {
	compiled := assemble(version, countdown().body(), callee)
	structured, _, err := Module(compiled)
	require.NoError(t, err)
	metered, err := Meter(structured)
	require.NoError(t, err)
	const perChunk = chunk / 2 // turns: one costs 2 units
	for _, test := range []struct {
		left, after int64
		turns       uint32
		trapped     bool
	}{
		{left: 10_000, turns: 10, after: 10_000},
		{left: 10_000, turns: perChunk - 1, after: 10_000 - chunk},
		{left: 10_000, turns: 3*perChunk - 1, after: 10_000 - 3*chunk},
		{left: 3 * chunk, turns: 3*perChunk - 1, after: 0},
		{left: 3*chunk - 1, turns: 3*perChunk - 1, after: -1, trapped: true},
		{left: 1000, turns: 0, after: 1000},
		{left: 99 * chunk, turns: 1 << 31, after: -chunk, trapped: true},
	} {
		after, trapped := run(t, metered, test.left, test.turns)
		require.Equal(t, test.after, after, "%+v", test)
		require.Equal(t, test.trapped, trapped, "%+v", test)
	}

	asCompiled, err := Meter(compiled)
	require.NoError(t, err)
	_, trapped := run(t, asCompiled, 100_000, 1<<31)
	require.True(t, trapped, "a function need not be restructured to be metered")
}

// TestMeterLeavesTheRest: a metered module does what it did before.
func TestMeterLeavesTheRest(t *testing.T) {
	runtime := interpreter(t)
	for seed := range byte(40) {
		data := make([]byte, 200)
		for i := range data {
			data[i] = seed*31 + byte(i*i)*seed
		}
		function := draw(&random{data})
		original := assemble(version, function.body(), callee)
		metered, err := Meter(original)
		require.NoError(t, err)
		require.Equal(t, play(t, runtime, original, 0, uint32(seed)), play(t, runtime, metered, 0, uint32(seed)))
	}
}

func TestMeterRefuses(t *testing.T) {
	_, err := Meter([]byte("#!/bin/sh"))
	require.ErrorContains(t, err, "metering a WebAssembly module: it does not begin like a WebAssembly module")
	_, err = Meter(assemble("go1.27", countdown().body(), callee))
	require.ErrorContains(t, err, "want one that Go go1.26.x made")
}
