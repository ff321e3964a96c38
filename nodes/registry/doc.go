// Package registry is what one node knows: which services exist, which clients published which instances, what operators wrote
// over them, and the view of a service that a query returns. It is Nacos 2.x's object model (naming/core/v2 there):
//
//   - A service is a singleton by namespace, group and name. Whether it holds ephemeral or persistent instances is a property of
//     the service; its first registration decides.
//   - A client owns what it publishes, one instance a service. Clients that speak HTTP are known by the address of their
//     instance: "ip:port#true" publishes ephemeral instances, "ip:port#false" persistent ones.
//   - Operators' metadata (weight, enabled, key-value pairs of an instance; threshold, selector, clusters of a service) lie
//     beside the published values and cover them in the view.
//   - A client with a connection to this node (Connect) publishes in as many services as it likes, and subscribes them, up to Limits; both end
//     with the connection. Subscriptions are known to this node alone.
//   - A client over HTTP may take pushes at a UDP port (SubscribeSocket). It is a client like one that publishes, and is gone when it
//     has not asked for a list for half a minute.
//   - A view is computed when it is first asked for, and half a second after a change (ViewDelay), so that a burst of changes costs
//     one computation. Subscribers are then shown it (OnView). A fresh view is computed at once.
//
// # Profiles
//
// In the profile nacos1 (Nacos 1.x: naming/core) a service is a list of instances, each ephemeral or persistent by itself and known by
// address and cluster. Each instance then has a client of its own, so that all else is as above; file profile.go says all that differs:
// the ids of clients, what decides who is responsible, whether kinds mix, when a change is shown and pushed, and how long a
// subscriber over UDP lasts. Operators' metadata are not used: an update registers the instance anew. Members compare
// lists, not clients (file list.go).
//
// State reaches a registry in three ways. What clients tell this node goes through RegisterEphemeral, DeregisterEphemeral and
// Beat; each change is reported to the function given to OnClientChange, for Distro to carry to the peers. What peers tell goes
// through ApplySync, RemoveSynced, Renew and DropUnlisted. What the Raft group decided goes through ApplyCommand, and is the same
// on every node: persistent instances, services that were created by hand, and all operators' metadata.
//
// What clients ask this node to keep is refused with ErrFull where it is beyond Limits; what peers tell and the Raft group decided never is, so
// that members do not part over it. A command is looked at before it goes to the group (Admit).
//
// # Who wins when two nodes disagree about a client
//
// Nacos applies whatever a peer sends. A node that was cut off therefore deletes, once the cut heals, instances that beat all the
// time on the other side. Here the node that heard from the client last wins: every message says for how long the sender has not
// heard of the client (registration, deregistration, beat), and is refused where the client was heard of since then. A duration,
// not a time of day, is compared, so clocks do not matter.
//
// A Registry is safe for concurrent use. It starts no goroutines but the timers of views that wait to be computed. It must not
// know how requests arrive (openapi), who lives (liveness), how peers are reached (distro) or how agreement is reached
// (consensus).
package registry
