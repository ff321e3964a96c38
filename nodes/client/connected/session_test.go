package connected_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"

	"muster/model"
	"muster/nodes/auth"
	"muster/nodes/client/connected"
	"muster/nodes/client/login"
)

// guardFor knows shop, whose password is pass, and who may do anything. Its tokens hold for some seconds.
func guardFor(t *testing.T, seconds int) *auth.Guard {
	hash, err := bcrypt.GenerateFromPassword([]byte("pass"), bcrypt.MinCost)
	require.NoError(t, err)
	accounts, directory := auth.Accounts{
		SecretKey: strings.Repeat("a2tr", 11), TokenSeconds: seconds, Identity: auth.Identity{Key: "k", Value: "v"},
		Users: []auth.User{{Name: "shop", Password: string(hash), Roles: []string{auth.AdminRole}}},
	}, auth.NewDirectory()
	seed, err := accounts.Seed().Encode()
	require.NoError(t, err)
	require.Nil(t, directory.ApplyCommand(seed))
	guard, err := auth.New(accounts, directory)
	require.NoError(t, err)
	return guard
}

// A client with a session registers, and does so again on a new connection long after its first token has expired; one without is refused.
func TestConnectionsShowTokens(t *testing.T) {
	bubble(t, func(t *testing.T) {
		cluster := newCluster(t)
		guard := guardFor(t, 10)
		cluster.guard = guard
		cluster.names = []string{one}
		cluster.start(one)
		logins := 0
		cluster.network.Serve(one, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			logins++
			session, err := guard.Login(r.Context(), auth.Credentials{Name: r.PostFormValue("username"), Password: r.PostFormValue("password")})
			if err != nil {
				w.WriteHeader(http.StatusForbidden)
				return
			}
			_ = json.NewEncoder(w).Encode(map[string]any{"accessToken": session.Token, "tokenTtl": int(session.Life.Seconds())})
		}))
		stranger := cluster.client(nil)
		answer := stranger.Register(t.Context(), orders, first)
		require.Equal(t, model.Fail, answer.Outcome)
		require.Equal(t, 403, answer.Status)

		session, err := login.New(login.Options{
			Nodes: []string{"http://" + one}, Name: "shop", Password: "pass", Timeout: time.Second, Dial: cluster.network.Dial,
		})
		require.NoError(t, err)
		shop := cluster.client(func(o *connected.Options) { o.Session = session })
		require.Equal(t, model.OK, shop.Register(t.Context(), orders, second).Outcome)
		require.Equal(t, 1, logins)
		time.Sleep(time.Minute)
		cluster.stop(one)
		time.Sleep(time.Second)
		cluster.start(one)
		time.Sleep(10 * time.Second)
		require.Equal(t, []string{"10.1.0.2"}, cluster.listed(one), "redone, with another token")
		require.Equal(t, 2, logins)
	})
}
