// Command registry is one node of a service registry: it wires the packages below nodes/ together.
//
// It runs natively and as a simulated machine's program from the same source, and cannot tell which. It must not know the simulator, and
// must hold no rule of its own on what a registry does: those are in the packages that it wires.
package main
