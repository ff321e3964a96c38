// Package muster is the top of the house; it holds no code, only the rules of the house and their test.
//
//	model      what a registry is and what it must do: types, operations, histories, run folders, executable specifications
//	nodes      the registry node, as packages of an ordinary Go program
//	sim        a world of simulated machines that run ordinary Go programs; knows nothing of registries
//	scenarios  the catalog, and the stages that run it: simulated and live
//	checker    one property a file: what a run left, judged
//	reports    what a person and CI read
//	cmd        muster (the harness), registry (a node), workload (its clients)
//	examples   programs that are not ours, to be run on simulated machines; each a module of its own
//
// A piece of data goes one way through it: a scenario is run by a stage, which boots machines and strikes faults; the
// workload's operations and the nodes' logs become a run folder; checkers judge it; reports show it.
package muster
