// Package trace is what happened in a world: a record for each thing, and a hash over all of them by which two runs are known to be
// the same.
//
// The hash covers every record, including the bytes of everything that a program printed, sent or wrote to its disk, whatever is written
// out; a file holds the records up to a level. Compare finds where two files part. The package knows no world: it takes records as they come.
//
// Files are JSON lines, full ones compressed with gzip, so that zcat and jq read them too. A small Raft or NATS cluster at work leaves 130
// records a simulated second: 13 kB of plain JSON, 1.1 kB compressed, 35 GB for a year of everything that happened. Three registry nodes
// under 50 operations a second leave 1,100 records, 12.6 kB compressed: 11 bytes a record, of which the hashes of contents are a third. A
// binary form under the compressor was measured too and is smaller by 40 %; that did not seem worth a file that only this package can read.
package trace
