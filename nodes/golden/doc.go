// Package golden replays recorded exchanges against a cluster and says how its answers differ: HTTP requests, gRPC payloads, and what
// comes unasked over gRPC streams and in UDP datagrams.
//
// A recording is a list of cases, a case a list of steps that run in order. The recordings that stand in testdata folders are a real
// Nacos cluster's.
//
// Its place in the house: tests use it. It must know nothing of how nodes work inside.
package golden
