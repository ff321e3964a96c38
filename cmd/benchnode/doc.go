// Command benchnode measures what a native node of cmd/registry costs: it starts one as a process, drives it over loopback, and reads the
// processor time and the memory that the node used, not its own, from Linux's /proc. Processor time an operation is what counts: rates
// move with whatever else the computer does.
//
// It prints a table beside the figures of a real Nacos 2.5.1 and of r-nacos 0.8.8, and writes it as JSON. `make bench-node` runs it.
//
// Its place in the house: a load generator of its own, since the clients of package client do what Nacos's do (redo, caches,
// keep-alive) and would cost more than the node. It knows of the node its command line, its ports and its protocols.
package main
