package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Every switch in the node's source is listed, and nothing else is.
func TestDefectsAreThoseOfTheNode(t *testing.T) {
	defined := regexp.MustCompile(`defect\.Name = "([^"]+)"`)
	var names []string
	require.NoError(t, filepath.WalkDir("../../nodes", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, found := range defined.FindAllSubmatch(text, -1) {
			names = append(names, string(found[1]))
		}
		return err
	}))
	require.ElementsMatch(t, names, knownDefects())
}
