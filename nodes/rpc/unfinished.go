package rpc

import (
	"net"
	"sync"
)

// mostUnfinished is how many bytes a server keeps of messages that have not come in whole. gRPC keeps MaxMessage for every stream. When
// there are more, the connection that has most of them is closed.
const mostUnfinished = 128 << 20

// unfinished counts what a server keeps of unfinished messages.
type unfinished struct {
	most int64

	mu   sync.Mutex
	held int64
	// holders are the open connections by how many bytes they have; those that have none are not among them.
	holders map[net.Conn]int64
	// closed is how many connections were closed because there were too many bytes.
	closed uint64
}

func newUnfinished(most int64) *unfinished {
	return &unfinished{most: most, holders: map[net.Conn]int64{}}
}

// add counts more bytes of a connection, or fewer. If that is too much, it closes the connection that has most.
func (u *unfinished) add(to net.Conn, more int64) {
	if greatest := u.count(to, more); greatest != nil {
		_ = greatest.Close() // its other end is not listened to any more
	}
}

// count adds, and returns the connection that is to be closed; nil if there is room.
func (u *unfinished) count(to net.Conn, more int64) (greatest net.Conn) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.held += more
	if u.holders[to] += more; u.holders[to] == 0 {
		delete(u.holders, to)
	}
	if u.held <= u.most {
		return nil
	}
	for holder, bytes := range u.holders {
		if greatest == nil || bytes > u.holders[greatest] {
			greatest = holder
		}
	}
	u.held -= u.holders[greatest]
	delete(u.holders, greatest)
	u.closed++
	return greatest
}

// refused is how many connections were closed.
func (u *unfinished) refused() uint64 {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.closed
}

// forget takes a connection's bytes off the count: it has been closed.
func (u *unfinished) forget(connection net.Conn) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.held -= u.holders[connection]
	delete(u.holders, connection)
}
