package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"muster/nodes/client/clienttest"
)

const goodLoad = `{"persistent_clients":2,"persistent_services":1,"operations_per_second":100,"read_share":0.5,"timeout_ns":1000000000}`

func TestCommandRefuses(t *testing.T) {
	const nodes = "n1=http://10.0.0.1:8848"
	for _, c := range []struct {
		arguments []string
		says      string
	}{
		{nil, "--nodes: want at least one NAME=URL"},
		{[]string{"--nodes", "http://10.0.0.1:8848"}, `--nodes: \"http://10.0.0.1:8848\": want NAME=URL`},
		{[]string{"--nodes", nodes + "," + nodes}, "--nodes: the name n1 stands there twice"},
		{[]string{"--nodes", nodes}, "--load: want the JSON of a load"},
		{[]string{"--nodes", nodes, "--load", "{"}, "--load: want the JSON of a load: unexpected EOF"},
		{[]string{"--nodes", nodes, "--load", `{"clients":3}`}, `--load: want the JSON of a load: json: unknown field \"clients\"`},
		{[]string{"--nodes", nodes, "--load", goodLoad + "{}"}, "--load: want one JSON object and nothing after it"},
		{[]string{"--nodes", nodes, "--load", `{}`}, "--load: ephemeral_clients and persistent_clients are both 0: want at least one client"},
		{[]string{"--nodes", nodes, "--load", goodLoad, "--seed", "-1"}, "invalid value"},
		{[]string{"--nodes", nodes, "--load", goodLoad, "--for", "-1s"}, "--for -1s: want 0 or more"},
		{[]string{"--nodes", nodes, "--load", goodLoad, "now"}, `unexpected argument \"now\"`},
		{[]string{"--nodes", nodes, "--load", goodLoad, "--clean", "mine"}, "--load and --clean: want one of them"},
		{[]string{"--sed", "1"}, "flag provided but not defined"},
	} {
		var stdout, stderr bytes.Buffer
		require.Equal(t, statusUsage, command(t.Context(), c.arguments, &stdout, &stderr), "%q", c.arguments)
		require.Contains(t, stderr.String(), c.says)
		require.Empty(t, stdout.String())
	}

	var stdout, stderr bytes.Buffer
	require.Equal(t, statusFailed, command(t.Context(), []string{"--nodes", "n1=10.0.0.1:8848", "--load", goodLoad}, &stdout, &stderr))
	require.Contains(t, stderr.String(), `node \"10.0.0.1:8848\": want a base URL`)
}

func TestCommandHelps(t *testing.T) {
	var stdout, stderr bytes.Buffer
	require.Equal(t, statusDone, command(t.Context(), []string{"--help"}, &stdout, &stderr))
	require.Contains(t, stderr.String(), "n1=http://10.0.0.1:8848")
}

// Nobody listens: every operation fails, the program does not, and it ends when it was told to.
func TestCommandPlays(t *testing.T) {
	var stdout, stderr bytes.Buffer
	status := command(t.Context(), []string{"--nodes", "n1=http://127.0.0.1:1", "--load", goodLoad, "--seed", "7", "--for", "100ms"}, &stdout, &stderr)
	require.Equal(t, statusDone, status, stderr.String())
	lines := strings.Split(strings.TrimSpace(stderr.String()), "\n")
	require.Len(t, lines, 2)
	var end struct {
		Message    string `json:"msg"`
		Operations int    `json:"operations"`
	}
	require.NoError(t, json.Unmarshal([]byte(lines[1]), &end))
	require.Equal(t, "workload.end", end.Message)
	require.Equal(t, 2*end.Operations, strings.Count(stdout.String(), "\n"))
	require.Positive(t, end.Operations)
}

// brokenPipe takes so many lines.
type brokenPipe struct{ lines int }

func (b *brokenPipe) Write(line []byte) (int, error) {
	if b.lines--; b.lines < 0 {
		return 0, errors.New("broken pipe")
	}
	return len(line), nil
}

// What cannot be put on record must not be done.
func TestEndsWithItsOutput(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := play{nodes: []node{{"n1", "http://10.0.0.1:8848"}}, load: standard(), dial: clienttest.New(t).Dial}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		began := time.Now()
		operations, err := p.run(ctx, &brokenPipe{lines: 100})
		require.ErrorContains(t, err, "print the history: broken pipe")
		require.Less(t, operations, 65)
		require.Less(t, time.Since(began), time.Minute)
	})
}
