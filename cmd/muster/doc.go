// Command muster is the harness: it runs scenarios on the simulated and the live stage, judges what they left, and reports it.
//
// It only wires the other rooms together. What a command does is told by its help: muster help simulate.
package main
