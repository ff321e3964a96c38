package consensus

import (
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	"muster/nodes/defect"
)

// KeepBrokenConnections has raft keep its connections whatever becomes of them, one to each peer as it were. What a cut swallowed then
// waits for TCP to send it again, which it does less and less often: after a cut of 60 s a peer may stay out of reach for 50 s more, and
// a second cut soon after the first may leave a majority without a leader, as with a real Nacos, whose JRaft connections have no
// keep-alive. The node has to be started with it.
const KeepBrokenConnections defect.Name = "consensus/keepBrokenConnections"

// PatientElections has followers wait as long for their leader as Nacos's do before they stand for election: 5 s at least (JRaft:
// NodeOptions.electionTimeoutMs, which Nacos lets nobody lower). The node has to be started with it.
const PatientElections defect.Name = "consensus/patientElections"

// patientElectionTimeout is the election time-out with it.
const patientElectionTimeout = 5 * time.Second

// keeper dials, and refuses to while an earlier connection to the same address waits for an answer.
type keeper struct {
	dial func(to string, timeout time.Duration) (net.Conn, error)
	// patience is how long an answer may take before a connection counts as broken.
	patience time.Duration

	mu   sync.Mutex
	kept map[string][]*keptConn
}

// keptConn takes no deadlines.
type keptConn struct {
	net.Conn
	keeper *keeper
	to     string
	// asked is when something was written to which nothing has been read yet; zero if there is nothing of the kind. keeper.mu guards
	// it.
	asked time.Time
}

func newKeeper(dial func(to string, timeout time.Duration) (net.Conn, error), patience time.Duration) *keeper {
	return &keeper{dial: dial, patience: patience, kept: map[string][]*keptConn{}}
}

// connect dials an address.
func (k *keeper) connect(to string, timeout time.Duration) (net.Conn, error) {
	k.mu.Lock()
	stuck := slices.ContainsFunc(k.kept[to], func(c *keptConn) bool { return !c.asked.IsZero() && time.Since(c.asked) > k.patience })
	k.mu.Unlock()
	if stuck {
		return nil, fmt.Errorf("dial %s: the connection that there is waits for an answer, and is kept on purpose (%s)", to, KeepBrokenConnections)
	}
	connection, err := k.dial(to, timeout)
	if err != nil {
		return nil, err
	}
	kept := &keptConn{Conn: connection, keeper: k, to: to}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.kept[to] = append(k.kept[to], kept)
	return kept, nil
}

// Write notes that an answer is waited for.
func (c *keptConn) Write(text []byte) (int, error) {
	c.keeper.mu.Lock()
	if c.asked.IsZero() {
		c.asked = time.Now()
	}
	c.keeper.mu.Unlock()
	return c.Conn.Write(text)
}

// Read notes that one came.
func (c *keptConn) Read(into []byte) (int, error) {
	n, err := c.Conn.Read(into)
	c.keeper.mu.Lock()
	c.asked = time.Time{}
	c.keeper.mu.Unlock()
	return n, err
}

// Close forgets the connection.
func (c *keptConn) Close() error {
	c.keeper.mu.Lock()
	c.keeper.kept[c.to] = slices.DeleteFunc(c.keeper.kept[c.to], func(other *keptConn) bool { return other == c })
	c.keeper.mu.Unlock()
	return c.Conn.Close()
}

// SetDeadline does nothing.
func (c *keptConn) SetDeadline(time.Time) error { return nil }

// SetReadDeadline does nothing.
func (c *keptConn) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline does nothing.
func (c *keptConn) SetWriteDeadline(time.Time) error { return nil }
