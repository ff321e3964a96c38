package network

// Linux's bounds for what a program may ask for, of what it counts as bytes of payload: net.core.rmem_max and wmem_max.
const (
	smallestBuffer = 2304
	largestBuffer  = 208 << 10
)

// SetLinger says how a connection is closed: with linger false, Close sends a RST at once, and what has not left yet is lost (SO_LINGER
// with a time of 0); otherwise as Close says. Closing never waits, as it would on Linux with a time above 0. Errors: EBADF, and EINVAL for
// a UDP socket.
func (n *Network) SetLinger(id Socket, linger bool) Errno {
	s := n.get(id)
	switch {
	case s == nil:
		return EBADF
	case s.state == udp:
		return EINVAL
	}
	s.abrupt = !linger
	return OK
}

// SetReceiveBuffer says how many bytes a socket holds for a program that does not read (SO_RCVBUF), within what Linux allows. Error: EBADF.
func (n *Network) SetReceiveBuffer(id Socket, size int) Errno {
	s := n.get(id)
	if s == nil {
		return EBADF
	}
	size = min(max(size, smallestBuffer), largestBuffer)
	if s.state == udp {
		size *= 2 // Linux doubles it, for what a datagram costs besides its bytes
	}
	s.receiveLimit = size
	return OK
}

// SetSendBuffer says how many bytes a connection takes before Send makes its program wait (SO_SNDBUF), within what Linux allows. Error:
// EBADF.
func (n *Network) SetSendBuffer(id Socket, size int) Errno {
	s := n.get(id)
	if s == nil {
		return EBADF
	}
	s.sendLimit = min(max(size, smallestBuffer), largestBuffer)
	return OK
}
