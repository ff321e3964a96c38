package main

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var allExamples = flag.Bool("examples", false, "run all of examples/, and not only one that is soon built")

// command finds the commands in examples/README.md.
var command = regexp.MustCompile(`(?s)\nbuild/muster (run ./(?:examples|cmd)/(\w+) .*?)\n` + "```")

// TestExamples runs the commands that examples/README.md shows, each twice.
func TestExamples(t *testing.T) {
	readme, err := os.ReadFile("../../examples/README.md")
	require.NoError(t, err)
	// What each is there to show, in this order.
	shows := map[string][]string{
		"nats":      {"order 10 stored; n2 leads", "— kill:2", "connected to n3", "new stream leader", "order 11 stored; n3 leads and holds 11", "— restart:2"},
		"raft":      {"StateLeader; member 3 leads", "— isolate:3", "n2  StateLeader; member 2 leads", "— heal", "n3  StateFollower; member 2 leads", "n3  entry 11"},
		"registry":  {"registered", "is told: 10.1.0.1:8080 weight 3 version 2", "kill node 1 now", "— kill:1", "has lost node 1", "— restart:1", "has found node 1 again", "the end"},
		"redis":     {"visit 4", "— kill:1", "visit not counted", "— restart:1", "visit 1", "visit 3", "— isolate:1", "i/o timeout", "visit 5"},
		"websocket": {"opened by 10.0.0.2", "message 4 came back", "— crash:1", "deadline exceeded", "message 3 came back"},
	}
	commands := command.FindAllStringSubmatch(string(readme), -1)
	require.Len(t, commands, len(shows))
	t.Chdir("../..")
	for _, found := range commands {
		name := found[2]
		t.Run(name, func(t *testing.T) {
			if name != "websocket" && !*allExamples {
				t.Skip("takes a while to build: make examples runs it")
			}
			download := exec.Command("go", "mod", "download")
			download.Dir = filepath.Join("examples", name)
			if name == "registry" { // ours, with a client that is not
				download.Dir = filepath.Join("examples", "nacos")
			}
			download.Env = append(os.Environ(), "GOFLAGS=") // which may be about our own module
			if said, err := download.CombinedOutput(); err != nil {
				t.Skipf("THE EXAMPLE DID NOT RUN, since its modules cannot be had: %v\n%s", err, said)
			}
			words := shellWords(found[1])
			code, out, stderr := invoke(t, words...)
			require.Equal(t, exitAsExpected, code, stderr)
			rest := out
			for _, want := range shows[name] {
				_, after, ok := strings.Cut(rest, want)
				require.True(t, ok, "%q, in its turn, in:\n%s", want, out)
				rest = after
			}
			_, again, _ := invoke(t, words...)
			require.Equal(t, out, again, "the same seed, the same run")
		})
	}
}

// shellWords splits a command as a shell does that knows only single quotes and lines that go on.
func shellWords(text string) []string {
	var words []string
	for i, part := range strings.Split(strings.ReplaceAll(text, "\\\n", " "), "'") {
		if i%2 == 1 {
			words = append(words, part)
		} else {
			words = append(words, strings.Fields(part)...)
		}
	}
	return words
}
