package guest

import (
	"context"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestToolchainIsChecked(t *testing.T) {
	tools, err := findToolchain(context.Background(), ".")
	require.NoError(t, err)
	require.NoError(t, tools.check())

	other := tools
	other.Version = "go1.27.1"
	require.ErrorContains(t, other.check(), "written for go1.26, but the go command is go1.27.1")
	other.Version = "go1.260"
	require.Error(t, other.check())

	// A standard library that somebody changed.
	changed := toolchain{Root: t.TempDir(), Version: tools.Version}
	for name := range originals {
		content, err := os.ReadFile(filepath.Join(tools.Root, "src", name))
		require.NoError(t, err)
		if name == "net/net_fake.go" {
			content = append(content, '\n')
		}
		file := filepath.Join(changed.Root, "src", name)
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, content, 0o644))
	}
	require.ErrorContains(t, changed.check(), "net_fake.go is not the file")
	require.NoError(t, os.Remove(filepath.Join(changed.Root, "src", "net/net_fake.go")))
	require.ErrorIs(t, changed.check(), fs.ErrNotExist)
}

// TestOverlayFilesReplaceOthers, or are new and belong to the simulator.
func TestOverlayFilesReplaceOthers(t *testing.T) {
	var files []string
	require.NoError(t, fs.WalkDir(overlayFiles, overlayRoot, func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && !strings.HasPrefix(entry.Name(), "sim_") {
			files = append(files, strings.TrimPrefix(name, overlayRoot+"/"))
		}
		return err
	}))
	var replaced []string
	for name := range originals {
		replaced = append(replaced, name)
	}
	require.ElementsMatch(t, replaced, files)
}

// TestPlainOverlay: what is there only for speed can be left out, and nothing else is.
func TestPlainOverlay(t *testing.T) {
	tools, err := findToolchain(t.Context(), ".")
	require.NoError(t, err)
	replaced := func(plain bool) map[string]string {
		file, err := tools.writeOverlay(t.TempDir(), plain)
		require.NoError(t, err)
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		var list struct{ Replace map[string]string }
		require.NoError(t, json.Unmarshal(content, &list))
		return list.Replace
	}
	whole, plain := replaced(false), replaced(true)
	require.Len(t, plain, len(whole)-len(onlyFaster))
	for name := range onlyFaster {
		file := filepath.Join(tools.Root, "src", filepath.FromSlash(name))
		require.Contains(t, whole, file)
		require.NotContains(t, plain, file)
	}
}

func TestOverlaysThatNobodyUsesGo(t *testing.T) {
	tools, err := findToolchain(t.Context(), ".")
	require.NoError(t, err)
	cache := t.TempDir()
	file, err := tools.writeOverlay(cache, false)
	require.NoError(t, err)
	now := time.Now()
	for name, unused := range map[string]time.Duration{"_overlay-old": 8 * 24 * time.Hour, "_overlay-other": 6 * 24 * time.Hour, "program": 80 * 24 * time.Hour} {
		folder := filepath.Join(cache, name)
		require.NoError(t, os.MkdirAll(filepath.Join(folder, "net"), 0o777))
		require.NoError(t, os.Chtimes(folder, now.Add(-unused), now.Add(-unused)))
	}
	require.NoError(t, os.Chtimes(filepath.Dir(file), now.Add(-8*24*time.Hour), now.Add(-8*24*time.Hour)))
	_, err = tools.writeOverlay(cache, false)
	require.NoError(t, err)
	require.NoDirExists(t, filepath.Join(cache, "_overlay-old"))
	require.DirExists(t, filepath.Join(cache, "_overlay-other"), "another version, which somebody may use")
	require.DirExists(t, filepath.Join(cache, "program"))
	require.FileExists(t, file, "it is in use now")
}
