package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Against a cluster where one must log in, who does not is told so at the first answer, before anything is played.
func TestATargetThatWantsALogin(t *testing.T) {
	asked := 0
	node := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/operator/metrics") {
			return // it is public
		}
		asked++
		http.Error(w, "user not found!", http.StatusForbidden)
	}))
	defer node.Close()
	for _, arguments := range [][]string{
		{"conformance", "--target", strings.TrimPrefix(node.URL, "http://"), "--only", "v1-operator/cluster-"},
		{"live", "calm", "--target", node.URL, "--out", t.TempDir()},
	} {
		asked = 0
		code, stdout, stderr := invoke(t, arguments...)
		require.Equal(t, exitFailed, code, arguments)
		require.Empty(t, stdout, arguments)
		require.Contains(t, stderr, "403 Forbidden: the cluster wants a login: --username", arguments)
		require.Equal(t, 1, asked, arguments)
	}
}
