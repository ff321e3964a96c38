// Package liveness decides which ephemeral instances live: it takes beats, marks instances unhealthy that stopped beating, and
// removes them when they stay silent (Nacos: naming/healthcheck/heartbeat, ClientBeatCheckTaskV2 and ClientBeatProcessorV2).
//
// Only the node that is responsible for a client checks it. Times are measured by the monotonic clock, so a jump of the wall
// clock expires nobody. Silence is held against an instance only if this node could have heard it: a node that becomes
// responsible, and a node that was itself stopped, must miss an instance for as long as makes it unhealthy before they touch it. Nacos
// does not wait, and removes healthy instances then. Silence before that, as its last node told or as the node slept through it, hastens
// the removal only.
//
// In Nacos 1.x beats are not told to peers, and instances of a service are checked every five seconds from the time that the node knew
// the service (Options.Since). A node that becomes responsible starts anew there, too; TakeOverLastBeats is what Nacos does.
//
// Its place in the house: openapi hands it the beats, and it has the registry mark and remove. It must not know how beats arrive, or
// how the registry keeps its state and distro carries it to the peers.
package liveness
