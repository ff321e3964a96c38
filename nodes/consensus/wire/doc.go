// Package wire carries Raft's messages between members over TCP: a raft.Transport.
//
// It does what hashicorp/raft's own NetworkTransport does, one request at a time on a connection, with an encoding made for these few messages
// (see message.go) in the place of MessagePack by reflection, which cost a loaded node a tenth of its processor time and half a
// megabyte of buffers a connection. Both ends begin a connection by saying which version of it they speak, and part with a clear error where
// they differ.
//
// It believes nothing of what comes in but its form: what a message takes in memory grows with what has arrived of it, and Config.Admit
// decides about each before raft hears of it.
//
// Its place in the house: package consensus alone uses it, gives it connections, and decides whom to believe. It must not know what members,
// commands or leaders are.
package wire
