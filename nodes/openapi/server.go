package openapi

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	pathpkg "path"
	"runtime/debug"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"muster/nodes/auth"
	"muster/nodes/liveness"
	"muster/nodes/loader"
	"muster/nodes/push"
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
	Self string
	// Profile says as which generation of Nacos the node answers.
	Profile  registry.Profile
	Registry *registry.Registry
	Liveness *liveness.Liveness
	Log      *slog.Logger
	// Owner says which member answers for a tag, "ip:port".
	Owner func(tag string) string
	// Members are all members of the cluster in this node's view, by address.
	Members func() []Member
	// Raft is the Raft group in this node's view.
	Raft func() RaftGroup
	// Pushes counts the pushes over UDP; with reset, the next count begins now.
	Pushes func(reset bool) push.State
	// Propose brings a command to the Raft group and returns when it is applied here. Its error is a registry.ErrService… if the
	// command was refused; with any other error the command may be applied later.
	Propose func(context.Context, registry.Command) error
	// Barrier returns when this node has applied everything that was acknowledged before the call.
	Barrier func(context.Context) error
	// Operate carries out one of RaftOperations, an operator's commands for the Raft group; value names members by their Raft ports.
	Operate        func(ctx context.Context, command, value string) error
	RaftOperations []string
	// Counters are what other parts of the node have counted. Nil: nothing.
	Counters func() Counters
	// Loader moves the connections of SDKs.
	Loader *loader.Loader
	// Metrics has /actuator/prometheus answered. Nacos answers it only where its configuration exposes it
	// (management.endpoints.web.exposure.include). Guests never do.
	Metrics bool
	// Auth says who may do what; nil: everybody everything.
	Auth *auth.Guard
	// Accounts are the cluster's users, roles and permissions.
	Accounts *auth.Editor
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

// Counters are counts since the node started, for metrics.
type Counters struct {
	// Pushes are those over gRPC.
	Pushes push.Tally
	// Checks are those of persistent instances, by kind: "TCP", "HTTP" and "MYSQL".
	Checks map[string]int
	// Refused is what was turned away, by what it was: "raft", "connection" and the like.
	Refused map[string]uint64
}

// Server answers HTTP requests.
type Server struct {
	options Options
	// meter is nil where nobody reads metrics.
	meter *meter
	// bodies is how many bytes the long bodies have that are being answered.
	bodies atomic.Int64
	routes map[string]map[string]route
	peers  *http.Client
	http   *http.Server
}

// New makes a server; Serve makes it listen.
func New(options Options) *Server {
	s := &Server{options: options, peers: newPeerClient()}
	if options.Metrics {
		s.meter = newMeter()
	}
	s.routes = s.table()
	if options.Profile == registry.Nacos1 {
		s.routes = s.tableOne()
	}
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

// answer is what a handler returns on success: a text, another node's answer, or a value to be written as JSON.
type answer any

// rawJSON is an answer that is encoded already.
type rawJSON []byte

// noContent is an answer without a body or a type.
type noContent struct{}

// typedJSON is JSON of a media type of its own.
type typedJSON struct {
	media string
	value any
}

// handler answers a request.
type handler = func(*request) (answer, *failure)

// route is one verb of one path.
type route struct {
	handle handler
	// mapped refuses requests that no controller is for, before anybody asks who sent them; nil for none.
	mapped func(*request) *failure
	// routed requests go to the node that is responsible for their ip:port (Nacos: @CanDistro).
	routed bool
	// check is the parameter check, nil for none.
	check func(*request) *failure
	// result has failures told in the envelope of version 2 (Nacos: @NacosApi).
	result bool
	// caused has failures told in the words of Nacos 1.x.
	caused bool
	// open needs no credentials.
	open bool
	// writes has a GET need what a change needs; resets does so, and closes an open one, where it has the parameter reset=true.
	writes, resets bool
}

// ServeHTTP answers one request. Whatever goes wrong in it stays in it.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer func() {
		if cause := recover(); cause != nil {
			s.options.Log.Error("request failed", "method", r.Method, "path", r.URL.Path, "cause", cause, "stack", string(debug.Stack()))
			plain(http.StatusInternalServerError, "caused: the node failed to answer;").write(w, r)
		}
	}()
	if s.meter != nil {
		s.metered(w, r)
		return
	}
	s.serve(w, r)
}

