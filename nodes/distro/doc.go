// Package distro carries ephemeral clients from the node that heard from them to all others (AP; Nacos: core/distributed/distro and
// naming/consistency/ephemeral/distro/v2).
//
//   - A change of a client is told to every peer one second after the first change, so that a burst costs one message; and what is due within
//     a tenth of a second goes to a peer together. What is told is the client's state at that moment, not the change: a client that is gone
//     by then is told as removed.
//   - What could not be told is tried again every three seconds, as long as the peer is a member.
//   - Every five seconds a node tells each peer the revisions of the clients that it is responsible for. The peer answers which of
//     them it lacks or has otherwise, and gets those at once; and it drops copies of clients that their responsible node does not have.
//   - Where instances stand by themselves (Nacos 1.x), what is compared are the lists of services, by checksum: a list that a peer has
//     otherwise is told whole, and what it has beyond that is dropped. What is told of a change are the instances that changed, where
//     Nacos 1.x tells the list: from what a list does not mention nobody learns when it was heard of last, so that with each one that
//     comes after a heal Nacos drops living instances; and a list of n instances that register one after another costs n² instances on
//     the way. And what is due to a peer waits a second for more, as there.
//   - A node that starts asks its peers for everything that they know, page by page.
//   - No message is longer than rpc.MaxMessage: many clients take several, and so does one that publishes much, which its receiver puts together.
//
// Each message says how long ago the client was last heard from, and a receiver that heard from it later refuses the news (see package
// registry). Nacos applies what comes, and so loses live instances when a cut heals; the failpoints below bring that back.
//
// Its place in the house: it is told of changes by the registry, and reaches peers over rpc. It must not know how clients arrive or who
// lives.
package distro
