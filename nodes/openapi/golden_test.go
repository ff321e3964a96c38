package openapi_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// recordedMembers are the addresses of the cluster that was recorded; some cases hold for them alone.
var recordedMembers = []string{"127.0.0.1:8848", "127.0.0.1:8858", "127.0.0.1:8868"}

// goldenFiles are the recordings, in testdata.
var goldenFiles = []string{
	"v1-instance", "v1-instance-errors", "v1-service", "v1-operator", "v2-instance", "v2-service", "v2-errors", "v2-client", "v2-core",
}

// TestGolden replays what a real Nacos 2.5.1 cluster answered against three nodes. Cases that may differ stand in
// testdata/differences.md, each with its reason; all others must match strictly.
func TestGolden(t *testing.T) {
	if testing.Short() {
		t.Skip("replays in real time for about half a minute")
	}
	nodes := startCluster(t)
	allowed := readDifferences(t)
	cases := map[string][]recording{}
	for _, file := range goldenFiles {
		cases[file] = readRecordings(t, file)
	}
	differ := newPlayer(nodes).playAll(cases, strings.Join(nodes, ","), allowed)
	for _, file := range goldenFiles {
		t.Run(file, func(t *testing.T) { report(t, file, cases[file], differ, allowed) })
	}
}

// report tells how a file's cases went.
func report(t *testing.T, file string, cases []recording, differ map[string][]string, allowed []string) {
	matched := 0
	for _, c := range cases {
		name := file + "/" + c.ID
		found, played := differ[name]
		switch {
		case !played:
			t.Logf("%s: not played: it holds for %s only", name, c.Members)
		case len(found) == 0:
			matched++
			require.NotContains(t, allowed, name, "matches: take it off testdata/differences.md")
		case !slices.Contains(allowed, name):
			t.Errorf("%s (%s):\n  %s", name, c.About, strings.Join(found, "\n  "))
		}
	}
	t.Logf("%s: %d of %d cases match strictly", file, matched, len(cases))
}

// plays is how often a case that should match is played at most: a busy machine may be late.
const plays = 3

// playAll plays the cases of all files side by side, for they wait most of the time. The results are by "file/case"; a case that is
// not among them was not played.
func (p player) playAll(files map[string][]recording, members string, allowed []string) map[string][]string {
	var mu sync.Mutex
	differ := map[string][]string{}
	var all sync.WaitGroup
	slots := make(chan struct{}, 64)
	for file, cases := range files {
		for _, c := range cases {
			if c.Members != "" && c.Members != members {
				continue
			}
			name := file + "/" + c.ID
			all.Go(func() {
				slots <- struct{}{}
				defer func() { <-slots }()
				found := p.play(c.forRun())
				for again := 1; len(found) > 0 && again < plays && !slices.Contains(allowed, name); again++ {
					found = p.play(c.forRun())
				}
				mu.Lock()
				defer mu.Unlock()
				differ[name] = found
			})
		}
	}
	all.Wait()
	return differ
}

// forRun puts a name of its own in the place of ${run}, so that one replay does not meet another.
func (c recording) forRun() recording {
	text, err := json.Marshal(c)
	if err != nil {
		return c
	}
	token := fmt.Sprintf("r%07x", rand.Uint32N(1<<28))
	var fresh recording
	if json.Unmarshal(bytes.ReplaceAll(text, []byte("${run}"), []byte(token)), &fresh) != nil {
		return c
	}
	return fresh
}

func readRecordings(t *testing.T, file string) []recording {
	text, err := os.ReadFile(filepath.Join("testdata", file+".json"))
	require.NoError(t, err)
	var document struct {
		Cases []recording `json:"cases"`
	}
	require.NoError(t, json.Unmarshal(text, &document))
	require.NotEmpty(t, document.Cases)
	return document.Cases
}

// readDifferences reads the first column of the table: "file/case".
func readDifferences(t *testing.T) []string {
	text, err := os.ReadFile(filepath.Join("testdata", "differences.md"))
	require.NoError(t, err)
	var names []string
	for _, line := range strings.Split(string(text), "\n") {
		if cells := strings.Split(line, "|"); len(cells) > 2 && strings.Contains(cells[1], "/") {
			names = append(names, strings.Trim(cells[1], " `"))
		}
	}
	return names
}

// startCluster runs three nodes as processes, at the recorded addresses if these are free.
func startCluster(t *testing.T) []string {
	binary := filepath.Join(t.TempDir(), "registry")
	output, err := exec.Command("go", "build", "-o", binary, "muster/cmd/registry").CombinedOutput()
	require.NoError(t, err, "%s", output)
	nodes := recordedMembers
	if !allFree(nodes) {
		nodes = freeAddresses(t)
		t.Logf("%v are taken: cases that hold for them only are left out", recordedMembers)
	}
	for _, address := range nodes {
		command := exec.Command(binary, "--addr", address, "--members", strings.Join(nodes, ","), "--data", t.TempDir())
		var log bytes.Buffer
		command.Stderr = &log
		require.NoError(t, command.Start())
		t.Cleanup(func() {
			require.NoError(t, command.Process.Signal(syscall.SIGTERM))
			require.NoError(t, command.Wait(), "%s does not end in good order:\n%s", address, log.String())
			require.NotContains(t, log.String(), "request failed", "%s: a handler panicked", address)
		})
	}
	require.Eventually(t, func() bool { return ready(nodes) }, 30*time.Second, 100*time.Millisecond, "the cluster has no leader")
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

// nodeOffsets are where a node listens, counted from its address.
var nodeOffsets = []int{0, 1000, 1001, -1000}

func allFree(addresses []string) bool {
	for _, address := range addresses {
		host, text, _ := net.SplitHostPort(address)
		port, _ := strconv.Atoi(text)
		for _, offset := range nodeOffsets {
			listener, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(port+offset)))
			if err != nil {
				return false
			}
			listener.Close()
		}
	}
	return true
}

// freeAddresses looks for three addresses all of whose ports are free.
func freeAddresses(t *testing.T) []string {
	for range 100 {
		base := 12000 + rand.IntN(40000)
		var addresses []string
		for i := range 3 {
			addresses = append(addresses, "127.0.0.1:"+strconv.Itoa(base+10*i))
		}
		if allFree(addresses) {
			return addresses
		}
	}
	require.Fail(t, "no free ports")
	return nil
}