// serve answers one request.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	result, failed := s.answer(w, r)
	if failed != nil {
		failed.write(w, r)
		return
	}
	write(w, r, result)
}

// write answers with what a handler returned.
func write(w http.ResponseWriter, r *http.Request, result answer) {
	switch result := result.(type) {
	case string:
		writeText(w, r, result)
	case *relayed:
		result.write(w)
	case noContent:
		w.Header()["Content-Type"] = nil
		w.WriteHeader(http.StatusOK)
	default:
		writeValue(w, r, result)
	}
}

// writeValue answers with JSON, if the client takes it.
func writeValue(w http.ResponseWriter, r *http.Request, result answer) {
	if !acceptsJSON(r) {
		unacceptable(r).write(w, r)
		return
	}
	switch result := result.(type) {
	case rawJSON:
		writeRawJSON(w, http.StatusOK, result)
	case *lentJSON:
		writeRawJSON(w, http.StatusOK, result.text)
		lists.Put(result)
	case typedJSON:
		writeMedia(w, http.StatusOK, result.media, result.value)
	default:
		writeJSON(w, http.StatusOK, result)
	}
}

// answer takes a request through the filters to its handler.
func (s *Server) answer(w http.ResponseWriter, r *http.Request) (answer, *failure) {
	if strings.ContainsAny(r.URL.RawQuery, "\"<>[\\]^`{|}") { // Tomcat refuses these before Nacos sees the request
		return nil, outside(http.StatusBadRequest)
	}
	if r.Method == http.MethodTrace {
		return nil, outside(http.StatusMethodNotAllowed)
	}
	clean := pathpkg.Clean(r.URL.Path)
	path, below := strings.CutPrefix(r.URL.Path, "/nacos")
	if !below || !strings.HasPrefix(clean, "/nacos") {
		return nil, outside(http.StatusNotFound)
	}
	if strings.Contains(r.URL.Path+"/", "/./") || strings.Contains(r.URL.Path+"/", "/../") {
		return nil, page(http.StatusInternalServerError, "The request was rejected because the URL was not normalized.")
	}
	for _, malicious := range []string{";", "//"} {
		if strings.Contains(r.URL.Path, malicious) {
			return nil, page(http.StatusInternalServerError, `The request was rejected because the URL contained a potentially malicious String "`+malicious+`"`)
		}
	}
	req := &request{Request: r, path: strings.TrimSuffix(path, "/"), answered: w.Header()}
	verbs, known := s.routes[req.path]
	if key, below := strings.CutPrefix(req.path, statusesPath); below && key != "" {
		verbs, known = s.routes[statusesPath], true
	}
	route, allowed := verbs[verbOf(r.Method, req.versionOne())]
	if any, anyVerb := verbs[anyVerb]; anyVerb && r.Method != http.MethodOptions {
		route, allowed = any, true
	}
	switch {
	case req.versionOne() && !allowed:
		return nil, page(http.StatusNotImplemented, "no such api:"+r.Method+":"+r.URL.Path)
	case !known:
		return nil, page(http.StatusNotFound, "No message available")
	case !allowed && r.Method == http.MethodOptions:
		w.Header().Set("Allow", allowedVerbs(verbs))
		return noContent{}, nil
	case !allowed:
		failed := req.restFailure("Request method '" + r.Method + "' not supported")
		failed.bare = http.StatusMethodNotAllowed
		return nil, failed
	}
	leave, failed := s.makeRoom(r.ContentLength)
	if failed != nil {
		return nil, failed
	}
	defer leave()
	if failed := req.read(w, s.readsForm(req)); failed != nil {
		return nil, failed
	}
	if route.mapped != nil {
		if failed := route.mapped(req); failed != nil {
			return nil, failed
		}
	}
	if failed := s.permit(req, route); failed != nil {
		return nil, failed
	}
	switch {
	case req.versionOne():
		if result, failed := s.beforeVersionOne(req, route); result != nil || failed != nil {
			return result, failed
		}
	case route.check != nil:
		if failed := route.check(req); failed != nil {
			return nil, failed
		}
	}
	req.binds = !req.versionOne()
	result, failed := route.handle(req)
	switch {
	case route.result:
		failed = failed.inResult()
	case route.caused:
		failed = failed.asCause()
	}
	return result, failed
}

