// Package run is the run folder: what one run of a scenario leaves behind, and how to write and read it. Stages write it,
// checkers and reports read it; none of them needs to know another's code.
//
//	run.json         what ran: versions, guest hashes, options, the command that replays it, checksums of plan, history and trace
//	plan.json        the faults as they were struck: when, on which machines, and whether they bit
//	history.jsonl    what clients did and saw (model.History)
//	trace.jsonl      what the world did (simulated stage only; written by package sim/trace);
//	                 trace.zst instead if all of it was asked for
//	logs/<machine>.jsonl   what each program printed, stamped with true time
//	clocks.jsonl     how far each machine's clock was off, sampled
//	verdicts.json    what the checkers said (package checker)
//	figures.json     measured figures: latencies, unavailability, failover, convergence (package checker)
//	checkpoints/     how a simulated run stood at some moments, for going on from there with the same build
//	report.html      for a person (package reports); plots/ its pictures
//
// The package also has the names of all kinds of faults, what each befalls and what undoes it (Kind): the one vocabulary of plans, traces,
// reports and stages.
//
// Files appear by atomic rename, or grow line by line so that an interrupted run leaves what it had. It must not import a
// runner, the simulator or a node.
package run
