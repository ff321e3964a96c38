// Package timing holds what is measured of a registry's pace, on a real cluster and on simulated ones, and how the two compare: plain
// data, which those who run experiments fill in and those who report them read.
//
// Its place in the house: package scenarios/timings makes rows, package reports shows them. It must not know how either is done.
package timing
