package consensus

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
)

// How members that have an identity prove it to each other before either says anything else on a connection. The secret itself never goes
// over the network, and what does is of no use a second time:
//
//	called  →  challenge
//	caller  →  challenge of its own, HMAC-SHA256(secret, "caller", both challenges)
//	called  →  HMAC-SHA256(secret, "called", both challenges)
//
// Who can change what goes over the network can still do so afterwards: that takes TLS, or a network of one's own.
const (
	roleCaller = "caller"
	roleCalled = "called"
	// introductionTimeout is how long an introduction may take that the other end began.
	introductionTimeout = 2 * time.Second
	// strangersLimit is how many connections may be in their introduction; more are dropped.
	strangersLimit = 64
)

// errStranger is for connections whose other end does not prove to be a member's.
var errStranger = errors.New("the other end did not prove the identity of this cluster's members; want all of them started with the same --accounts")

type (
	challenge [sha256.Size]byte
	proof     [sha256.Size]byte
)

// newChallenge is one that never was before.
func newChallenge() (c challenge) {
	_, _ = rand.Read(c[:]) // it never fails
	return c
}

// prove makes the proof of one end, which holds for one connection.
func prove(secret, role string, called, caller challenge) proof {
	mac := hmac.New(sha256.New, []byte(secret))
	for _, part := range [][]byte{[]byte("muster raft " + role + "\n"), called[:], caller[:]} {
		mac.Write(part)
	}
	return proof(mac.Sum(nil))
}

// introduce proves to whom this node has called that it is a member, and has them prove it, too.
func introduce(connection net.Conn, secret string, timeout time.Duration) error {
	return within(connection, timeout, func() error {
		var theirs challenge
		if _, err := io.ReadFull(connection, theirs[:]); err != nil {
			return fmt.Errorf("read the challenge: %w", err)
		}
		ours := newChallenge()
		shown := prove(secret, roleCaller, theirs, ours)
		if _, err := connection.Write(append(ours[:], shown[:]...)); err != nil {
			return fmt.Errorf("answer the challenge: %w", err)
		}
		var answer proof
		if _, err := io.ReadFull(connection, answer[:]); err != nil {
			return fmt.Errorf("read the proof: %w", err)
		}
		if want := prove(secret, roleCalled, theirs, ours); !hmac.Equal(answer[:], want[:]) {
			return errStranger
		}
		return nil
	})
}

// meet has whoever called prove to be a member, and proves it to them.
func meet(connection net.Conn, secret string) error {
	return within(connection, introductionTimeout, func() error {
		ours := newChallenge()
		if _, err := connection.Write(ours[:]); err != nil {
			return fmt.Errorf("send the challenge: %w", err)
		}
		var theirs challenge
		var shown proof
		if _, err := io.ReadFull(connection, theirs[:]); err != nil {
			return fmt.Errorf("read the other end's challenge: %w", err)
		}
		if _, err := io.ReadFull(connection, shown[:]); err != nil {
			return fmt.Errorf("read the proof: %w", err)
		}
		if want := prove(secret, roleCaller, ours, theirs); !hmac.Equal(shown[:], want[:]) {
			return errStranger
		}
		answer := prove(secret, roleCalled, ours, theirs)
		_, err := connection.Write(answer[:])
		return err
	})
}

// within has what is done on a connection end in time.
func within(connection net.Conn, timeout time.Duration, do func() error) error {
	if err := connection.SetDeadline(time.Now().Add(timeout)); err != nil {
		return err
	}
	if err := do(); err != nil {
		return err
	}
	return connection.SetDeadline(time.Time{})
}

// wary has a connection that came in prove first that it is a member's, where members have an identity. It is asked when it is read, for
// whoever accepts connections must not wait for one of them. It is nil if too many are being asked already.
func (s stream) wary(connection net.Conn) net.Conn {
	if s.gate.identity == "" {
		return connection
	}
	if s.gate.strangers.Add(1) > strangersLimit {
		s.gate.strangers.Add(-1)
		return nil
	}
	leave := sync.OnceFunc(func() { s.gate.strangers.Add(-1) })
	return &suspect{Conn: connection, gate: s.gate, leave: leave, logger: s.logger}
}

// suspect is a connection of which it is not known whose it is, until it has been read. Only one goroutine reads it.
type suspect struct {
	net.Conn
	gate *gate
	// leave says that it is not in its introduction any more.
	leave  func()
	logger hclog.Logger
	known  bool
}

// Read reads what follows on the introduction.
func (s *suspect) Read(into []byte) (int, error) {
	if !s.known {
		if err := meet(s.Conn, s.gate.identity); err != nil {
			s.gate.refuse(s.logger, "dropped a raft connection", "from", s.RemoteAddr().String(), "error", err)
			return 0, errors.Join(err, s.Close())
		}
		s.known = true
		s.leave()
	}
	return s.Conn.Read(into)
}

// Close ends the connection.
func (s *suspect) Close() error {
	s.leave()
	return s.Conn.Close()
}
