// Package trace is what happened in a world: a record for each thing, and a hash over all of them by which two runs are known to be
// the same.
//
// The hash covers every record, including the bytes of everything that a program printed, sent or wrote to its disk, whatever is written
// out; a file holds the records up to a level. Compare finds where two files part. The package knows no world: it takes records as they come.
//
// Files are JSON lines, compressed with gzip if they are long, so that zcat and jq read them too. Three nodes with a hundred and thirty
// records a simulated second (a small Raft or NATS cluster at work) leave 13 kB a second as plain JSON and 1.1 kB compressed: 35 GB for
// a simulated year of everything that happened. A binary form would halve that, since most of it is the hashes of contents.
package trace
