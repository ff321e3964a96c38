// Package storage keeps what Raft must not forget — its log, its few stable values, its snapshots — in ordinary files below one
// folder, each write synced to the disk before it counts as done:
//
//	lock          held while a process uses the folder
//	log/          the entries, in segments (tidwall/wal), each entry with its checksum and index
//	stable        term and vote, replaced as a whole
//	snapshots/    states of the state machine (hashicorp/raft's file format)
//
// A crash may tear the last write: the torn tail is cut off with a warning, since nothing in it was ever acknowledged. Any other
// damage is an error that names the file, for guessing would mean to forget a vote or a committed entry.
//
// Its place in the house: consensus opens it and hands its parts to hashicorp/raft. It must know neither what the entries mean nor
// where they come from.
package storage
