// Package sim is a world of simulated machines that run ordinary Go programs.
//
// A program that knows nothing of simulation, such as
//
//	listener, err := net.Listen("tcp", ":7")
//	…
//	c, err := net.DialTimeout("tcp", "server:7", time.Second)
//
// is built for wasip1 (package guest) and booted on machines, each with an address, a disk and a clock of its own. Time is simulated: it
// passes from event to event, and running takes none of it. One seed decides everything that is left to chance, so that a run
// can be repeated bit for bit, on any computer, which TraceHash proves. The example shows a world whole.
//
// Between two calls of World.Run, faults can be struck: on the network (Cut, Clog, Partition, SetLink, …), on names (SetName, SetResolver),
// on machines (Crash, Kill, Pause, Signal, RestartAt, …), on their disks (SetDiskFaults, SetDiskCapacity, RotDisk, CrashWith) and on their
// clocks (Clock). A World is used from one goroutine; worlds in several goroutines do not know of each other.
//
// # Time
//
// A program runs until all its goroutines wait. That takes no time, with two exceptions: from the 100,000th time on that a program reads
// its clock without waiting in between, each read takes a microsecond, so that a loop that waits for time to pass comes to an end; and
// Machine.SetSlowdown gives a machine a processor on which work takes time. A program that works on and on and never waits is ended
// (Program.WorkLimit); its Exit says so and names the function that it was in. One that was built with guest.Options.AsCompiled hangs the
// world.
//
// # Futures
//
// A world that waits between two calls of Run is plain data. World.Snapshot keeps it, and Snapshot.Fork makes worlds of the same past
// from it, as many as are wanted: with the same seed one that goes on exactly as the original, which TraceHash proves; with another seed
// another future. So runs can share what takes long to reach, and one moment can be tried with many faults. A Timeline keeps snapshots of
// a run on the way, so that any moment of it can be visited soon; Snapshot.Write and ReadSnapshot keep them longer than a process lives.
// Forks have machines of their own, which are found by their names, and share the memory of their programs until one of them writes to
// it.
//
// # Reality
//
// TestReality runs a table of small programs natively and on simulated machines: clocks and timers, files and folders, TCP and UDP, names,
// HTTP and TLS, signals, and every way to end. They must print the same, down to the texts of errors. Where they do not, the table says
// why: a machine runs one program, guests are built for wasip1, and there is no IPv6.
//
// Machines boot from their programs' beginnings, not from an image of an initialized program: before main a Go program reads its arguments,
// its environment, the clock and random numbers, so one image would not do for all, or would change what they draw. There is little to
// win: three registry nodes boot in 33 ms of processor time, half a percent of what their loaded minute takes.
//
// # Speed
//
// Four fifths of what a loaded cluster costs are its guests' own machine code, spread over thousands of functions of which none takes three
// percent. So what pays is what makes all code better: memory without checks (package machine), structured control flow (package
// restructure), and code that does run standing together (sim/machine/unchecked). Without gain, in runs that took turns and left the same
// trace, were: profiles for the Go compiler, which inlines more by them, so that there is more code; additions to the stack pointer folded
// into the offsets of loads and stores, and constants stored without a register, for which there is six percent less code.
//
// # House
//
// The package keeps the order of events and the states of machines. What else there is, each alone decides: package network what becomes
// of packets, names what names stand for, disk what survives, clock what a machine believes, machine how a program runs and what its
// system calls mean, guest how it is built, trace what is remembered, random and queue what comes when, plain how all of that is kept. None
// of them knows registries.
package sim
