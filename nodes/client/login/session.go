package login

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

const (
	// path is where Nacos logs clients in; version 3 keeps it for older ones.
	path = "/nacos/v1/auth/login"
	// window is the part of a token's life before whose end there should be another one: a tenth (SecurityProxy).
	window = 10
	// patience is how long a new token is believed in, though nodes refuse what is done with it, and how long to wait after a login that
	// failed while the old token still holds.
	patience = 5 * time.Second
	// answerLimit in bytes: no answer to a login is longer.
	answerLimit = 64 << 10
)

// ErrRefused is a wrong name or password: another node would say the same.
var ErrRefused = errors.New("the registry knows no such name and password")

// Options of a Session.
type Options struct {
	// Nodes are the base URLs of the cluster's nodes, such as http://10.0.0.1:8848.
	Nodes []string
	// Name and Password are the user's.
	Name, Password string
	// Timeout of one login at one node.
	Timeout time.Duration
	// Dial opens connections. Nil: TCP.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Log takes notice of logins that fail. Nil: nobody does.
	Log *slog.Logger
}

// Session is a client's. It is safe for concurrent use; nil is that of a client that shows nobody who it is.
type Session struct {
	options Options
	http    *http.Client
	log     *slog.Logger
	// turn is held by who logs in, so that others wait for the token that he gets, each as long as he has time.
	turn chan struct{}
	// first is the node to ask first: the one that answered last. It is his who has the turn.
	first int

	mu    sync.Mutex
	token string
	// got is when the token came; it holds until ends, and should be replaced from renew on.
	got, renew, ends time.Time
}

// New makes a session, which logs in when a token is first wanted; nil, without an error, where there is no name to log in by.
func New(options Options) (*Session, error) {
	if options.Name == "" && options.Password == "" {
		return nil, nil
	}
	if options.Name == "" || options.Password == "" {
		return nil, errors.New("name and password to log in: want both or none")
	}
	if len(options.Nodes) == 0 || options.Timeout <= 0 {
		return nil, fmt.Errorf("log in at %d nodes within %v: want at least one, and a time", len(options.Nodes), options.Timeout)
	}
	s := &Session{options: options, log: options.Log, turn: make(chan struct{}, 1)}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	dial := options.Dial
	if dial == nil {
		dial = (&net.Dialer{KeepAlive: -1}).DialContext
	}
	s.http = &http.Client{
		Transport:     &http.Transport{DialContext: dial, DisableKeepAlives: true, DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       options.Timeout,
	}
	return s, nil
}

// Token is one that holds; empty for a nil session. It logs in if need be.
func (s *Session) Token(ctx context.Context) (string, error) {
	if s == nil {
		return "", nil
	}
	if token := s.fresh(); token != "" {
		return token, nil
	}
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return "", fmt.Errorf("wait for another login as %s: %w", s.options.Name, ctx.Err())
	}
	if token := s.fresh(); token != "" {
		return token, nil
	}
	now := time.Now()
	token, err := s.logIn(ctx)
	if err == nil {
		return token, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.token != "" && now.Before(s.ends) {
		s.log.Warn("client.login", "error", err.Error())
		s.renew = now.Add(patience)
		return s.token, nil
	}
	return "", err
}

// fresh is the token, if there is one that need not be replaced yet.
func (s *Session) fresh() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Now().Before(s.renew) {
		return s.token
	}
	return ""
}

// Refused says that a node refused what was done with a token. It answers whether that is worth another try with another token: not if the
// token is new, for then it is what was done that nobody permits.
func (s *Session) Refused(token string) bool {
	if s == nil || token == "" {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if token != s.token {
		return true
	}
	if time.Since(s.got) < patience {
		return false
	}
	s.token = ""
	return true
}

// logIn asks one node after another for a token, and keeps it.
func (s *Session) logIn(ctx context.Context) (token string, err error) {
	var problems []error
	for range s.options.Nodes {
		token, err := s.logInAt(ctx, s.options.Nodes[s.first])
		if err == nil {
			return token, nil
		}
		problems = append(problems, err)
		if errors.Is(err, ErrRefused) || ctx.Err() != nil {
			break
		}
		s.first = (s.first + 1) % len(s.options.Nodes)
	}
	return "", errors.Join(problems...)
}

func (s *Session) logInAt(ctx context.Context, node string) (token string, err error) {
	form := url.Values{"username": {s.options.Name}, "password": {s.options.Password}}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(node, "/")+path, strings.NewReader(form.Encode()))
	if err != nil {
		return "", fmt.Errorf("log in: %w", err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := s.http.Do(request)
	if err != nil {
		return "", fmt.Errorf("log in as %s: %w", s.options.Name, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, answerLimit))
	if err != nil {
		return "", fmt.Errorf("log in as %s at %s: %w", s.options.Name, node, err)
	}
	var said struct {
		Token string `json:"accessToken"`
		Life  int64  `json:"tokenTtl"`
	}
	switch {
	case response.StatusCode == http.StatusForbidden || response.StatusCode == http.StatusUnauthorized:
		return "", fmt.Errorf("log in as %s at %s: %w", s.options.Name, node, ErrRefused)
	case response.StatusCode != http.StatusOK:
		return "", fmt.Errorf("log in as %s at %s: status %d: %.200q", s.options.Name, node, response.StatusCode, body)
	case json.Unmarshal(body, &said) != nil || said.Token == "" || said.Life <= 0:
		return "", fmt.Errorf("log in as %s at %s: want an answer with accessToken and tokenTtl, got %d bytes without", s.options.Name, node, len(body))
	}
	life := time.Duration(said.Life) * time.Second
	s.mu.Lock()
	defer s.mu.Unlock()
	s.token, s.got = said.Token, time.Now()
	s.renew, s.ends = s.got.Add(life-life/window), s.got.Add(life)
	return s.token, nil
}
