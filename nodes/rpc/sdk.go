package rpc

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"maps"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"muster/model/run"
)

// How long clients of the SDK port may be silent (Nacos: NacosRuntimeConnectionEjector, RuntimeConnectionEjector.KEEP_ALIVE_TIME).
const (
	// scanEvery is how often silent connections are looked for, while there are any connections.
	scanEvery = 3 * time.Second
	// idleTime is how long a client may be silent before it is asked for a sign of life.
	idleTime = 20 * time.Second
	// detectionTime is how long it then has for that.
	detectionTime = 5 * time.Second
	// closeGrace is how long after the end of its stream a connection is closed that the server gives up.
	closeGrace = 200 * time.Millisecond
	// resetTime is how long a client has to answer a ConnectResetRequest.
	resetTime = 3 * time.Second
	// maxConversations is how many streams one connection may have: it needs one, and another when that has ended unnoticed.
	maxConversations = 4
	// maxRequests is how many requests and streams one connection may have under way, each of which may be MaxMessage bytes long.
	maxRequests = 256
)

// clusterTypes are requests that only members may send, and only to the cluster's port.
var clusterTypes = map[string]bool{"DistroDataRequest": true, "MemberReportRequest": true, "ServerLoaderInfoRequest": true, "ServerReloadRequest": true}

// SDKOptions of an SDK.
type SDKOptions struct {
	Log *slog.Logger
	// IP is this node's own, which what it asks of clients states.
	IP string
	// Opened is called when a connection was set up, before any of its requests is answered. Closed is called when it has ended;
	// it does not come without the other.
	Opened, Closed func(*Connection)
	// Most is how many connections may be set up at once, MostPerIP how many from one address; 0: as many as there are (Nacos: the rule
	// countLimit and countLimitPerClientIpDefault of its connection limit, both off by default).
	Most, MostPerIP int
}

// SDK is the server for SDKs: it keeps a register of connections, and answers only those in it. Make it with NewSDK.
type SDK struct {
	*Server
	options SDKOptions
	// asked counts the requests to clients, for their ids.
	asked atomic.Int64

	mu          sync.Mutex
	connections map[string]*Connection
	// entered are the ids of those and of the ones that are being set up; hosts counts them by the address that they come from.
	entered map[string]bool
	hosts   map[string]int
	// streams counts each connection's, set up or not.
	streams map[string]int
	// refused counts those that were one too many.
	refused uint64
	// sockets are the transports by the ids of their connections, to close those that are given up.
	sockets map[string]net.Conn
	// scanning says that a timer waits to look for silent connections.
	scanning bool
}

// NewSDK makes a server that answers ServerCheckRequest to anybody, and HealthCheckRequest and what is handled (see Handle) to
// connections that were set up.
func NewSDK(options SDKOptions) *SDK {
	s := &SDK{Server: newServer(options.Log, maxRequests, idleTimeout), options: options, connections: map[string]*Connection{}, entered: map[string]bool{},
		hosts: map[string]int{}, streams: map[string]int{}, sockets: map[string]net.Conn{}}
	s.sdk = s
	s.grpc.RegisterService(&grpc.ServiceDesc{
		ServiceName: "BiRequestStream",
		HandlerType: (*any)(nil),
		Streams: []grpc.StreamDesc{{
			StreamName: "requestBiStream", ServerStreams: true, ClientStreams: true,
			Handler: func(_ any, stream grpc.ServerStream) error { return s.converse(stream) },
		}},
		Metadata: "nacos_grpc_service.proto",
	}, s)
	return s
}

// Stop ends all streams, lets requests in progress finish until the context ends, then closes all connections.
func (s *SDK) Stop(ctx context.Context) {
	s.mu.Lock()
	for _, c := range s.connections {
		c.hangUp()
	}
	s.mu.Unlock()
	s.Server.Stop(ctx)
}

// Connection finds a connection that was set up; nil if there is none of this id.
func (s *SDK) Connection(id string) *Connection {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.connections[id]
}

// Connections are all that were set up and have not ended, in the order of their ids.
func (s *SDK) Connections() []*Connection {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.SortedFunc(maps.Values(s.connections), func(a, b *Connection) int { return cmp.Compare(a.ID, b.ID) })
}

