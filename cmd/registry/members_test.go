//go:build unix

package main

import (
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/nodes/rpc"
)

// launchMember starts a node with the given flags, and waits until it takes signals.
func launchMember(t *testing.T, address string, flags ...string) *process {
	p := &process{t: t, address: address, Cmd: exec.Command(os.Args[0], append([]string{"--addr", address}, flags...)...)}
	p.Env = append(os.Environ(), asNode+"=1")
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	require.NoError(t, err)
	p.Stderr = log
	require.NoError(t, p.Start())
	t.Cleanup(func() {
		_ = p.Process.Kill()
		_ = p.Wait()
		if t.Failed() {
			text, _ := os.ReadFile(log.Name())
			t.Logf("%s:\n%s", address, text)
		}
		_ = log.Close()
	})
	require.Eventually(t, func() bool {
		text, err := os.ReadFile(log.Name())
		return err == nil && len(text) > 0
	}, patience, time.Millisecond, "%s says that it starts", address)
	return p
}

// asks sends a request with a body, and returns status and answer; 0 if there was none.
func asks(method, url, body string) (int, string) {
	request, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		return 0, err.Error()
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err.Error()
	}
	defer response.Body.Close()
	text, _ := io.ReadAll(response.Body)
	return response.StatusCode, string(text)
}

func TestNodesJoinAndLeaveARunningCluster(t *testing.T) {
	conf := filepath.Join(t.TempDir(), "cluster.conf")
	var addresses []string
	for len(addresses) < 4 {
		addresses = append(addresses, freeAddress(t))
	}
	list := func(members []string, running ...*process) {
		require.NoError(t, os.WriteFile(conf, []byte("# the cluster\n"+strings.Join(members, "\n")), 0o666))
		for _, p := range running {
			require.NoError(t, p.Process.Signal(syscall.SIGHUP))
		}
	}
	start := func(address string) *process {
		return launchMember(t, address, "--members-file", conf, "--data", t.TempDir())
	}
	eventually := func(why string, done func() bool) {
		t.Helper()
		require.Eventually(t, done, patience, 50*time.Millisecond, why)
	}
	lists := func(address string) bool {
		_, body := asks("GET", "http://"+address+"/nacos/v1/ns/instance/list?serviceName=kept&read=linearizable", "")
		return strings.Contains(body, `"ip":"10.0.0.1"`)
	}
	list(addresses[:3])
	var nodes []*process
	for _, address := range addresses[:3] {
		nodes = append(nodes, start(address))
	}
	eventually("the cluster takes writes", func() bool {
		status, _ := asks("POST", "http://"+addresses[0]+"/nacos/v1/ns/instance?serviceName=kept&ip=10.0.0.1&port=80&ephemeral=false", "")
		return status == http.StatusOK
	})

	list(addresses, nodes...)
	nodes = append(nodes, start(addresses[3]))
	eventually("the new node has what the others have", func() bool { return lists(addresses[3]) })
	raft, err := rpc.Offset(addresses[3], rpc.RaftOffset)
	require.NoError(t, err)
	command := `{"command":"transferLeader","value":"` + raft + `"}`
	eventually("the new node can lead", func() bool {
		_, body := asks("POST", "http://"+addresses[1]+"/nacos/v2/core/ops/raft", command)
		return strings.Contains(body, `"code":200`)
	})

	list(addresses[1:], nodes...)
	gone, err := rpc.Offset(addresses[0], rpc.RaftOffset)
	require.NoError(t, err)
	eventually("the first node is no member any more", func() bool {
		_, body := asks("GET", "http://"+addresses[3]+"/nacos/v2/core/cluster/node/list", "")
		return strings.Contains(body, raft) && !strings.Contains(body, gone)
	})
	require.NoError(t, nodes[0].Process.Kill())
	eventually("nobody misses it", func() bool { return lists(addresses[1]) })
	_, body := asks("POST", "http://"+addresses[1]+"/nacos/v2/core/ops/raft", `{"command":"resetPeers","value":"`+raft+`"}`)
	require.Contains(t, body, `"code":500`)
	require.Contains(t, body, "--reset-members")
}
