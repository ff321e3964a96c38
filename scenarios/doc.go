// Package scenarios is the catalog: what can befall a registry, each case a value that says which cluster, which load, which
// faults when, and which verdicts are right. It also holds what all stages share: the vocabulary of faults, the roles that faults
// may name ("whoever leads now"), and the driver that plays a scenario on a stage and leaves a run folder.
//
// A stage is where a scenario runs: scenarios/simulated on simulated machines, scenarios/live on real processes. This package
// knows them only through the Stage interface. It imports model and checker; it must not import the simulator, a node or a report.
package scenarios
