// Package simulated is the simulated stage: it plays scenarios on machines of package sim, in virtual time, so that a run can be
// repeated bit for bit from its seed.
//
// The nodes n1, n2, … are the first machines, at 10.0.0.1, 10.0.0.2, … port 8848; the clients run on one machine after them. All
// of them boot at true time zero. The package knows the vocabulary of scenarios on one side and worlds on the other, and
// nothing of registries; it must not judge what happens.
package simulated
