//go:build !nextbuild

package main

// version is what the node says of its build when it starts.
const version = "present"
