//go:build unix

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"
)

// Members that know each other make a cluster that takes writes from those who may write, and from nobody else.
func TestAccountsOfACluster(t *testing.T) {
	hash, err := bcrypt.GenerateFromPassword([]byte("secret"), bcrypt.MinCost)
	require.NoError(t, err)
	accounts := filepath.Join(t.TempDir(), "accounts.json")
	require.NoError(t, os.WriteFile(accounts, []byte(`{"secret_key":"`+strings.Repeat("a2tr", 11)+`","identity":{"key":"member","value":"known"},
		"users":[{"name":"nacos","password":"`+string(hash)+`","roles":["ROLE_ADMIN"]}]}`), 0o600))
	addresses := []string{freeAddress(t), freeAddress(t)}
	for _, address := range addresses {
		launchMember(t, address, "--members", strings.Join(addresses, ","), "--data", t.TempDir(), "--accounts", accounts)
	}
	const write, admin = "/nacos/v1/ns/instance?serviceName=kept&ip=10.0.0.1&port=80&ephemeral=false", "username=nacos&password=secret"
	for _, address := range addresses {
		require.Eventually(t, func() bool {
			status, _ := asks("POST", "http://"+address+write+"&"+admin, "")
			return status == 200
		}, patience, 50*time.Millisecond, "the cluster takes writes")
	}
	status, body := asks("POST", "http://"+addresses[1]+write, "")
	require.Equal(t, 403, status, body)
	require.Eventually(t, func() bool {
		status, body := asks("GET", "http://"+addresses[1]+"/nacos/v2/core/cluster/node/list?"+admin, "")
		return status == 200 && strings.Count(body, `"state":"UP"`) == 2
	}, patience, 50*time.Millisecond, "members report to each other")

	status, body = asks("POST", "http://"+addresses[1]+"/nacos/v1/auth/users?"+admin+"&accessToken=", "")
	require.Equal(t, 400, status, "there is that user: %s", body)
	token := tokenOf(t, addresses[0], admin)
	status, body = asks("POST", "http://"+addresses[1]+"/nacos/v1/auth/users?username=new&password=new&accessToken="+token, "")
	require.Equal(t, 200, status, body)
	require.Eventually(t, func() bool {
		status, _ := asks("POST", "http://"+addresses[0]+"/nacos/v1/auth/login?username=new&password=new", "")
		return status == 200
	}, patience, 50*time.Millisecond, "who is made at one member logs in at the other")
}

// tokenOf logs in.
func tokenOf(t *testing.T, address, who string) string {
	status, body := asks("POST", "http://"+address+"/nacos/v1/auth/login?"+who, "")
	require.Equal(t, 200, status, body)
	var session struct{ AccessToken string }
	require.NoError(t, json.Unmarshal([]byte(body), &session))
	return session.AccessToken
}
