package login_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"muster/nodes/client/clienttest"
	"muster/nodes/client/login"
)

// door gives out tokens token-1, token-2 and so on.
type door struct {
	mu     sync.Mutex
	given  int
	status int
	body   string
}

func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.status != 0:
		w.WriteHeader(d.status)
		fmt.Fprint(w, d.body)
	case r.Method != "POST" || r.URL.Path != "/nacos/v1/auth/login" || r.URL.RawQuery != "":
		w.WriteHeader(http.StatusNotFound)
	case r.PostFormValue("username") != "shop" || r.PostFormValue("password") != "pass":
		w.WriteHeader(http.StatusForbidden)
	default:
		d.given++
		fmt.Fprintf(w, `{"accessToken":"token-%d","tokenTtl":100}`, d.given)
	}
}

func (d *door) answer(status int, body string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.status, d.body = status, body
}

const one, two = "10.0.0.1:8848", "10.0.0.2:8848"

func newSession(t *testing.T, network *clienttest.Network, password string) *login.Session {
	s, err := login.New(login.Options{
		Nodes: []string{"http://" + one, "http://" + two}, Name: "shop", Password: password, Timeout: 3 * time.Second, Dial: network.Dial,
	})
	require.NoError(t, err)
	return s
}

func TestTokensAreReplacedBeforeTheyExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network, node := clienttest.New(t), &door{}
		network.Serve(one, node)
		s := newSession(t, network, "pass")
		token := func() string {
			token, err := s.Token(t.Context())
			require.NoError(t, err)
			return token
		}
		require.Equal(t, "token-1", token())
		time.Sleep(89 * time.Second)
		require.Equal(t, "token-1", token())
		time.Sleep(2 * time.Second)
		require.Equal(t, "token-2", token(), "in the last tenth of its life")
		time.Sleep(91 * time.Second)
		node.answer(500, "busy")
		require.Equal(t, "token-2", token(), "it still holds, though no node gives another one")
		node.answer(0, "")
		require.Equal(t, "token-2", token(), "nodes are not asked each time")
		time.Sleep(6 * time.Second)
		require.Equal(t, "token-3", token())
		node.answer(500, "busy")
		time.Sleep(101 * time.Second)
		_, err := s.Token(t.Context())
		require.ErrorContains(t, err, `log in as shop at http://10.0.0.1:8848: status 500: "busy"`)
	})
}

func TestRefusedTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network, node := clienttest.New(t), &door{}
		network.Serve(one, node)
		s := newSession(t, network, "pass")
		token, err := s.Token(t.Context())
		require.NoError(t, err)
		require.False(t, s.Refused(token), "another one would not do better")
		time.Sleep(6 * time.Second)
		require.True(t, s.Refused(token))
		again, err := s.Token(t.Context())
		require.NoError(t, err)
		require.Equal(t, "token-2", again)
		require.True(t, s.Refused(token), "there is another one by now")
	})
}

func TestLoggingInElsewhereOrNotAtAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network, first, second := clienttest.New(t), &door{status: 503}, &door{}
		network.Serve(one, first)
		network.Serve(two, second)
		token, err := newSession(t, network, "pass").Token(t.Context())
		require.NoError(t, err)
		require.Equal(t, "token-1", token)
		first.answer(0, "")
		_, err = newSession(t, network, "wrong").Token(t.Context())
		require.ErrorIs(t, err, login.ErrRefused)
		require.NotContains(t, err.Error(), "wrong", "passwords stand in no error")
		for body, problem := range map[string]string{`{}`: "want an answer with accessToken", `x`: "want an answer with accessToken", `{"accessToken":"t"}`: "tokenTtl"} {
			first.answer(200, body)
			second.answer(200, body)
			_, err = newSession(t, network, "pass").Token(t.Context())
			require.ErrorContains(t, err, problem)
		}
	})
}

func TestWhoShowsNothing(t *testing.T) {
	s, err := login.New(login.Options{})
	require.NoError(t, err)
	token, err := s.Token(t.Context())
	require.NoError(t, err)
	require.Empty(t, token)
	require.False(t, s.Refused(token))
	for problem, options := range map[string]login.Options{
		"want both or none": {Name: "shop"},
		"log in at 0 nodes": {Name: "shop", Password: "pass", Timeout: time.Second},
		"within 0s":         {Name: "shop", Password: "pass", Nodes: []string{"http://" + one}},
	} {
		_, err := login.New(options)
		require.ErrorContains(t, err, problem)
	}
}

// While one logs in, others wait for his token, but none longer than he has time.
func TestLoggingInTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network, node := clienttest.New(t), &door{}
		network.Serve(one, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(2 * time.Second)
			node.ServeHTTP(w, r)
		}))
		s := newSession(t, network, "pass")
		tokens := make(chan string, 2)
		for range cap(tokens) {
			go func() {
				token, err := s.Token(t.Context())
				require.NoError(t, err)
				tokens <- token
			}()
		}
		synctest.Wait()
		hasty, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		_, err := s.Token(hasty)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, time.Second, time.Since(began))
		require.Equal(t, "token-1", <-tokens)
		require.Equal(t, "token-1", <-tokens)
	})
}
