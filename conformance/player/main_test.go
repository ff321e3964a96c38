package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWrongCommandLines(t *testing.T) {
	for arguments, want := range map[string]string{
		"":                                  "want --nodes and --files",
		"--nodes 127.0.0.1:1":               "want --nodes and --files",
		"--nodes 127.0.0.1:8848 --files v9": `there are no recordings "v9"`,
		"--nodes 127.0.0.1 --files v2-core": "missing port",
		"--nodes 127.0.0.1:1 --files v2-core more": "nothing else than flags",
		"--node x": "flag provided but not defined",
	} {
		var out, log strings.Builder
		require.ErrorContains(t, play(strings.Fields(arguments), &out, &log), want, arguments)
		require.Empty(t, out.String())
	}
}
