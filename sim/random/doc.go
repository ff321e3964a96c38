// Package random makes every random choice of a world from one seed.
//
// The seed is split into named streams ("network/n1>n2", "machine/n2", …): what is drawn from one does not move any other, so that
// a fault more or a machine less changes only what it touches. Streams are plain data: copying one copies its future.
package random
