// Package queue is the order in which things happen in a world: a heap of events, and the true time that popping them defines.
//
// Events are values, never closures: who handles an event is decided by its kind, so that a queue can be copied together with the
// rest of a world. The package knows neither machines nor networks nor disks; each of them owns a range of kinds.
package queue
