// Package checker judges runs: one property a file. A checker is a pure function of what a run left (its history, its faults as
// they were struck, its nodes' events) and of the bounds that the scenario set. It never touches a stage, so it judges simulated
// and live runs alike, and can judge an old folder again.
//
// A verdict is Holds, Violated or Undecided, quotes the guarantee in one sentence, and carries evidence. A checker that found
// nothing to check says Undecided, never Holds.
//
// What a node lists and what a subscriber was last told are judged by the same measure (believed): a push that is lost is as good as a node
// that is behind. The package may import model; it must know neither simulator, node nor scenario.
package checker
