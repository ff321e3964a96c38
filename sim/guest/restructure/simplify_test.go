package restructure

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// straight is the body of a function with a local of 64 bits and some instructions, which leave a number on the stack.
func straight(instructions ...byte) []byte {
	return append(append([]byte{1, 1, 0x7e}, instructions...), opEnd)
}

// runOnce runs a function on a memory that holds random bytes, and returns its result and what is in the memory then.
func runOnce(t testing.TB, runtime wazero.Runtime, body []byte, argument uint32) (uint64, string) {
	ctx := context.Background()
	module, err := runtime.InstantiateWithConfig(ctx, assemble(version, body), wazero.NewModuleConfig().WithName(""))
	require.NoError(t, err)
	defer module.Close(ctx)
	source := rand.New(rand.NewPCG(3, 4))
	content, ok := module.Memory().Read(0, 4096)
	require.True(t, ok)
	for i := range content {
		content[i] = byte(source.Uint32())
	}
	results, err := module.ExportedFunction("f").Call(ctx, api.EncodeU32(argument))
	require.NoError(t, err)
	return results[0], string(content)
}

// requireSimpler simplifies a function and runs it both ways.
func requireSimpler(t testing.TB, runtime wazero.Runtime, body []byte, argument uint32) {
	simpler := simplify(body)
	require.NotEqual(t, body, simpler)
	want, wantMemory := runOnce(t, runtime, body, argument)
	got, gotMemory := runOnce(t, runtime, simpler, argument)
	require.Equal(t, want, got)
	require.Equal(t, []byte(wantMemory), []byte(gotMemory))
}

func TestCopyAndFillAreSpeltOut(t *testing.T) {
	runtime := interpreter(t)
	number := func(n int) []byte { return appendSigned([]byte{opI32Const}, int64(n)) }
	for size := 1; size <= mostSpeltOut; size++ {
		fill := append(append(append(number(1000), number(0)...), number(size)...), opBulk, bulkFill, 0, opI32Const, 0)
		requireSimpler(t, runtime, straight(fill...), 0)
		copied := append(append(append(number(1000), number(2001)...), number(size)...), opBulk, bulkCopy, 0, 0, opI32Const, 0)
		requireSimpler(t, runtime, straight(copied...), 0)
	}
	itself := append(append(append(number(1000), number(1000)...), number(77)...), opBulk, bulkCopy, 0, 0, opI32Const, 0)
	requireSimpler(t, runtime, straight(itself...), 0)
	for name, left := range map[string][]byte{
		"large":              append(append(append(number(0), number(0)...), number(mostSpeltOut+1)...), opBulk, bulkFill, 0, opI32Const, 0),
		"not with zeros":     append(append(append(number(0), number(1)...), number(8)...), opBulk, bulkFill, 0, opI32Const, 0),
		"of a size unknown":  append(append(number(0), number(0)...), opLocalGet, 0, opBulk, bulkFill, 0, opI32Const, 0),
		"a copy of the same": append(append(number(0), number(8)...), opLocalGet, 0, opBulk, bulkCopy, 0, 0, opI32Const, 0),
	} {
		require.Equal(t, straight(left...), simplify(straight(left...)), name)
	}
}

func TestSimplerArithmetic(t *testing.T) {
	runtime := interpreter(t)
	numbers := []uint32{0, 1, 2, 7, 8, 0x7fffffff, 0x80000000, 0xfffffff8, 0xffffffff}
	for _, n := range numbers {
		requireSimpler(t, runtime, straight(opLocalGet, 0, opExtendU, opI64Const, 24, opI64Add, opI32WrapI64), n)
		requireSimpler(t, runtime, straight(append(appendSigned([]byte{opLocalGet, 0, opExtendU, opI64Const}, -1<<40-9), opI64Add, opI32WrapI64)...), n)
		requireSimpler(t, runtime, straight(opLocalGet, 0, opExtendU, opI32WrapI64), n)
		requireSimpler(t, runtime, straight(opLocalGet, 0, opExtendU, opI64Eqz, opI32Eqz), n)
		for _, m := range numbers {
			for opcode := byte(opI32Eq); opcode <= opI32GeU; opcode++ {
				requireSimpler(t, runtime, straight(append(appendSigned([]byte{opLocalGet, 0, opI32Const}, int64(int32(m))), opcode, opI32Eqz)...), n)
			}
			for opcode := byte(opI64Eq); opcode <= opI64GeU; opcode++ {
				const signed = 0xac // i64.extend_i32_s
				requireSimpler(t, runtime, straight(append(appendSigned([]byte{opLocalGet, 0, signed, opI64Const}, int64(int32(m))), opcode, opI32Eqz)...), n)
			}
		}
	}
	for _, float := range []byte{0x5b, 0x66} { // of which a comparison and its opposite can both be false
		require.Zero(t, opposite(float))
	}
}

// FuzzSimplify: whatever a body looks like, it stays one that can be read.
func FuzzSimplify(f *testing.F) {
	f.Add(straight(opI32Const, 8, opI32Const, 0, opI32Const, 40, opBulk, bulkFill, 0, opI32Const, 0))
	f.Add(straight(opLocalGet, 0, opExtendU, opI64Eqz, opI32Eqz))
	f.Fuzz(func(t *testing.T, body []byte) {
		if _, err := decodeBody(body); err != nil {
			require.Equal(t, body, simplify(body))
			return
		}
		_, err := decodeBody(simplify(body))
		require.NoError(t, err)
	})
}

// TestNilPointer: after runtime.sigpanic a function never goes on where it called it, so nothing needs to be ready for that.
func TestNilPointer(t *testing.T) {
	s := &sketch{pieces: make([][]byte, 2), entries: []int{0, 1}, loops: true, unwinds: true}
	s.pieces[0] = append([]byte{opI32Const, 0, opI32Load, 2, 0, opI32Eqz, opIf, typeEmpty, opI32Const, 0, opCall, 1, opGlobalGet, 0, opLocalSet, 1, opBrIf, 3, opEnd},
		s.jumpTo(1, 0, 0)...)
	s.pieces[1] = []byte{opI32Const, 4, opI32Const, 1, opI32Store, 2, 0, opI32Const, 0, opReturn}
	sigpanic := func(result byte) []byte { return []byte{0, opI32Const, result, opEnd} }
	runtime := interpreter(t)
	for _, test := range []struct {
		name    string
		seed    uint32
		result  byte
		resumes bool
		traps   bool
	}{
		{"no nil pointer", 1, 1, false, false},
		{"a nil pointer", 0, 1, true, false},
		{"a sigpanic that comes back", 0, 0, false, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			structured, stats, err := Module(assemble(version, s.body(), sigpanic(test.result)))
			require.NoError(t, err)
			require.Equal(t, 1, stats.Structured)
			seen := play(t, runtime, structured, 0, test.seed)
			require.Equal(t, test.traps, seen.trapped)
			require.Equal(t, test.resumes, len(seen.resumed) > 0)
		})
	}
}
