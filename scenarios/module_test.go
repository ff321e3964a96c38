package scenarios

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestModuleRoot(t *testing.T) {
	root := t.TempDir()
	deep := filepath.Join(root, "cmd", "muster")
	require.NoError(t, os.MkdirAll(deep, 0o777))
	_, err := ModuleRoot(deep)
	require.ErrorContains(t, err, "change into its source tree")

	require.NoError(t, os.WriteFile(filepath.Join(root, "go.mod"), []byte("// The house.\nmodule muster\n\ngo 1.26\n"), 0o666))
	require.NoError(t, os.WriteFile(filepath.Join(root, "cmd", "go.mod"), []byte("module muster/elsewhere\n"), 0o666))
	found, err := ModuleRoot(deep)
	require.NoError(t, err)
	require.Equal(t, root, found, "another module's go.mod on the way is passed by")
}
