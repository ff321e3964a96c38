package machine

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"muster/sim/guest"
)

// TestInstancesHoldNothingElse makes sure that a guest has no globals but the registers that Frozen knows, so that memory is all there is
// to keep of an instance.
func TestInstancesHoldNothingElse(t *testing.T) {
	built, err := guest.Build(context.Background(), guest.Options{Package: "../testdata/hello", Cache: "../../build/guests"})
	require.NoError(t, err)
	wasm, err := built.Read()
	require.NoError(t, err)
	rest, memory := splitData(wasm)
	require.NotNil(t, memory)
	require.Less(t, len(rest), len(wasm))

	const startSection, globalSection = 8, 6
	const i32, i64, constant, mutable = 0x7f, 0x7e, 0, 1
	globals := 0
	r := reader{rest[moduleHeader:]}
	for len(r.rest) > 0 {
		id := r.byte()
		content, err := r.take(r.unsigned())
		require.NoError(t, err)
		require.NotEqual(t, startSection, int(id))
		require.NotEqual(t, dataSection, int(id))
		if id != globalSection {
			continue
		}
		section := reader{content}
		require.EqualValues(t, 9, section.unsigned())
		for _, register := range []struct {
			name string
			kind byte
		}{{"SP", i32}, {"CTXT", i64}, {"g", i64}, {"RET0", i64}, {"RET1", i64}, {"RET2", i64}, {"RET3", i64}, {"PAUSE", i32}} {
			require.Equal(t, register.kind, section.byte(), register.name)
			require.EqualValues(t, mutable, section.byte(), register.name)
			section.byte() // constant
			require.Zero(t, section.signed(), register.name)
			section.byte() // end
			globals++
		}
		require.EqualValues(t, i32, section.byte(), "where work is counted")
		require.EqualValues(t, constant, section.byte())
		section.byte() // constant
		require.EqualValues(t, 4096, section.signed())
		section.byte() // end
		require.Empty(t, section.rest)
	}
	require.Equal(t, 8, globals)
}
