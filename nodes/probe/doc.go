// Package probe checks persistent instances from outside (Nacos: naming/healthcheck/v2): it connects to them, asks them over HTTP, or
// has a MySQL server answer a query, as the settings of their cluster say; TCP unless they say otherwise, nothing where they say NONE.
//
// Each instance's client is checked at once when it comes, and then again and again after 2 to 7 s. How long exactly follows what the
// checks took: quick ones bring the interval to the least that the switches allow, failures to the most. A refused connection turns an
// instance unhealthy at once; anything else that fails, and recovery, must be seen healthCheckTimes (3) in a row.
//
// Only the node that is responsible for "ip:port" (nacos1: for the service) checks it, and what it found goes through Raft, so that all
// nodes show the same. In a partition each side may be responsible; only the one with a leader can say so.
//
// Its place in the house: the registry says what there is to check, cmd/registry gives it a way to Raft. It must not know who asks for
// health, nor of ephemeral instances, which prove it themselves (package liveness).
package probe
