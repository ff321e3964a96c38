// Package machine runs one program on one simulated machine: the WebAssembly instance, its linear memory, and the system calls by which
// it reaches its disk, its clock, its network card and its console.
//
// A process runs until all its goroutines wait; then it unwinds to us (Process.Run returns), and it goes on when it is run again. So a
// process that waits is plain data: its linear memory, in which the runtime has left what it takes to go on, and the kernel's tables.
//
// A process counts its own work (package restructure), by which one that never waits is found, and by which work can take time.
//
// Memories are kept as images and shared page by page until somebody writes (image): each process begins with that of its program's data,
// and a frozen process is thawed from its own. Machines cannot have more of a beginning in common: nearly the first thing that
// Go's runtime does, before it sets up its heap, is to draw what its hashes depend on, and every machine draws other numbers.
//
// The package knows neither other machines nor when it is time to run: that is the world's business.
package machine