// readsForm says whether a form in the body counts: not with a GET (Tomcat reads that of a POST, Spring's FormContentFilter those of PUT,
// PATCH and DELETE), and in Nacos 1.x not with a POST to the naming API either.
func (s *Server) readsForm(r *request) bool {
	switch r.Method {
	case http.MethodPost:
		return !s.one() || !r.versionOne()
	case http.MethodPut, http.MethodPatch, http.MethodDelete:
		return true
	}
	return isMultipart(r.Header.Get("Content-Type"))
}

// makeRoom counts a body until it is answered; one whose length is not known may be as long as it can be.
func (s *Server) makeRoom(length int64) (leave func(), failed *failure) {
	if length >= 0 && length <= shortBody {
		return func() {}, nil
	}
	if length < 0 || length > bodyLimit {
		length = bodyLimit
	}
	leave = func() { s.bodies.Add(-length) }
	if s.bodies.Add(length) > bodiesRoom {
		leave()
		return nil, plain(http.StatusServiceUnavailable, "caused: other long bodies are being read: want this one again later, or shorter;")
	}
	return leave, nil
}

// beforeVersionOne are the filters that stand before /v1/ns alone. The result is not nil if another node answered.
func (s *Server) beforeVersionOne(req *request, route route) (answer, *failure) {
	if failed := req.filterName(); failed != nil {
		return nil, failed
	}
	if !s.one() {
		req.inSets()
	}
	if route.routed {
		if answer, failed := s.forward(req); answer != nil || failed != nil {
			return answer, failed
		}
	}
	if s.one() {
		return nil, nil // Nacos 1.x has no parameter check
	}
	if route.check != nil {
		return nil, route.check(req)
	}
	return nil, req.checkNaming()
}

// versionOne says whether the request is for version 1 of the naming API, before which stand filters of its own.
func (r *request) versionOne() bool { return strings.HasPrefix(r.path+"/", "/v1/ns/") }

// restFailure is how a controller outside of the naming API fails: in the old envelope for version 2, as text for version 1.
func (r *request) restFailure(problem string) *failure { return r.restFailureOf(errors.New(problem)) }

// restFailureOf is restFailure for an error, whose causes are told, too.
func (r *request) restFailureOf(problem error) *failure {
	failed := plain(http.StatusInternalServerError, javaEscaper.Replace(causes(problem)))
	if strings.HasPrefix(r.path, "/v2/") {
		failed.form = formRest
	}
	return failed
}

// javaEscaper writes a text as Spring's HtmlUtils.htmlEscape does.
var javaEscaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&#39;")

// anyVerb stands in the table for all verbs.
const anyVerb = "*"

// allowedVerbs is the header Allow of a path.
func allowedVerbs(verbs map[string]route) string {
	names := []string{http.MethodOptions}
	for verb := range verbs {
		if verb == anyVerb {
			return "GET,HEAD,POST,PUT,PATCH,DELETE,OPTIONS"
		}
		names = append(names, verb)
		if verb == http.MethodGet {
			names = append(names, http.MethodHead)
		}
	}
	slices.Sort(names)
	return strings.Join(names, ",")
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
