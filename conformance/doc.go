// Package conformance holds clusters against what real Nacos clusters answered: the recordings of package golden, played against three
// nodes of this source tree on simulated machines, against the same nodes as processes, and against any other cluster.
//
//	go test ./conformance                                      # simulated: all recordings, in all profiles
//	make conformance                                           # natively too, case by case the same
//	go test ./conformance -v -run Target -target 10.0.0.1:8848,10.0.0.2:8848,10.0.0.3:8848
//
// On simulated machines waiting costs nothing, so cases are played one after the other, as they were recorded. All files begin in the
// same three nodes, freshly booted: the world is forked for each. Natively cases are played side by side, for they wait most of the time.
//
// Its place in the house: it wires recordings to worlds of simulated machines. It must not know what is compared, nor how a node works.
package conformance
