package openapi

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"muster/nodes/defect"
	"muster/nodes/jackson"
	"muster/nodes/paramcheck"
	"muster/nodes/registry"
)

// VersionTwoStaysLocal is the defect that version 2 of the API routes nothing: see toOwner.
const VersionTwoStaysLocal defect.Name = "openapi/versionTwoStaysLocal"

const (
	// peerTimeout bounds connecting to the responsible node and, again, waiting for its answer (Nacos:
	// DistroFilter.PROXY_CONNECT_TIMEOUT and PROXY_READ_TIMEOUT).
	peerTimeout = 2 * time.Second
	// peerAgent is the User-Agent of a request that a node forwards. Such a request is not forwarded again.
	peerAgent = "Nacos-Server:v2.5.1"
	// forwardedMedia is the content type of every forwarded answer, whatever the owner said.
	forwardedMedia = "application/json;charset=UTF-8"
	// answerLimit is how much of the owner's answer is passed on.
	answerLimit = 16 << 20
)

// newPeerClient makes the client that forwards requests. It keeps a few connections to each peer.
func newPeerClient() *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			DialContext:           dialPeer,
			ResponseHeaderTimeout: peerTimeout, MaxIdleConnsPerHost: 16, IdleConnTimeout: 30 * time.Second, DisableCompression: true,
		},
		Timeout:       3 * peerTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// dialPeer connects so that closing the connection drops what it has not sent yet: a write that was answered with an error must not arrive
// after all, once a cut has healed. Where the system has no such option, it may.
func dialPeer(ctx context.Context, network, address string) (net.Conn, error) {
	connection, err := (&net.Dialer{Timeout: peerTimeout}).DialContext(ctx, network, address)
	if tcp, ok := connection.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	return connection, err
}

// forward sends a request of version 1 to the node that is responsible for its ip:port, unless that is this one (Nacos:
// DistroFilter); then the answer is nil.
func (s *Server) forward(r *request) (*relayed, *failure) {
	tag, failed := s.tag(r)
	if failed != nil {
		return nil, failed
	}
	owner, away := s.away(tag)
	if !away {
		return nil, nil
	}
	if from, loop := r.fromPeer(); loop {
		return nil, page(http.StatusBadRequest, redirectProblem+from)
	}
	answer, err := s.relay(r, owner)
	if err != nil {
		return nil, page(http.StatusInternalServerError, "Server failed, caused: "+err.Error()+";")
	}
	answer.media = forwardedMedia
	return answer, nil
}

// toOwner passes a request of version 2 on if another node is responsible for the address. Nacos 2.5.1 does not: what is written
// at another node stays there, is not synchronised, and no beat is missed (github.com/alibaba/nacos/issues/14992).
func (s *Server) toOwner(r *request, ip string, port int) (*relayed, *failure) {
	owner, away := s.away(registry.Tag(ip, port))
	if !away || defect.On(VersionTwoStaysLocal) {
		return nil, nil
	}
	if from, loop := r.fromPeer(); loop {
		return nil, plain(http.StatusBadRequest, redirectProblem+from)
	}
	answer, err := s.relay(r, owner)
	if err != nil {
		return nil, plain(http.StatusInternalServerError, "the responsible node does not answer: "+err.Error())
	}
	return answer, nil
}

// redirectProblem is how a node refuses what a peer forwarded to it by mistake: the two see different members.
const redirectProblem = "receive invalid redirect request from peer "

// away says who is responsible for a tag if not this node.
func (s *Server) away(tag string) (owner string, away bool) {
	owner = s.options.Owner(tag)
	return owner, owner != s.options.Self && s.options.Registry.Switches().DistroEnabled
}

// fromPeer says which node forwarded the request, if one did.
func (r *request) fromPeer() (from string, forwarded bool) {
	if !strings.Contains(r.Header.Get("User-Agent"), "Nacos-Server") {
		return "", false
	}
	return r.sender(), true
}

// relayed is another node's answer.
type relayed struct {
	status int
	media  string
	body   []byte
}

