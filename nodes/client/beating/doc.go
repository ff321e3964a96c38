// Package beating is a client of the 1.x line: it speaks HTTP to any node that answers, and what it registers is there as long as it
// beats for it.
//
// It looks after itself, as Nacos's Java client does (client/naming/beat/BeatReactor, client/naming/core/HostReactor and PushReceiver):
// it beats for each instance as often as the nodes want it, and registers again where they have forgotten; it lists what it subscribed
// every ten seconds, more seldom while that fails, and takes pushes over UDP meanwhile; and what it believes it keeps in files,
// for when no node answers. Each request goes to a node drawn by lot, and on to the others while that does no harm.
//
// One thing it does otherwise than that client: its beats are light ones, which name an instance and no more, from the first on. So a beat
// that is late can never bring back what was deregistered.
//
// Its place in the house: the workload's subscribers over HTTP are such clients. It asks with package client; it must not know
// how a node works.
package beating
