// Package guest builds ordinary Go programs for simulated machines.
//
// A program is compiled for GOOS=wasip1 with a few files of the standard library replaced (folder _overlay): net speaks to the simulated
// network, clocks are words that the simulator writes, and a program that has nothing to do returns to the simulator (see
// _overlay/runtime). Nothing in the program changes. The package knows nothing of worlds; it runs the go command and leaves files.
package guest
