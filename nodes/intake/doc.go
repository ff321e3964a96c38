// Package intake bounds how many connections a port takes in, in all and from one address, so that one client that opens too many leaves
// room for the others.
//
// Its place in the house: cmd/registry wraps the listeners of a node's four ports with it. It must know nothing of what is spoken on them.
package intake
