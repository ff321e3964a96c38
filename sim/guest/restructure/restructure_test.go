package restructure

import (
	"bytes"
	"context"
	"encoding/binary"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

const version = GoVersion + ".8"

// outcome is all that can be seen of a function that ran.
type outcome struct {
	memory  string
	trapped bool
	resumed []uint32 // each PC_B at which it went on after unwinding
}

// play enters a module's function, and enters it again as long as it unwinds, as Go's wasm_pc_f_loop does.
func play(t *testing.T, runtime wazero.Runtime, wasm []byte, pcB int, seed uint32) outcome {
	ctx := context.Background()
	module, err := runtime.InstantiateWithConfig(ctx, wasm, wazero.NewModuleConfig().WithName(""))
	require.NoError(t, err)
	defer module.Close(ctx)
	memory := module.Memory()
	require.True(t, memory.WriteUint32Le(0, seed))
	require.True(t, memory.WriteUint32Le(4, 300))
	require.True(t, memory.WriteUint64Le(meterAddress, 1<<40))
	var seen outcome
	for next := uint32(pcB); ; {
		results, err := module.ExportedFunction("f").Call(ctx, api.EncodeU32(next))
		if err != nil {
			seen.trapped = true
			require.ErrorContains(t, err, "unreachable")
		}
		if err != nil || results[0] == 0 {
			break
		}
		if len(seen.resumed) > 1000 {
			break // it goes around from call to call
		}
		next, _ = memory.ReadUint32Le(8)
		seen.resumed = append(seen.resumed, next)
	}
	content, _ := memory.Read(0, 64)
	seen.memory = string(content)
	return seen
}

func interpreter(t testing.TB) wazero.Runtime {
	runtime := wazero.NewRuntimeWithConfig(context.Background(), wazero.NewRuntimeConfigInterpreter())
	t.Cleanup(func() { require.NoError(t, runtime.Close(context.Background())) })
	return runtime
}

// requireSame restructures a random function and runs it both ways.
func requireSame(t *testing.T, runtime wazero.Runtime, data []byte) {
	function := draw(&random{data})
	original := assemble(version, function.body(), callee)
	structured, stats, err := Module(original)
	require.NoError(t, err)
	require.Equal(t, Stats{Functions: 2, Structured: 1, Straight: 1}, stats, "%v", function)
	for _, pcB := range function.ways {
		for seed := range uint32(6) {
			want := play(t, runtime, original, pcB, seed*0x9e3779b9)
			require.Equal(t, want, play(t, runtime, structured, pcB, seed*0x9e3779b9), "%v, entered at %d", function, pcB)
		}
	}
}

func TestRandomFunctionsDoTheSame(t *testing.T) {
	runtime := interpreter(t)
	source := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		data := make([]byte, 200)
		for i := range data {
			data[i] = byte(source.Uint32())
		}
		requireSame(t, runtime, data)
	}
}

func FuzzControlFlow(f *testing.F) {
	runtime := interpreter(f)
	f.Add([]byte{})
	f.Add(bytes.Repeat([]byte{7, 1, 30, 2}, 40))
	f.Add([]byte("7000020012201000202201001")) // the first piece begins a loop that is entered elsewhere, too
	f.Fuzz(func(t *testing.T, data []byte) { requireSame(t, runtime, data) })
}

// TestRandomFunctionsAreWorthIt: what is drawn must show what can go wrong.
func TestRandomFunctionsAreWorthIt(t *testing.T) {
	runtime := interpreter(t)
	source := rand.New(rand.NewPCG(1, 2))
	resumed, trapped, inLoops, sideways := 0, 0, 0, 0
	for range 100 {
		data := make([]byte, 200)
		for i := range data {
			data[i] = byte(source.Uint32())
		}
		function := draw(&random{data})
		seen := play(t, runtime, assemble(version, function.body(), callee), 0, 1)
		resumed += min(len(seen.resumed), 1)
		if seen.trapped {
			trapped++
		}
		code, err := decodeBody(function.body())
		require.NoError(t, err)
		shape := takeApart(code)
		flow := analyse(shape)
		for _, d := range flow.dispatches {
			if !d.traps {
				inLoops++
			}
		}
		for r := range shape.pieces {
			for _, e := range shape.jumps(r) {
				if _, pcB := flow.route(r, e.to); pcB > 0 {
					sideways++
				}
			}
		}
	}
	require.Greater(t, resumed, 20, "functions that unwound")
	require.Greater(t, trapped, 5, "functions that trapped")
	require.Greater(t, inLoops, 50, "loops entered in the middle")
	require.Greater(t, sideways, 50, "jumps into the middle of loops")
}

// countdown returns when the word at address 4 is 0: piece 0 jumps into the middle of a loop, as Go's loops begin.
func countdown() *sketch {
	s := &sketch{pieces: make([][]byte, 3), entries: []int{0, 1, 1, 2}, loops: true}
	s.pieces[0] = s.jumpTo(3, 0, 0)
	s.pieces[1] = []byte{opI32Const, 4, opI32Const, 4, opI32Load, 2, 0, opI32Const, 1, opI32Sub, opI32Store, 2, 0}
	s.pieces[2] = append(append([]byte{opI32Const, 4, opI32Load, 2, 0, opIf, typeEmpty}, s.jumpTo(1, 2, 1)...), opEnd, opI32Const, 0, opReturn)
	return s
}

