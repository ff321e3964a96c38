// Package restructure rewrites a WebAssembly module that the Go compiler made, so that an engine can compile it to better code. What the
// module does stays the same, to the last byte of its memory.
//
// WebAssembly has no goto, and a goroutine that was switched out must be able to go on in the middle of a function. So Go makes each
// function a loop around a br_table. The parameter, PC_B, says where in the function to begin; it is 0 in a fresh call. A jump sets PC_B
// and goes around the loop:
//
//	block                           there, if the function calls others: a callee that unwinds leaves by it
//	  loop                          there, if the function jumps
//	    block block block
//	      local.get 0  br_table 0 1 1 2
//	    end
//	    piece 0                     falls into piece 1, or jumps: i32.const PC_B  local.set 0  br loop
//	    end
//	    piece 1
//	    end
//	    piece 2
//	  end
//	  unreachable
//	end
//	i32.const 1                     "I unwind"
//
// To an engine all pieces follow all others; it knows nothing of what a piece may rely on, and each jump is an indirect one. But
// goroutines go on only at the address after a call (and where deferred functions are called, after a panic). All other pieces are
// reached by jumps, and those can be had cheaper. So each function gets the same pieces in structured control flow, after N. Ramsey,
// "Beyond Relooper" (ICFP 2022), with dispatches for the few ways in: one at the beginning, passed by a fresh call with one comparison,
// and one in each loop that can be entered in the middle:
//
//	simplify.go    says in fewer instructions what the compiler's virtual registers made long, before anything else
//	shape.go       takes a function's body apart into its pieces
//	flow.go        finds dominators, loops and merges
//	entries.go     adds the dispatches, which make all control flow reducible
//	structured.go  writes the new body
//
// A function of any other form stays as it is. The package knows WebAssembly and the Go compiler's habits, nothing else.
package restructure
