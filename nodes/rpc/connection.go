package rpc

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"muster/nodes/defect"
)

// Connection is an SDK's, set up over its stream.
type Connection struct {
	// ID is "<milliseconds>_<ip>_<port>", with the real address of the other end.
	ID string
	// IP is the address that the client stated, the real one if it did not; Port is the real remote port.
	IP   string
	Port int
	// ClientVersion and Labels are what the client said of itself, for example "Nacos-Go-Client:v2.3.2" and source: sdk, module:
	// naming.
	ClientVersion string
	Labels        map[string]string

	sdk *SDK
	// host is the real address of the other end, without its port.
	host string

	mu sync.Mutex
	// heard is when the client last gave a sign of life; suspected says that it has been asked for one.
	heard     time.Time
	suspected bool
	// stream is the newest one; a client may open another when its first has ended.
	stream *outbox
	// asked are the requests that wait for an answer. It is nil when the connection has ended.
	asked map[string]*question
}

// ErrRefused says that a client answered a request with a failure.
var ErrRefused = errors.New("the client refused the request")

// ErrEnded says that a connection ended before its client answered.
var ErrEnded = errors.New("the connection has ended")

type question struct {
	timer *time.Timer
	done  func(error)
}

// outbox is what goes out over one stream.
type outbox struct {
	letters chan letter
	// size is how many bytes wait.
	size   atomic.Int64
	once   sync.Once
	closed chan struct{}
}

// How many messages, and bytes, wait for a slow client; more are dropped, and so go unanswered. One waits however long it is.
const outboxSize, outboxBytes = 256, 16 << 20

func newOutbox() *outbox {
	return &outbox{letters: make(chan letter, outboxSize), closed: make(chan struct{})}
}

// put has a message wait, if there is room.
func (o *outbox) put(message letter) {
	size := int64(message.size())
	if before := o.size.Add(size) - size; before > 0 && before+size > outboxBytes {
		o.size.Add(-size)
		return
	}
	select {
	case o.letters <- message:
	default:
		o.size.Add(-size)
	}
}

// flush sends what waits, such as why the stream ends, if the other end still takes it.
func (o *outbox) flush(stream grpc.ServerStream) {
	for {
		select {
		case letter := <-o.letters:
			if stream.SendMsg(letter) != nil {
				return
			}
		default:
			return
		}
	}
}

func (o *outbox) close() { o.once.Do(func() { close(o.closed) }) }

// Ask sends the client a request, made from the id that it is to have. done is called with nil when the client says that it has
// carried it out, with ErrRefused when it says that it has not, with context.DeadlineExceeded when the time is over, and with ErrEnded
// if the connection ends. As in Nacos, the time runs on after a refusal, so that the caller may hear of both.
func (c *Connection) Ask(request func(requestID string) any, wait time.Duration, done func(error)) {
	id := strconv.FormatInt(c.sdk.asked.Add(1), 10)
	c.mu.Lock()
	if c.asked == nil {
		c.mu.Unlock()
		done(ErrEnded)
		return
	}
	c.asked[id] = &question{done: done, timer: time.AfterFunc(wait, func() {
		if c.forget(id) {
			done(context.DeadlineExceeded)
		}
	})}
	c.mu.Unlock()
	c.send(request(id))
}

// forget takes a question off; false if it is not there any more.
func (c *Connection) forget(id string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, waiting := c.asked[id]
	delete(c.asked, id)
	return waiting
}

// send puts a message out. One that the client cannot take goes unanswered.
func (c *Connection) send(message any) {
	letter, err := newLetter(message)
	if err != nil {
		c.sdk.options.Log.Error("a message for a client is lost", "client", c.ID, "error", err.Error())
		return
	}
	letter.Metadata.ClientIp = c.sdk.options.IP
	c.mu.Lock()
	stream := c.stream
	c.mu.Unlock()
	stream.put(letter)
}

// answered takes a response of the client's.
func (c *Connection) answered(body []byte) {
	response := struct {
		RequestID  string `json:"requestId"`
		ResultCode int    `json:"resultCode"`
	}{ResultCode: ResultSuccess}
	if json.Unmarshal(body, &response) != nil {
		return
	}
	c.touch()
	c.mu.Lock()
	q := c.asked[response.RequestID]
	if q != nil && response.ResultCode == ResultSuccess {
		q.timer.Stop()
		delete(c.asked, response.RequestID)
	}
	c.mu.Unlock()
	switch {
	case q == nil:
	case response.ResultCode == ResultSuccess:
		q.done(nil)
	default:
		q.done(ErrRefused)
	}
}

// IsSDK says whether the other end says that it is an SDK, and so can be asked to connect elsewhere.
func (c *Connection) IsSDK() bool { return c.Labels["source"] == "sdk" }