func TestLoop(t *testing.T) {
	original := assemble(version, countdown().body(), callee)
	structured, stats, err := Module(original)
	require.NoError(t, err)
	require.Equal(t, 1, stats.Structured)
	module, err := parse(structured)
	require.NoError(t, err)
	want := []byte{
		1, 3, 0x7f, opGlobalGet, 0, opLocalSet, 1,
		opBlock, typeEmpty, // trap
		opLoop, typeEmpty, // piece 2 follows piece 0, and begins the loop
		opI32Const, 4, opI32Load, 2, 0,
		opIf, typeEmpty,
		opEnd,
	}
	code, err := decodeBody(module.bodies[0])
	require.NoError(t, err)
	require.False(t, code.dispatches(), "nobody enters it in the middle")
	require.Equal(t, want[:11], module.bodies[0][:11])
	require.Less(t, len(module.bodies[0]), len(countdown().body()))

	runtime := interpreter(t)
	require.Equal(t, play(t, runtime, original, 0, 1), play(t, runtime, structured, 0, 1))
	require.Equal(t, uint32(0), binary.LittleEndian.Uint32([]byte(play(t, runtime, structured, 0, 1).memory[4:])))
}

// TestWrongWayIn: if a goroutine ever went on where this package thinks that none can, it must not go on somewhere else.
func TestWrongWayIn(t *testing.T) {
	s := &sketch{pieces: make([][]byte, 3), entries: []int{0, 1, 2}, loops: true, unwinds: true}
	s.pieces[0] = s.callAndUnwind(1, 0, false)
	s.pieces[1] = s.jumpTo(2, 1, 0)
	s.pieces[2] = []byte{opI32Const, 0, opReturn}
	structured, _, err := Module(assemble(version, s.body(), callee))
	require.NoError(t, err)
	runtime := interpreter(t)
	require.False(t, play(t, runtime, structured, 1, 1).trapped)
	require.True(t, play(t, runtime, structured, 2, 1).trapped)
	require.True(t, play(t, runtime, structured, 9, 1).trapped)
}

func TestLeftAlone(t *testing.T) {
	change := func(change func(s *sketch)) []byte {
		s := countdown()
		change(s)
		return s.body()
	}
	for name, body := range map[string][]byte{
		"an instruction that Go does not use": change(func(s *sketch) { s.pieces[1] = append([]byte{0xfd, 13}, s.pieces[1]...) }),
		"a br_table within a piece":           change(func(s *sketch) { s.pieces[1] = append(s.pieces[1], opI32Const, 0, opBrTable, 0, 0) }),
		"a jump past PC_B":                    change(func(s *sketch) { s.pieces[1] = append(s.pieces[1], opBr, 1) }),
		"a look at PC_B":                      change(func(s *sketch) { s.pieces[1] = append(s.pieces[1], opLocalGet, 0, opLocalSet, 2) }),
		"a change of PC_B":                    change(func(s *sketch) { s.pieces[1] = append(s.pieces[1], opI32Const, 7, opLocalSet, 0) }),
		"another beginning":                   change(func(s *sketch) { s.entries = []int{1, 0, 2} }),
		"a piece that cannot be reached":      change(func(s *sketch) { s.entries = []int{0, 1, 1} }),
	} {
		t.Run(name, func(t *testing.T) {
			original := assemble(version, body, callee)
			same, stats, err := Module(original)
			require.NoError(t, err)
			require.Equal(t, Stats{Functions: 2, Straight: 1, Left: 1}, stats)
			require.Equal(t, original, same)
		})
	}
}

func TestErrors(t *testing.T) {
	for name, test := range map[string]struct {
		wasm []byte
		want string
	}{
		"empty":           {nil, "does not begin like a WebAssembly module"},
		"something else":  {[]byte("#!/bin/sh\n"), "does not begin like a WebAssembly module"},
		"no Go":           {[]byte(header), `made by ""`},
		"a newer Go":      {assemble("go1.27.1", countdown().body(), callee), `it was made by "go1.27.1", but want one that Go go1.26.x made`},
		"a confusing Go":  {assemble("go1.260", countdown().body(), callee), `made by "go1.260"`},
		"a huge section":  {[]byte(header + "\x01\xff\xff\xff\xff\x0f"), "it ends too early"},
		"an endless size": {[]byte(header + "\x01" + strings.Repeat("\xff", 9)), "a number is too long"},
		"no body":         {bytes.Replace(assemble(version, callee), append([]byte{sectionFunction, 2}, 1, 0), append([]byte{sectionFunction, 3}, 2, 0, 0), 1), "declares 2 functions and holds 1"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := Module(test.wasm)
			require.ErrorContains(t, err, "restructuring a WebAssembly module")
			require.ErrorContains(t, err, test.want)
		})
	}
}

func TestTruncated(t *testing.T) {
	function := draw(&random{bytes.Repeat([]byte{7, 1, 30, 2, 5}, 60)})
	whole := assemble(version, function.body(), callee)
	for length := range whole {
		_, _, err := Module(whole[:length])
		require.Error(t, err, "%d of %d bytes", length, len(whole))
	}
}

// FuzzModule: whatever it is given, it says what is wrong or makes a module.
func FuzzModule(f *testing.F) {
	f.Add(assemble(version, countdown().body(), callee))
	function := draw(&random{bytes.Repeat([]byte{7, 1, 30, 2, 5}, 60)})
	f.Add(assemble(version, function.body(), callee))
	f.Fuzz(func(t *testing.T, data []byte) {
		made, _, err := Module(data)
		if err == nil {
			_, err = parse(made)
			require.NoError(t, err)
			if made, err = Meter(made); err == nil {
				_, err = parse(made)
				require.NoError(t, err)
			}
		}
	})
}

func TestRevision(t *testing.T) {
	require.Len(t, Revision(), 64)
	require.Equal(t, Revision(), Revision())
}
