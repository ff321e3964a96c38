package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPrepare(t *testing.T) {
	t.Chdir("../../..")
	into, err := os.MkdirTemp("build", "unchecked-test-")
	if os.IsNotExist(err) { // nothing has been built yet
		require.NoError(t, os.Mkdir("build", 0o755))
		into, err = os.MkdirTemp("build", "unchecked-test-")
	}
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(into)) })
	for range 2 { // the second time, it is there already
		require.NoError(t, prepare(into))
	}
	require.FileExists(t, filepath.Join(into, "wazero", "experimental", "uncheckedmemory.go"))
	require.NoFileExists(t, filepath.Join(into, "wazero", "runtime_test.go"))

	modFile, err := filepath.Abs(filepath.Join(into, "fast.mod"))
	require.NoError(t, err)
	command := exec.Command("go", "list", "-m", "-f", "{{.Replace.Path}}", "-modfile", modFile, wazeroPath)
	command.Env = append(os.Environ(), "GOFLAGS=")
	out, err := command.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Equal(t, "./"+filepath.ToSlash(into)+"/wazero\n", string(out))

	left, err := filepath.Glob(filepath.Join(into, "wazero-*"))
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestHashOfTheOriginalIsVerified(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "runtime.go"), []byte("package wazero\n"), 0o644))
	require.ErrorContains(t, verify(dir, wazeroHash), "is not the github.com/tetratelabs/wazero v1.12.0 that was published")
}

func TestPatchDoesNotFitAnotherWazero(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "runtime.go"), []byte("package wazero\n"), 0o644))
	require.ErrorContains(t, applyPatch(dir), "git apply wazero.patch")
}
