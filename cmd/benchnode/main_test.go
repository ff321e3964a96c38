//go:build linux

package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestProcessorTime(t *testing.T) {
	stat := "4711 (a name) with R 1 2) S 1 4711 4711 0 -1 4194560 812 0 3 0 150 25 0 0 20 0 9 0 5000 1000 200 18446744073709551615"
	got, err := processorTime(stat)
	require.NoError(t, err)
	require.Equal(t, 1750*time.Millisecond, got)
	for _, broken := range []string{"", "4711 (name) S 1 2 3", strings.Replace(stat, " 150 ", " much ", 1)} {
		_, err := processorTime(broken)
		require.Error(t, err, broken)
	}
}

func TestResidentMemory(t *testing.T) {
	got, err := residentMemory("90000 300 20 10 0 40 0\n")
	require.NoError(t, err)
	require.EqualValues(t, 300*os.Getpagesize(), got)
	for _, broken := range []string{"", "1", "1 many"} {
		_, err := residentMemory(broken)
		require.Error(t, err, broken)
	}
}

func TestCompleteLists(t *testing.T) {
	list := []byte(strings.Repeat(`{"ip":"10.0.0.1"},`, serviceSize))
	require.NoError(t, complete(serviceSize)(list, nil))
	require.Error(t, complete(serviceSize)(list[len(`{"ip":`):], nil), "an instance less")
	require.ErrorIs(t, complete(serviceSize)(list, os.ErrClosed), os.ErrClosed)
}

// TestRows measures some rows in small, at nodes that are started for them.
func TestRows(t *testing.T) {
	registry := filepath.Join(t.TempDir(), "registry")
	output, err := exec.Command("go", "build", "-o", registry, "../registry").CombinedOutput()
	require.NoError(t, err, "%s", output)
	for _, name := range []string{"register-http", "register-grpc", "register-persistent", "register-services", "query-http", "query-grpc"} {
		t.Run(name, func(t *testing.T) {
			s := settings{registry: registry, figures: filepath.Join(t.TempDir(), "figures.json"), scale: 0.002, only: name}
			var table strings.Builder
			require.NoError(t, benchmark(t.Context(), s, &table))
			require.Contains(t, table.String(), "r-nacos 0.8.8")
			text, err := os.ReadFile(s.figures)
			require.NoError(t, err)
			var figures []figure
			require.NoError(t, json.Unmarshal(text, &figures))
			require.Len(t, figures, 1)
			require.Equal(t, name, figures[0].Name)
			require.Positive(t, figures[0].Rate)
		})
	}
}

func TestWrongSettings(t *testing.T) {
	registry := os.Args[0] // any file will do
	for name, c := range map[string]struct {
		settings settings
		want     string
	}{
		"no such row":     {settings{registry: registry, scale: 1, only: "tea"}, "want one of register-http"},
		"no such program": {settings{registry: "nowhere", scale: 1}, "make build/registry"},
		"no scale":        {settings{registry: registry}, "want more than 0"},
	} {
		t.Run(name, func(t *testing.T) {
			require.ErrorContains(t, benchmark(t.Context(), c.settings, new(strings.Builder)), c.want)
		})
	}
}
