// Package machine runs one program on one simulated machine: the WebAssembly instance, its linear memory, and the system calls by which
// it reaches its disk, its clock, its network card and its console.
//
// A process runs until all its goroutines wait; then it unwinds to us (Process.Run returns), and it goes on when it is run again. So a
// process that waits is plain data: its linear memory, in which the runtime has left what it takes to go on, and the kernel's tables.
//
// The package knows neither other machines nor when it is time to run: that is the world's business.
package machine
