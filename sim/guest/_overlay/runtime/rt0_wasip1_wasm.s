// Copyright 2023 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Changed for simulated machines: _start begins a program or, when it has paused, goes on with it.

#include "go_asm.h"
#include "textflag.h"

TEXT _rt0_wasm_wasip1(SB),NOSPLIT,$0
	MOVD $runtime·machine(SB), g
	I64Load machineWords_sp(g)
	I64Eqz
	If
		MOVD $runtime·wasmStack+(m0Stack__size-16)(SB), SP
		I32Const $0 // entry PC_B
		Call runtime·rt0_go(SB)
		Drop
	Else
		MOVD machineWords_sp(g), SP
		MOVD machineWords_g(g), g
	End
	Call wasm_pc_f_loop(SB)

	Return

TEXT _rt0_wasm_wasip1_lib(SB),NOSPLIT,$0
	Call _rt0_wasm_wasip1(SB)
	Return

// func machinePause()
//
// machinePause unwinds the WebAssembly stack up to _start, which returns to the simulator. What it takes to go on is in linear
// memory: the Go stack, whose topmost word is the address where our caller goes on, and in the words of the machine SP and g.
TEXT runtime·machinePause(SB), NOSPLIT, $0-0
	MOVD $runtime·machine(SB), R0

	// SP as it will be when the epilogue has dropped our return address
	Get R0
	I32WrapI64
	Get SP
	I32Const $8
	I32Add
	I64ExtendI32U
	I64Store $machineWords_sp

	MOVD g, machineWords_g(R0)

	I32Const $1
	Set PAUSE
	RETUNWIND
