package network

import "net/netip"

// Connection is one end of a connection, or of an attempt at one, as somebody sees it who looks at the network from outside.
type Connection struct {
	Host   Host
	Local  netip.AddrPort
	Remote netip.AddrPort
	Peer   Host // 0 if nobody has the remote address
	// Open: both ends have agreed on it; otherwise one is still trying.
	Open bool
	// Unacknowledged is what the host has sent, or was told to send, and the other has not acknowledged, in bytes.
	Unacknowledged uint64
}

// Connections lists the connections of running programs by the end that asked for them, the oldest first.
func (n *Network) Connections() []Connection {
	var found []Connection
	for _, s := range n.inOrder() {
		if s.orphan || s.state != connecting && s.state != open {
			continue
		}
		if peer := n.sockets[s.peer]; s.state == open && peer != nil && peer.id < s.id {
			continue // that end asked
		}
		found = append(found, Connection{
			Host: s.host, Local: s.local, Remote: s.remote, Peer: s.remoteHost, Open: s.state == open, Unacknowledged: s.end - min(s.end, s.unacknowledged),
		})
	}
	return found
}