// relay asks another node and waits for its answer.
func (s *Server) relay(r *request, owner string) (*relayed, error) {
	target := url.URL{Scheme: "http", Host: owner, Path: r.URL.Path, RawQuery: r.URL.RawQuery}
	out, err := http.NewRequestWithContext(r.Context(), r.Method, target.String(), bytes.NewReader(r.body))
	if err != nil {
		return nil, err
	}
	out.Header = r.Header.Clone()
	for _, hop := range []string{"Connection", "Keep-Alive", "Transfer-Encoding", "Upgrade", "Te", "Trailer", "Expect"} {
		out.Header.Del(hop)
	}
	out.Header.Set("User-Agent", peerAgent)
	// All routed requests say what should be, not what to change: sending one again over a new connection, when a kept one turns
	// out to be dead, does no harm. An empty value tells the transport so and is not sent.
	out.Header["Idempotency-Key"] = nil
	return s.fetch(out)
}

// fetch sends a request to another node and reads its answer.
func (s *Server) fetch(request *http.Request) (*relayed, error) {
	answer, err := s.peers.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, answerLimit))
	if err != nil {
		return nil, err
	}
	return &relayed{status: answer.StatusCode, media: answer.Header.Get("Content-Type"), body: body}, nil
}

// tag is what decides which node is responsible: the address of an instance, or in Nacos 1.x the service.
func (s *Server) tag(r *request) (string, *failure) {
	if !s.one() {
		return r.tag()
	}
	if name := r.raw("serviceName"); name != "" {
		return name, nil
	}
	return "", page(http.StatusInternalServerError, "Server failed,")
}

// tag is what decides which node is responsible: ip and port of the request or of its beat. The port is read as a number, so that
// "0081" and the client that it registers, "81", have one owner; Nacos takes the text, and never synchronises such an instance.
func (r *request) tag() (string, *failure) {
	ip, text := strings.TrimSpace(r.raw("ip")), strings.TrimSpace(r.raw("port"))
	if ip == "" {
		ip = "null" // how Java writes an absent text
	}
	port, err := parseJavaInt(text)
	if err != nil && text != "" {
		return ip + ":" + text, nil // the check at the owner refuses it
	}
	beat, failed := r.fullBeat()
	if failed != nil {
		return "", failed
	}
	if beat != nil {
		ip, port = beat.IP, beat.Port
	}
	return registry.Tag(ip, port), nil
}

// beatInfo is what a full beat says of its instance (Nacos: RsInfo).
type beatInfo struct {
	IP        string             `json:"ip"`
	Port      int                `json:"port"`
	Cluster   string             `json:"cluster"`
	Weight    float64            `json:"weight"`
	Ephemeral *bool              `json:"ephemeral"`
	Metadata  map[string]*string `json:"metadata"`
}

// beatType is the JSON of a beat as Nacos reads it.
var beatType = &jackson.Type{Class: "com.alibaba.nacos.naming.healthcheck.RsInfo", Fields: map[string]*jackson.Type{
	"ak": jackson.TextType, "cluster": jackson.TextType, "ip": jackson.TextType, "serviceName": jackson.TextType, "port": jackson.IntType,
	"cpu": jackson.DoubleType, "load": jackson.DoubleType, "mem": jackson.DoubleType, "qps": jackson.DoubleType, "rt": jackson.DoubleType,
	"weight": jackson.DoubleType, "ephemeral": jackson.BooleanType, "metadata": jackson.TextsType,
}}

// fullBeat reads the JSON of a beat; nil if there is none.
func (r *request) fullBeat() (*beatInfo, *failure) {
	text := r.raw("beat")
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	var b beatInfo
	if err := decodeJSON(text, &b); err != nil {
		return nil, r.deserializeFailed(beatType.Class, unread(text, jackson.FromText, beatType, err))
	}
	return &b, nil
}

// check is the parameter check of what a beat holds.
func (b beatInfo) check() *failure {
	return refused(paramcheck.Params{IP: b.IP, Port: strconv.Itoa(b.Port), Clusters: []string{b.Cluster}})
}
