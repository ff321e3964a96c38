// Package simulated is the simulated stage: it plays scenarios on machines of package sim, in virtual time, so that a run can be
// repeated bit for bit from its seed.
//
// The nodes n1, n2, … are the first machines, at 10.0.0.1, 10.0.0.2, … port 8848; the clients run on one machine after them. All
// of them boot at true time zero.
//
// A stage can be forked and kept, for all that it remembers besides its world is plain data. A Traveller visits moments of a run, and
// leaves checkpoints in the run folder on its way, from which it goes on the next time.
//
// The package knows the vocabulary of scenarios on one side and worlds on the other, and
// nothing of registries; it must not judge what happens.
package simulated
