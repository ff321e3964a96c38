// Package defect holds the switches by which a node, or a client, is broken on purpose, so that it can be shown that the checkers notice.
// They are always compiled in and off unless the environment variable GO_FAILPOINTS turns them on (github.com/pingcap/failpoint), for
// example
//
//	GO_FAILPOINTS='muster/nodes/liveness/neverExpire=return(true)' registry …
//
// or a File that the node reads again when it is told to.
//
// Its place in the house: any package below nodes/ may ask it, and it asks nobody. It must not know what a defect does: the package that
// has it says where it strikes.
package defect
