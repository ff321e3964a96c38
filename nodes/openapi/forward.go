package openapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"muster/nodes/registry"
)

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
			DialContext:           (&net.Dialer{Timeout: peerTimeout}).DialContext,
			ResponseHeaderTimeout: peerTimeout, MaxIdleConnsPerHost: 16, IdleConnTimeout: 30 * time.Second, DisableCompression: true,
		},
		Timeout:       3 * peerTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// forward sends a request to the node that is responsible for its ip:port, unless that is this one (Nacos: DistroFilter). It
// reports whether it answered the client.
func (s *Server) forward(w http.ResponseWriter, r *request) (bool, *failure) {
	tag, failed := r.tag()
	if failed != nil {
		return false, failed
	}
	owner := s.options.Owner(tag)
	if owner == s.options.Self || !s.options.Registry.Switches().DistroEnabled {
		return false, nil
	}
	if strings.Contains(r.Header.Get("User-Agent"), "Nacos-Server") {
		from, _, err := net.SplitHostPort(r.RemoteAddr)
		if err != nil {
			from = r.RemoteAddr
		}
		return false, page(http.StatusBadRequest, "receive invalid redirect request from peer "+from)
	}
	serverFailed := func(err error) *failure {
		return page(http.StatusInternalServerError, "Server failed, caused: "+err.Error()+";")
	}
	target := url.URL{Scheme: "http", Host: owner, Path: r.URL.Path, RawQuery: r.URL.RawQuery}
	out, err := http.NewRequestWithContext(r.Context(), r.Method, target.String(), bytes.NewReader(r.body))
	if err != nil {
		return false, serverFailed(err)
	}
	out.Header = r.Header.Clone()
	for _, hop := range []string{"Connection", "Keep-Alive", "Transfer-Encoding", "Upgrade", "Te", "Trailer", "Expect"} {
		out.Header.Del(hop)
	}
	out.Header.Set("User-Agent", peerAgent)
	// All routed requests say what should be, not what to change: sending one again over a new connection, when a kept one turns
	// out to be dead, does no harm. An empty value tells the transport so and is not sent.
	out.Header["Idempotency-Key"] = nil
	answer, err := s.peers.Do(out)
	if err != nil {
		return false, serverFailed(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, answerLimit))
	if err != nil {
		return false, serverFailed(err)
	}
	w.Header().Set("Content-Type", forwardedMedia)
	w.WriteHeader(answer.StatusCode)
	writeBody(w, body)
	return true, nil
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
	if beat := r.raw("beat"); strings.TrimSpace(beat) != "" {
		b, failed := parseBeat(beat)
		if failed != nil {
			return "", failed
		}
		ip, port = b.IP, b.Port
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

// parseBeat reads the JSON of a beat.
func parseBeat(text string) (beatInfo, *failure) {
	var b beatInfo
	if err := decodeJSON(text, &b); err != nil {
		return b, deserializeFailed("com.alibaba.nacos.naming.healthcheck.RsInfo", err)
	}
	return b, nil
}

// decodeJSON reads one JSON value and refuses anything behind it.
func decodeJSON(text string, into any) error {
	decoder := json.NewDecoder(strings.NewReader(text))
	if err := decoder.Decode(into); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one JSON value")
	}
	return nil
}

// deserializeFailed is how Nacos says that JSON could not be read; the cause is Jackson's there, and Go's here.
func deserializeFailed(class string, err error) *failure {
	return page(http.StatusInternalServerError, "Server failed, caused: errCode: 101, errMsg: Nacos deserialize for class ["+class+
		"] failed, cause error["+err.Error()+"].  ;caused: "+err.Error()+";")
}
