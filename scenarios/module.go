package scenarios

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
)

// moduleLine is how the go.mod of this module names it.
var moduleLine = regexp.MustCompile(`(?m)^module\s+muster\s*$`)

// ModuleRoot finds the source tree whose programs a stage builds and runs: the folder, from the given one upwards, whose go.mod
// is this module's.
func ModuleRoot(from string) (string, error) {
	start, err := filepath.Abs(from)
	if err != nil {
		return "", fmt.Errorf("source tree: %w", err)
	}
	for folder := start; ; folder = filepath.Dir(folder) {
		text, err := os.ReadFile(filepath.Join(folder, "go.mod"))
		switch {
		case err == nil && moduleLine.Match(text):
			return folder, nil
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return "", fmt.Errorf("source tree: %w", err)
		case folder == filepath.Dir(folder):
			return "", fmt.Errorf("source tree: neither %s nor a folder above it is the module muster, whose programs are built for a run: "+
				"change into its source tree", start)
		}
	}
}
