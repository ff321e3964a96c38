// Package trace is what happened in a world: a record for each thing, and a hash over all of them by which two runs are known to be
// the same.
//
// The hash covers every record, including the bytes of everything that a program printed, sent or wrote to its disk, whatever is written
// out; a file holds the records up to a level. Compare finds where two files part. The package knows no world: it takes records as they come.
package trace
