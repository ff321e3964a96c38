// Package loopback finds addresses on this machine for nodes that tests and measurements start as processes.
//
// A node listens at four ports, which must be free at its start and once more when it starts again. So nodes get a loopback host of
// their own, where the system has more than one: no other program listens there, and no connection that leaves 127.0.0.1 takes a port
// away.
//
// Its place in the house: tests of the node, and programs that measure it, ask it; a node does not. It knows a node's ports (rpc), and must
// not know what a node does.
package loopback
