package goldentest

import (
	"bytes"
	"math/rand/v2"
	"net/http"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/nodes/golden"
	"muster/nodes/loopback"
)

// StartCluster runs three nodes as processes until the test ends, at the recorded addresses if these are free, with further arguments.
// It returns their addresses.
func StartCluster(t *testing.T, arguments ...string) []string {
	binary := filepath.Join(t.TempDir(), "registry")
	output, err := exec.Command("go", "build", "-o", binary, "muster/cmd/registry").CombinedOutput()
	require.NoError(t, err, "%s", output)
	nodes := golden.Recorded()
	if !loopback.AllFree(nodes) {
		nodes = freeAddresses(t)
	}
	for _, address := range nodes {
		command := exec.Command(binary, append([]string{
			"--addr", address, "--members", strings.Join(nodes, ","), "--data", t.TempDir(),
		}, arguments...)...)
		var log bytes.Buffer
		command.Stderr = &log
		require.NoError(t, command.Start())
		t.Cleanup(func() {
			require.NoError(t, command.Process.Signal(syscall.SIGTERM))
			require.NoError(t, command.Wait(), "%s does not end in good order:\n%s", address, log.String())
			require.NotContains(t, log.String(), "panicked", "at %s", address)
		})
	}
	require.Eventually(t, func() bool { return ready(nodes) }, 2*time.Minute, 100*time.Millisecond, "the cluster has no leader")
	return nodes
}

// ready says whether a service can be made at each node.
func ready(nodes []string) bool {
	for i, address := range nodes {
		response, err := http.Post("http://"+address+"/nacos/v1/ns/service?namespaceId=ready&serviceName=n"+strconv.Itoa(i), "", nil)
		if err != nil {
			return false
		}
		response.Body.Close()
		if response.StatusCode >= http.StatusInternalServerError {
			return false
		}
	}
	return true
}

// freeAddresses looks for three addresses all of whose ports are free, on the host of the recorded ones: answers tell it. They are below
// the ports that systems give to outgoing connections.
func freeAddresses(t *testing.T) []string {
	for range 100 {
		base := 12000 + rand.IntN(19000)
		var addresses []string
		for i := range 3 {
			addresses = append(addresses, "127.0.0.1:"+strconv.Itoa(base+10*i))
		}
		if loopback.AllFree(addresses) {
			return addresses
		}
	}
	require.Fail(t, "no free ports")
	return nil
}
