//go:build unix

package main

import (
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
	const write = "/nacos/v1/ns/instance?serviceName=kept&ip=10.0.0.1&port=80&ephemeral=false"
	require.Eventually(t, func() bool {
		status, _ := asks("POST", "http://"+addresses[0]+write+"&username=nacos&password=secret", "")
		return status == 200
	}, 30*time.Second, 50*time.Millisecond, "the cluster takes writes")
	status, body := asks("POST", "http://"+addresses[1]+write, "")
	require.Equal(t, 403, status, body)
	status, body = asks("GET", "http://"+addresses[1]+"/nacos/v2/core/cluster/node/list?username=nacos&password=secret", "")
	require.Equal(t, 200, status)
	require.Equal(t, 2, strings.Count(body, `"state":"UP"`), "members report to each other: %s", body)
}
