// Package bench measures how fast simulated worlds run, in processor time, so that other work on the same computer matters little.
// What makes guests fast (package sim/guest/restructure, memory without bounds checks) is measured against the same worlds without it,
// in turn, within one process: such ratios hold on any computer, where the figures themselves do not.
//
// `make bench` runs the benchmarks, which are all there is here, prints a table of what was measured beside what is aimed for, and writes
// build/bench.json.
//
// Its place in the house: beside the stages, since some figures are of whole scenarios. Nothing imports it.
package bench
