// Package scenarios is the catalog: what can befall a registry, each case a value that says which cluster, which load, which faults
// when, and which verdicts are right. It also holds what all stages share: what a fault of each kind looks like and how it is said in
// words (fault_*.go, a table for each family; the kinds themselves and what undoes them stand in model/run, for reports and checkers
// too), the roles that faults may name ("whoever leads now"), plans drawn from a seed, and the driver that plays a scenario on a stage
// and leaves a run folder.
//
// A run under way is a Play: on a stage that can be forked or kept it can go on in several ways, or later. Runs that begin alike are
// so made together (Together): their beginning once, and from there a fork for each.
//
// A stage is where a scenario runs: scenarios/simulated on simulated machines, scenarios/live on real processes. This package
// knows them only through the Stage interface. It imports model and checker; it must not import the simulator, a node or a report.
package scenarios
