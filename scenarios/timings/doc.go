// Package timings repeats, on a stage, the experiments in which the pace of a real Nacos cluster was measured: how soon a registration is
// seen elsewhere, how soon a dead leader is replaced, what a cut does while it lasts and when it heals. Each is a scenario whose clients
// follow a script, and a function that reads from the run's folder just what was measured: from when to when, at which nodes, by polling
// as often. Measured holds the samples of the real cluster, and Table puts both beside each other, with the reasons where they differ.
//
// Its place in the house: beside the catalog of package scenarios, whose stages play it; cmd/muster runs it and package reports shows it.
// It must not know stages, and judges nothing: what is right of a registry is for checkers to say, not how long it takes.
package timings
