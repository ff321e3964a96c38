// Package reports shows what runs left: to a person as pages and a table in the terminal, to CI as JUnit and as a comparison of
// two sets of runs.
//
//	WriteRun       one run's page: verdicts, figures, refusals, pictures, faults, events, and the command that replays it
//	WriteIndex     the page over many runs
//	WriteJUnit     a test case for each property of each run
//	WriteSuites    the same for what is not made of runs
//	Table          the same for a terminal
//	Compare        two sets of runs: did a verdict get worse, did a figure leave the baseline's spread?
//	WriteBaseline  a set of runs as one small file, to be kept next to the code
//
// It reads run folders and nothing else, so it can report on old ones; it must know no stage, simulator, node or scenario. Pages
// are self-contained, load nothing, work without JavaScript, and the same folder gives the same bytes.
package reports
