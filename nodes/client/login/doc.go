// Package login keeps a client of a Nacos registry logged in: it gets a token for a name and a password, and another one in time before
// that expires, or when a node refuses it (SecurityProxy, HttpLoginProcessor).
//
// A token is good at every node of a cluster, whichever gave it out.
//
// In the house it serves the clients of both kinds, and whoever else asks clusters that have authentication. It must not know what tokens
// are for.
package login
