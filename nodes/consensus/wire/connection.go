package wire

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
)

// greeting is what each end of a connection sends first: the caller ahead of its first request, the called ahead of its first answer. The
// number is that of the format, of everything in this package that goes over the network, and changes with it.
const greeting = "muster raft 2\n"

// A frame is a message: its length in four bytes, big-endian, and so many more, the first of which says what it is: a request's kind, or that it
// is an answer or an error's text. Behind the frame of installSnapshot comes the snapshot.
const (
	lengthSize = 4
	answered   = 0
	failed     = 1
	// mostFrame is the largest frame: raft sends 64 entries at most at a time, each a command, which nobody sends here of more than 10 MiB.
	mostFrame = 1 << 30
	// readAtOnce is how much of a frame has its memory before it is there.
	readAtOnce = 64 << 10
)

// Errors of connections.
var (
	// errOtherVersion is for an other end that speaks otherwise.
	errOtherVersion = errors.New("want members that speak the same version of it")
	// errForm is for what is no message.
	errForm = errors.New("a malformed message")
)

// connection is one end of one. It is used by one goroutine at a time.
type connection struct {
	net.Conn
	reader *bufio.Reader
	// to is the address that was called.
	to string
	// out is what the last frame was sent from, unless it was large.
	out []byte
	// greeted: this end has sent its greeting; met: the other's was read.
	greeted, met bool
}

func newConnection(over net.Conn, to string) *connection {
	return &connection{Conn: over, reader: bufio.NewReader(over), to: to}
}

// write sends a frame: a message of raft's, or an error's text.
func (c *connection) write(what byte, message any) error {
	out := c.out[:0]
	if !c.greeted {
		out = append(out, greeting...)
	}
	start := len(out)
	out = append(out, 0, 0, 0, 0, what)
	if text, isError := message.(string); isError {
		out = append(out, text...)
	} else {
		var err error
		if out, err = encode(out, message); err != nil {
			return err
		}
	}
	size := len(out) - start - lengthSize
	if size > mostFrame {
		return fmt.Errorf("a message of %d bytes; want %d at most", size, mostFrame)
	}
	binary.BigEndian.PutUint32(out[start:], uint32(size))
	if c.out = out; cap(out) > readAtOnce {
		c.out = nil
	}
	_, err := c.Write(out)
	c.greeted = true
	return err
}

// read waits for a frame. io.EOF: the other end has said all, and nothing else is missing.
func (c *connection) read() (what byte, text []byte, err error) {
	if !c.met {
		if err := c.meet(); err != nil {
			return 0, nil, err
		}
	}
	head, err := c.reader.Peek(lengthSize)
	if err != nil {
		if len(head) > 0 {
			err = partly(err)
		}
		return 0, nil, err
	}
	size := binary.BigEndian.Uint32(head)
	if size == 0 || size > mostFrame {
		return 0, nil, fmt.Errorf("%w of %d bytes; want 1 to %d", errForm, size, mostFrame)
	}
	if _, err := c.reader.Discard(lengthSize); err != nil {
		return 0, nil, err
	}
	if text, err = readAll(c.reader, int(size)); err != nil {
		return 0, nil, partly(err)
	}
	return text[0], text[1:], nil
}

// meet reads the other end's greeting.
func (c *connection) meet() error {
	said, err := c.reader.Peek(len(greeting))
	if string(said) != greeting[:len(said)] {
		return fmt.Errorf("the other end begins with %q where members of this version say %q: %w", said, greeting, errOtherVersion)
	}
	if err == nil {
		c.met = true
		_, err = c.reader.Discard(len(greeting))
	}
	return err
}

// partly says that the other end left within a message.
func partly(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// readAll reads so many bytes. It takes no more memory than about twice of what arrives.
func readAll(from io.Reader, size int) ([]byte, error) {
	if size <= readAtOnce {
		text := make([]byte, size)
		_, err := io.ReadFull(from, text)
		return text, err
	}
	var text bytes.Buffer
	_, err := io.CopyN(&text, from, int64(size))
	return text.Bytes(), err
}
