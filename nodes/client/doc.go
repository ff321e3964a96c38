// Package client asks a Nacos registry over HTTP v1, as the 1.x SDKs do, and says honestly how each call ended: it was done, it
// was certainly not done, or nobody knows.
//
// That last distinction is its whole point. A checker that takes a write for failed which the registry applies a minute later
// reports a ghost; so a write is Fail only where no byte of it left this machine or the registry refused it (4xx), and Unknown
// for everything else: a time-out, a connection that broke after the request went out, any 5xx. A write that may have been
// applied is never sent twice behind the caller's back, neither to the same node nor to another.
//
// In the house it serves the workload and whoever prepares or cleans up a cluster. It knows the registry's wire format and the
// words of package model; it must not know the node's insides, nor that any of them may be simulated.
package client
