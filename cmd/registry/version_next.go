//go:build nextbuild

package main

// version is what the node says of its build when it starts. This one is the same but for its name, so that nodes can be upgraded to it
// where no other build is at hand: a harness that upgrades a cluster to itself shows what the upgrade alone costs.
const version = "next"
