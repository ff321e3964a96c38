// Package names is the name service of a world: which names stand for which addresses, and how a resolver answers questions about them.
//
// It speaks DNS (RFC 1035), because that is what programs speak to their resolver: Go's own resolver sends its questions as datagrams to
// the address in /etc/resolv.conf. A Table is plain data. It knows neither machines nor the network that questions and answers travel on.
package names
