package consensus

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"io"
	"net"

	"github.com/hashicorp/go-hclog"
)

// errStranger is for connections that do not begin with the members' identity.
var errStranger = errors.New("the caller did not show the identity of this cluster's members; want all of them started with the same --accounts")

// wary has a connection show first that it is a member's, where members have an identity. It is asked when it is read, for whoever accepts
// connections must not wait for one of them.
func (s stream) wary(connection net.Conn) net.Conn {
	if s.gate.identity == "" || connection == nil {
		return connection
	}
	return &suspect{Conn: connection, want: s.gate.identity, logger: s.logger}
}

// suspect is a connection of which it is not known whose it is, until it has been read. Only one goroutine reads it.
type suspect struct {
	net.Conn
	want   string
	logger hclog.Logger
	known  bool
}

// Read reads what follows on the identity.
func (s *suspect) Read(into []byte) (int, error) {
	if !s.known {
		var shown [sha256.Size]byte
		if _, err := io.ReadFull(s.Conn, shown[:]); err != nil {
			return 0, err
		}
		want := sha256.Sum256([]byte(s.want))
		if subtle.ConstantTimeCompare(shown[:], want[:]) != 1 {
			s.logger.Error("dropped a raft connection", "from", s.RemoteAddr().String(), "error", errStranger)
			return 0, errors.Join(errStranger, s.Close())
		}
		s.known = true
	}
	return s.Conn.Read(into)
}