// Reset asks a client to connect to another node: to the one at redirect, "ip:port", or to whichever it likes. Unknown connections and
// those that are not an SDK's are left alone. It waits for the answer, as long as clients have for that, and is content without one.
func (s *SDK) Reset(ctx context.Context, id, redirect string) {
	c := s.Connection(id)
	if c == nil || !c.IsSDK() {
		return
	}
	answered := make(chan struct{}, 2)
	c.Ask(func(requestID string) any {
		request := ConnectResetRequest{Ask: NewAsk(requestID, "internal")}
		if host, port, err := net.SplitHostPort(redirect); err == nil {
			request.ServerIP, request.ServerPort, request.ConnectionID = host, port, id
		}
		return request
	}, resetTime, func(error) { answered <- struct{}{} })
	select {
	case <-answered:
	case <-ctx.Done():
	}
}

// touch notes a sign of life; false if the connection was not set up.
func (s *SDK) touch(id string) bool {
	c := s.Connection(id)
	if c != nil {
		c.touch()
	}
	return c != nil
}

// register adds a connection, unless there are too many.
func (s *SDK) register(c *Connection) error {
	if err := s.enter(c); err != nil {
		return err
	}
	if s.options.Opened != nil {
		s.options.Opened(c)
	}
	s.mu.Lock()
	s.connections[c.ID] = c
	_, open := s.sockets[c.ID]
	if !s.scanning {
		s.scanning = true
		time.AfterFunc(scanEvery, s.scan)
	}
	s.mu.Unlock()
	if !open { // it has ended meanwhile, and nobody else would forget it
		s.unregister(c.ID)
	}
	return nil
}

// enter counts a connection, once: it may set itself up over several streams at the same time.
func (s *SDK) enter(c *Connection) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.entered[c.ID] {
		return status.Error(codes.AlreadyExists, "the connection is being set up: want one ConnectionSetupRequest at a time")
	}
	if most := s.options.Most; most > 0 && len(s.entered) >= most {
		s.refused++
		return status.Errorf(codes.ResourceExhausted, "this node has its %d connections: want another node", most)
	}
	if most := s.options.MostPerIP; most > 0 && s.hosts[c.host] >= most {
		s.refused++
		return status.Errorf(codes.ResourceExhausted, "this node has its %d connections from %s: want fewer, or another node", most, c.host)
	}
	s.entered[c.ID] = true
	s.hosts[c.host]++
	return nil
}

// Refused is how many connections were refused since there were too many, or closed since they had too much that was unfinished.
func (s *SDK) Refused() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refused + s.unfinished.refused()
}

// unregister forgets a connection that has ended or is given up.
func (s *SDK) unregister(id string) {
	s.mu.Lock()
	c := s.connections[id]
	delete(s.connections, id)
	if c != nil {
		delete(s.entered, id)
		s.hosts[c.host]--
		if s.hosts[c.host] == 0 {
			delete(s.hosts, c.host)
		}
	}
	s.mu.Unlock()
	if c == nil {
		return
	}
	c.end()
	if s.options.Closed != nil {
		s.options.Closed(c)
	}
}

// scan asks silent clients for a sign of life. It comes back as long as there are connections.
func (s *SDK) scan() {
	s.mu.Lock()
	s.scanning = len(s.connections) > 0
	var silent []*Connection
	for _, c := range s.connections {
		if c.suspect() {
			silent = append(silent, c)
		}
	}
	if s.scanning {
		time.AfterFunc(scanEvery, s.scan)
	}
	s.mu.Unlock()
	for _, c := range silent {
		began := time.Now()
		c.Ask(func(requestID string) any { return ClientDetectionRequest{NewAsk(requestID, "internal")} }, detectionTime, func(err error) {
			if !c.acquit(began) && errors.Is(err, context.DeadlineExceeded) {
				s.options.Log.Info(run.EventClientExpired, "client", c.ID)
				s.giveUp(c)
			}
		})
	}
}

// giveUp ends a connection whose client is silent: first the stream, then the transport.
func (s *SDK) giveUp(c *Connection) {
	s.unregister(c.ID)
	time.AfterFunc(closeGrace, func() {
		s.mu.Lock()
		socket := s.sockets[c.ID]
		s.mu.Unlock()
		if socket != nil {
			_ = socket.Close() // its other end is given up anyway
		}
	})
}

// opened notes a transport that has come in.
func (s *SDK) opened(id string, transport net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sockets[id] = transport
}

// closed forgets a transport that has ended, and its connection.
func (s *SDK) closed(id string) {
	s.mu.Lock()
	delete(s.sockets, id)
	s.mu.Unlock()
	s.unregister(id)
}
