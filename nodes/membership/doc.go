// Package membership is one node's own view of the cluster: who its members are, which of them live, and which of them is
// responsible for what.
//
// Members come from a list, which may change while the node runs: Set takes a new one, Follow re-reads a file. Nodes report to each
// other (Nacos: MemberInfoReportTask): every two seconds to one peer in turn, and every five seconds to all that are not UP. A failed
// report makes a peer SUSPICIOUS, more than three in a row make it DOWN (or, as in Nacos 1.x, one that is refused), and a report from it,
// or an answer to one, makes it UP. Nacos does not count a time-out, so that a half-open link keeps a peer UP for a while; here it
// counts, and the connection is given up.
//
// Views differ: in a partition each side is responsible for everything in its own.
//
// Its place in the house: distro, liveness and openapi ask it who is responsible. It must know nothing of what for.
package membership
