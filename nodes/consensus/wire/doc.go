// Package wire carries Raft's messages between members over TCP: a raft.Transport.
//
// It does what hashicorp/raft's own NetworkTransport does, one request at a time on a connection, with an encoding made for these few messages
// (see message.go) in the place of MessagePack by reflection, which cost loaded nodes a tenth of their processor time and half a
// megabyte of buffers a connection. Both ends begin a connection by saying which version of it they speak, and part with a clear error where
// they differ.
//
// Members also ask each other questions over such connections (Ask). What followers forward to the leader goes this way: by calls of gRPC it took a
// tenth more of the processor time of three loaded nodes.
//
// It believes nothing of what comes in but its form: what a message takes in memory grows with what has arrived of it, and Config.Admit
// decides about each before raft hears of it.
//
// Its place in the house: package consensus alone uses it, gives it connections, and decides whom to believe. It must not know what members,
// commands or leaders are.
package wire
