// Package trace is what happened in a world: a record for each thing, and a hash over all of them by which two runs are known to be
// the same.
//
// The hash covers every record, including the bytes of everything that a program printed, sent or wrote to its disk, whatever is written
// out; a file holds the records up to a level. Compare finds where two files part. The package knows no world: it takes records as they
// come.
//
// There are two kinds of files, and one reader for both. Short ones are JSON lines. Compact ones (format 3) are binary under zstd, for
// everything that happened: times and counts as differences, names, addresses and hashes of contents by the places where they stood
// before. Three registry nodes under 50 operations a second leave 1,100 records a simulated second; of 50,850 such records, in one
// thread:
//
//	                    bytes a record   CPU µs a record
//	JSON lines                   130.7              0.81
//	JSON lines, gzip              11.2              2.83   formats 1 and 2, still read
//	JSON lines, zstd              13.1              1.31
//	binary                        38.0              0.13
//	binary, gzip                   6.1              0.72
//	binary, zstd fastest           6.1              0.29
//	binary, zstd default           5.8              0.27   format 3
//	binary, zstd better            5.7              0.43
//
// That is 6.5 kB a second, of which a third are hashes of contents, that nothing can compress: 200 GB for a year of load. So a long run
// writes a lower level, or all of its last minutes (NewRingWriter); the hash covers everything anyway, and marks keep the hashes on the
// way.
package trace
