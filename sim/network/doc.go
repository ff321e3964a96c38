// Package network is the network of a world: TCP and UDP as the kernels of its machines keep them, and the links between machines,
// with all their faults. It alone decides what becomes of a packet.
//
// Everything is plain data: packets in flight stand in a table and are named by events in the queue; Clone copies a network
// exactly, and clone and original then live alike as long as they are treated alike. Random choices come from one stream a link, so that
// a fault on one does not move what happens on another.
//
// The world calls it from one goroutine: programs' system calls (Connect, Send, …) when they happen, Handle for each event of kind
// KindPacket to KindLast, and TakeReady afterwards to learn whom to wake. Every event that the network pushed must come back to Handle,
// also those for machines that are down. Nothing blocks: what would block returns EAGAIN.
//
// # TCP
//
// As Linux has it, with what a program or an operator can notice:
//
//   - Three packets open a connection. A lost SYN is sent again after 1, 3, 7, 15, 31 and 63 s; after 127 s Connect fails with
//     ETIMEDOUT. An address where nobody listens refuses.
//   - A listener whose backlog is full drops SYNs. Who had asked before takes the connection for open, sends in vain, and is served once
//     there is room, or reset after a minute.
//   - Bytes arrive in order and once. Send fills a send buffer, the peer's window closes when its program does not read; programs may
//     choose how large both are.
//   - What is lost is sent again after about 200 ms, then 400 ms, doubling up to 120 s, one packet at a time, until something is
//     acknowledged. So a connection may stay dead for as long again as a cut lasted. After 15 tries (924 s) it fails with ETIMEDOUT.
//   - An idle connection is probed as Go programs ask for by default: after 15 s, every 15 s, and given up after 9 probes.
//   - FIN and RST, half-close, reset by data to a closed socket, by a close with unread data and by a close without linger, as in Linux.
//
// Left out, because nothing here would notice: sequence numbers and segments on the wire (a Send is one packet, though its chance of
// loss grows with its size). An acknowledgement is no event of its own unless the sender waits for it; otherwise it takes effect when
// the data arrives, if the way back lets it pass.
//
// Left out are congestion control and fast retransmission, too: packets on a link that is too narrow wait for each other, and none is
// dropped for want of room, so there is no congestion to find out about. Requests of some kilobytes, which is what nodes exchange, fit
// into the window that Linux begins with. Only bulk differs: megabytes over a long link arrive some round trips earlier than after a slow
// start, and on a lossy one later, since each loss costs a time-out.
//
// TIME_WAIT is left out, too. It guards a port against packets of a connection that is over, and here no packet can be mistaken for another
// connection's, since packets name sockets and no number is used twice. Listeners would not notice it, for Go sets SO_REUSEADDR on all of
// them: a server can bind its port again at once, in Linux as here. Nor would clients that leave the choice of a port to the kernel, unless
// they open some 28,000 connections to one address within a minute, and have no port left then. Only one that dials again from a port of
// its own choice succeeds here where Linux says EADDRINUSE for a minute.
//
// # Ports
//
// TCP and UDP have ports of their own. Two sockets may have one port if their addresses differ and none is for all addresses; otherwise
// the second meets EADDRINUSE. A port that the kernel chooses is the next free one of 32768 to 60999, so that a run can be read; when none
// is left, binding meets EADDRINUSE and connecting EADDRNOTAVAIL. Linux would then give a port to connections to different addresses at
// once.
//
// # UDP
//
// A datagram of up to 65507 bytes arrives whole or not at all, and in order with those before it on its link, unless Link.Reorder holds it
// back. Where nobody takes it, a connected sender hears ECONNREFUSED from a later call, and others hear nothing. What does not fit into the
// receive buffer is thrown away.
//
// # Names
//
// Every machine has a resolver at ResolverAddress, which answers questions in DNS from the names of the world (SetName). It can be made to
// fall silent or to fail (SetResolver).
//
// It must know neither what runs on the machines nor who strikes faults, and when.
package network
