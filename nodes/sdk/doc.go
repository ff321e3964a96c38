// Package sdk answers what SDKs ask for over their gRPC connections: registering instances, querying and listing services, subscribing
// (Nacos: naming/remote/rpc/handler). A connection is a client of the registry's as long as it lasts.
//
// Statuses, codes and texts are Nacos's to the letter, down to those that its Java runtime made up, since clients depend on them.
//
// Its place in the house: between rpc, which brings requests, and registry, which it changes; persistent instances go to the Raft group
// by a function that it is given. Pushes to subscribers are push's.
package sdk