// Heard is when the client last gave a sign of life.
func (c *Connection) Heard() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.heard
}

func (c *Connection) touch() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.heard = time.Now()
}

// NeverSuspect has a node ask no connection for a sign of life, so that one whose other end has vanished stays (alibaba/nacos#10909: Nacos 2.2.0
// to 2.2.4).
const NeverSuspect defect.Name = "rpc/neverSuspect"

// suspect says whether the client is to be asked for a sign of life; not again before that is decided.
func (c *Connection) suspect() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.suspected || time.Since(c.heard) < idleTime || defect.On(NeverSuspect) {
		return false
	}
	c.suspected = true
	return true
}

// acquit ends a suspicion; it says whether the client was heard of since it began.
func (c *Connection) acquit(began time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.suspected = false
	return !c.heard.Before(began)
}

// hangUp ends the stream in good order.
func (c *Connection) hangUp() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stream.close()
}

// end tells whoever waits for an answer that none will come.
func (c *Connection) end() {
	c.hangUp()
	c.mu.Lock()
	asked := c.asked
	c.asked = nil
	c.mu.Unlock()
	for _, q := range asked {
		q.timer.Stop()
		q.done(ErrEnded)
	}
}

// converse serves a stream until either side ends it. On it clients set their connection up and answer what they are asked; anything
// else is ignored.
func (s *SDK) converse(stream grpc.ServerStream) error {
	leave, err := s.talk(CallerOf(stream.Context()).ConnectionID)
	if err != nil {
		return err
	}
	defer leave()
	out, received := newOutbox(), make(chan error, 1)
	go func() { received <- s.listen(stream, out) }()
	for {
		select {
		case err := <-received:
			out.flush(stream)
			return err
		case <-out.closed:
			return nil
		case letter := <-out.letters:
			out.size.Add(int64(-letter.size()))
			if err := stream.SendMsg(letter); err != nil {
				return err
			}
		}
	}
}

// talk counts a connection's streams.
func (s *SDK) talk(id string) (leave func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.streams[id] >= maxConversations {
		return nil, status.Errorf(codes.ResourceExhausted, "the connection has %d streams under way: want one", maxConversations)
	}
	s.streams[id]++
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.streams[id]--; s.streams[id] == 0 {
			delete(s.streams, id)
		}
	}, nil
}

// listen reads a stream until it ends.
func (s *SDK) listen(stream grpc.ServerStream, out *outbox) error {
	for {
		in := new(Payload)
		if err := stream.RecvMsg(in); err != nil {
			return endOf(err)
		}
		caller := CallerOf(stream.Context())
		switch name := in.GetMetadata().GetType(); {
		case name == TypeName(ConnectionSetupRequest{}):
			if err := s.setUp(caller, in, out); err != nil {
				return err
			}
		case strings.HasSuffix(name, "Response"):
			if c := s.Connection(caller.ConnectionID); c != nil {
				c.answered(in.GetBody().GetValue())
			}
		}
	}
}

// endOf is how a stream ends whose client has ended it: in good order, if it did.
func endOf(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// setUp registers a connection, the first time; later ones only make this its stream.
func (s *SDK) setUp(caller Caller, in *Payload, out *outbox) error {
	request := ConnectionSetupRequest{Labels: map[string]string{}}
	if decodeBody(in.GetBody().GetValue(), &request) != nil {
		return nil
	}
	if request.Labels == nil {
		return status.Error(codes.Unknown, "labels is null: want an object, for example {\"module\":\"naming\"}")
	}
	c := s.Connection(caller.ConnectionID)
	if c == nil {
		c = &Connection{ID: caller.ConnectionID, IP: in.GetMetadata().GetClientIp(), ClientVersion: request.ClientVersion, Labels: request.Labels,
			sdk: s, heard: time.Now(), stream: out, asked: map[string]*question{}}
		if host, port, err := net.SplitHostPort(caller.Address.String()); err == nil {
			c.IP, c.host = cmp.Or(c.IP, host), host
			c.Port, _ = strconv.Atoi(port) // an address that the network layer made
		}
		if err := s.register(c); err != nil {
			// As Nacos does: ConnectionManager.checkLimit, GrpcBiStreamRequestAcceptor.
			c.send(ConnectResetRequest{Ask: NewAsk("", "internal")})
			return err
		}
	} else {
		c.mu.Lock()
		c.stream = out
		c.mu.Unlock()
	}
	if request.AbilityTable != nil {
		c.send(SetupAckRequest{Ask: NewAsk("", "internal"), AbilityTable: map[string]bool{"supportPersistentInstanceByGrpc": true}})
	}
	return nil
}
