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
//     ETIMEDOUT. An address where nobody listens refuses; a listener whose backlog is full drops SYNs.
//   - Bytes arrive in order and once. Send fills a send buffer, the peer's window closes when its program does not read.
//   - What is lost is sent again after about 200 ms, then 400 ms, doubling up to 120 s, one packet at a time, until something is
//     acknowledged. So a connection may stay dead for as long again as a cut lasted. After 15 tries (924 s) it fails with ETIMEDOUT.
//   - An idle connection is probed as Go programs ask for by default: after 15 s, every 15 s, and given up after 9 probes.
//   - FIN and RST, half-close, reset by data to a closed socket, as in Linux.
//
// Left out, because nothing here would notice: sequence numbers and segments on the wire (a Send is one packet, though its chance of
// loss grows with its size), congestion control, fast retransmission, TIME_WAIT. An acknowledgement is no event of its own unless the
// sender waits for it; otherwise it takes effect when the data arrives, if the way back lets it pass.
//
// It must know neither what runs on the machines nor who strikes faults, and when.
package network
