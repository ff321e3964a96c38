package openapi

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"muster/nodes/liveness"
	"muster/nodes/registry"
)

// Limits of a connection. A client that is slower, or says more, is cut off; the node goes on.
const (
	headerTimeout = 5 * time.Second
	readTimeout   = 15 * time.Second
	writeTimeout  = 30 * time.Second
	idleTimeout   = 60 * time.Second
	headerLimit   = 64 << 10
)

// Options of a Server: what it serves, and what it asks of the other packages.
type Options struct {
	// Self is this node's address, "ip:port".
	Self     string
	Registry *registry.Registry
	Liveness *liveness.Liveness
	Log      *slog.Logger
	// Owner says which member answers for a tag, "ip:port".
	Owner func(tag string) string
	// Members are all members of the cluster in this node's view, by address.
	Members func() []Member
	// Raft is the Raft group in this node's view.
	Raft func() RaftGroup
	// Propose brings a command to the Raft group and returns when it is applied here. Its error is a registry.ErrService… if the
	// command was refused; with any other error the command may be applied later.
	Propose func(context.Context, registry.Command) error
	// Barrier returns when this node has applied everything that was acknowledged before the call.
	Barrier func(context.Context) error
}

// Member is a member of the cluster as GET /v1/core/cluster/nodes shows it.
type Member struct {
	Address string
	// State is UP, SUSPICIOUS or DOWN.
	State string
	// Failures is how many reports to it failed in a row.
	Failures int
	// Refreshed is when it was last heard from.
	Refreshed time.Time
}

// RaftGroup is what this node knows of its Raft group; addresses are those of the members' Raft ports.
type RaftGroup struct {
	// Leader is empty if there is none.
	Leader  string
	Term    uint64
	Members []string
}

// Server answers HTTP requests.
type Server struct {
	options Options
	routes  map[string]map[string]route
	peers   *http.Client
	http    *http.Server
}

// New makes a server; Serve makes it listen.
func New(options Options) *Server {
	s := &Server{options: options, peers: newPeerClient()}
	s.routes = s.table()
	s.http = &http.Server{
		Handler: s, ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: headerLimit, ErrorLog: slog.NewLogLogger(options.Log.Handler(), slog.LevelDebug),
	}
	return s
}

// Serve answers connections until Shutdown.
func (s *Server) Serve(listener net.Listener) error {
	if err := s.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// Shutdown stops listening and waits for the requests under way as long as the context lasts.
func (s *Server) Shutdown(ctx context.Context) error {
	s.peers.CloseIdleConnections()
	return s.http.Shutdown(ctx)
}

// answer is what a handler returns on success: a text, or a value to be written as JSON.
type answer any

// rawJSON is an answer that is encoded already.
type rawJSON []byte

// route is one verb of one path.
type route struct {
	handle func(*request) (answer, *failure)
	// routed requests go to the node that is responsible for their ip:port (Nacos: @CanDistro).
	routed bool
}

// ServeHTTP answers one request. Whatever goes wrong in it stays in it.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer func() {
		if cause := recover(); cause != nil {
			s.options.Log.Error("request failed", "method", r.Method, "path", r.URL.Path, "cause", cause, "stack", string(debug.Stack()))
			plain(http.StatusInternalServerError, "caused: the node failed to answer;").write(w, r)
		}
	}()
	result, failed := s.answer(w, r)
	switch {
	case failed != nil:
		failed.write(w, r)
	case result == nil: // written already
	default:
		write(w, r, result)
	}
}

// write answers with what a handler returned.
func write(w http.ResponseWriter, r *http.Request, result answer) {
	if text, isText := result.(string); isText {
		writeText(w, r, text)
		return
	}
	if !acceptsJSON(r) {
		plain(http.StatusInternalServerError, "caused: Could not find acceptable representation;").write(w, r)
		return
	}
	if raw, encoded := result.(rawJSON); encoded {
		writeRawJSON(w, http.StatusOK, raw)
		return
	}
	writeJSON(w, http.StatusOK, result)
}

// answer takes a request through the filters to its handler. A forwarded request is answered in place: both results are nil.
func (s *Server) answer(w http.ResponseWriter, r *http.Request) (answer, *failure) {
	if strings.ContainsAny(r.URL.RawQuery, "\"<>[\\]^`{|}") { // Tomcat refuses these before Nacos sees the request
		return nil, plain(http.StatusBadRequest, "Invalid character found in the request target: escape it with %")
	}
	path, below := strings.CutPrefix(r.URL.Path, "/nacos")
	if !below {
		return nil, page(http.StatusNotFound, "No message available")
	}
	if strings.Contains(r.URL.Path, "//") {
		return nil, page(http.StatusInternalServerError, `The request was rejected because the URL contained a potentially malicious String "//"`)
	}
	req := &request{Request: r, path: strings.TrimSuffix(path, "/")}
	naming := strings.HasPrefix(req.path, "/v1/ns/")
	verbs, known := s.routes[req.path]
	route, allowed := verbs[verbOf(r.Method, naming)]
	switch {
	case naming && !allowed:
		return nil, page(http.StatusNotImplemented, "no such api:"+r.Method+":"+r.URL.Path)
	case !known:
		return nil, page(http.StatusNotFound, "No message available")
	case !allowed:
		return nil, plain(http.StatusInternalServerError, "caused: Request method &#39;"+r.Method+"&#39; not supported;")
	}
	if failed := req.read(w); failed != nil {
		return nil, failed
	}
	if !naming {
		return route.handle(req)
	}
	if failed := req.filterName(); failed != nil {
		return nil, failed
	}
	if route.routed {
		forwarded, failed := s.forward(w, req)
		if forwarded || failed != nil {
			return nil, failed
		}
	}
	c, failed := req.checkedOf()
	if failed != nil {
		return nil, failed
	}
	if failed := c.check(); failed != nil {
		return nil, failed
	}
	return route.handle(req)
}

// verbOf takes HEAD for GET where Spring does: everywhere but under /v1/ns, whose routing filter knows no HEAD.
func verbOf(method string, naming bool) string {
	if method == http.MethodHead && !naming {
		return http.MethodGet
	}
	return method
}

// restResult is Nacos's envelope of some v1 answers (RestResult).
type restResult struct {
	Code    int     `json:"code"`
	Message *string `json:"message"`
	Data    any     `json:"data"`
}

func result(data any) restResult { return restResult{Code: http.StatusOK, Data: data} }

// objectJSON encodes an object whose fields are few and known to encode.
func objectJSON(value any) json.RawMessage {
	text, err := json.Marshal(value)
	if err != nil {
		return json.RawMessage("null")
	}
	return text
}
