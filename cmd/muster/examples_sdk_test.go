package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/nodes/loopback"
)

// TestExamplesOfficialSDK plays examples/nacos, which is the official nacos-sdk-go, against three processes of our node, and on simulated
// machines: it must see the same.
func TestExamplesOfficialSDK(t *testing.T) {
	if !*allExamples {
		t.Skip("takes a while to build: make examples runs it")
	}
	readme, err := os.ReadFile("../../examples/README.md")
	require.NoError(t, err)
	t.Chdir("../..")
	download := exec.Command("go", "mod", "download")
	download.Dir, download.Env = filepath.Join("examples", "nacos"), append(os.Environ(), "GOFLAGS=")
	if said, err := download.CombinedOutput(); err != nil {
		t.Skipf("THE OFFICIAL SDK DID NOT RUN, since its modules cannot be had: %v\n%s", err, said)
	}

	var simulated []string
	for _, found := range command.FindAllStringSubmatch(string(readme), -1) {
		if found[2] != "registry" {
			continue
		}
		code, out, stderr := invoke(t, shellWords(found[1])...)
		require.Equal(t, exitAsExpected, code, stderr)
		for _, line := range printedBy("nacos", out) {
			if !strings.HasPrefix(line, "— ended") {
				simulated = append(simulated, line)
			}
		}
	}
	require.Equal(t, "the end", simulated[len(simulated)-1])
	require.Greater(t, len(simulated), 30)
	require.Equal(t, simulated, playNatively(t), "simulated, and then on this computer")
}

// printedBy is what a machine printed, without the times.
func printedBy(machine, out string) []string {
	var lines []string
	for _, found := range regexp.MustCompile(`(?m)^ *[0-9.]+s +`+machine+` +(.*)$`).FindAllStringSubmatch(out, -1) {
		lines = append(lines, found[1])
	}
	return lines
}

// playNatively has the script play with three processes, and kills and restarts the first when the script says so.
func playNatively(t *testing.T) []string {
	folder := t.TempDir()
	registry, script := filepath.Join(folder, "registry"), filepath.Join(folder, "script")
	build(t, ".", registry, "./cmd/registry")
	build(t, filepath.Join("examples", "nacos"), script, ".")
	members, err := loopback.Addresses(3)
	require.NoError(t, err)
	start := func(number int) *exec.Cmd {
		node := exec.CommandContext(t.Context(), registry, "--addr", members[number-1], "--members", strings.Join(members, ","),
			"--data", filepath.Join(folder, fmt.Sprintf("n%d", number)))
		require.NoError(t, node.Start())
		t.Cleanup(func() {
			_ = node.Process.Kill() // it may have ended
			_ = node.Wait()
		})
		return node
	}
	first := start(1)
	start(2)
	start(3)
	for _, member := range members {
		require.Eventually(t, func() bool {
			conn, err := net.DialTimeout("tcp", member, time.Second)
			if err == nil {
				conn.Close()
			}
			return err == nil
		}, time.Minute, 100*time.Millisecond, "%s serves", member)
	}
	client := exec.CommandContext(t.Context(), script, "-servers", strings.Join(members, ","), "-folder", filepath.Join(folder, "sdk"))
	out, err := client.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, client.Start())
	var lines []string
	for scanner := bufio.NewScanner(out); scanner.Scan(); {
		lines = append(lines, scanner.Text())
		switch scanner.Text() {
		case "kill node 1 now":
			require.NoError(t, first.Process.Kill())
			_ = first.Wait() // killed
		case "restart node 1 now":
			start(1)
		}
	}
	require.NoError(t, client.Wait(), strings.Join(lines, "\n"))
	return lines
}

func build(t *testing.T, dir, to, what string) {
	command := exec.Command("go", "build", "-o", to, what)
	command.Dir = dir
	if dir != "." {
		command.Env = append(os.Environ(), "GOFLAGS=")
	}
	said, err := command.CombinedOutput()
	require.NoError(t, err, string(said))
}
