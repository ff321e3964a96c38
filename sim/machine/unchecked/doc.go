// Command unchecked makes a copy of wazero that can compile WebAssembly without bounds checks, and a go.mod by which programs are built
// with it:
//
//	go run ./sim/machine/unchecked
//	go build -tags unchecked -modfile build/fast.mod ./cmd/muster
//
// The copy is build/wazero: the very version that go.mod names, its hash verified, and wazero.patch applied. The Makefile runs this
// command before it builds. Without it everything works alike, but simulations take about twice as long.
//
// What the patch does above all, and what a memory must be like for it, is said at WithUncheckedMemory in the patch; package machine keeps
// to it. For such memories it also brings together the code that does run. What guests spend is spread over so many functions that the
// processor mostly waits for their instructions. In what the Go compiler makes, most code of a function is for goroutines that leave it
// or come back into its middle, for panics and for stacks that are too small. The patch puts all that behind the rest of the function
// (findColdBlocks), makes jumps short, and has most functions compare their stack without computing (StackReserve). A loaded cluster costs
// a quarter less for it.
//
// Three small things beside: a comparison before a branch whose edge is split stays one with it; making an instance reads the
// references of its table without an interpreter, which makes restoring a machine three times as fast; and on Linux, compiled code asks for
// huge pages, since a whole node has 37 MB of it and runs a little of each small page, whose places the processor soon forgets.
//
// Its place in the house: it runs before the build, and no other package imports it. It must not know what the simulator does with the
// compiler.
package main
