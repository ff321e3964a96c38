// Package live is the stage on which scenarios run for real: registry processes and the workload on this host, in real time. With
// the right to make network namespaces each process is a machine of its own on a private bridge, and the network can be cut, and made
// slow, narrow and lossy as far as the kernel has what tc needs; without it all of them share the loopback interface. Programs are stopped,
// slowed, ended and upgraded by signals and new processes; disks are filled where one can be mounted. Every other fault is skipped, and
// the run says why.
//
// It also runs the workload against a cluster that already runs, which it never harms: no fault is struck there, and everything happens in
// a namespace of the run's own that is emptied in the end.
//
// It implements scenarios.Stage and knows the programs only by their command lines and what they print. It must not import the
// simulator or the node.
package live
