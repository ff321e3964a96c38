package guest_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"muster/sim/guest"
)

// program writes a module of several packages, of which the top one imports "example/hello/way", and returns its folder.
func program(t *testing.T, files map[string]string) string {
	dir := module(t, "package main\n\nimport \"example/hello/way\"\n\nfunc main() { way.Go() }\n")
	for name, content := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(content), 0o644))
	}
	return dir
}

func TestObstaclesAreNamedWithTheWayToThem(t *testing.T) {
	way := "package way\n\nimport \"example/hello/far\"\n\nfunc Go() { far.Go() }\n"
	for name, test := range map[string]struct {
		far  map[string]string
		want string
	}{
		"mmap": {map[string]string{"far/far.go": "package far\n\nimport \"syscall\"\n\nfunc Go() { syscall.Mmap(0, 0, 4096, 0, 0) }\n"},
			"example/hello/far: wants mmap: the memory of a simulated machine has no files mapped into it\n  far/far.go:5:21: undefined: syscall.Mmap\n"},
		"processes": {map[string]string{"far/far.go": "package far\n\nimport \"syscall\"\n\nfunc Go() { syscall.ForkExec(\"\", nil, nil) }\n"},
			"wants to start and watch other programs"},
		"file locks": {map[string]string{"far/far.go": "package far\n\nimport \"syscall\"\n\nfunc Go() { syscall.Flock(0, 0) }\n"}, "wants file locks"},
		"raw calls":  {map[string]string{"far/far.go": "package far\n\nimport \"syscall\"\n\nfunc Go() { syscall.Ptrace(0) }\n"}, "raw system calls of another system"},
		"cgo":        {map[string]string{"far/far.go": "package far\n\nimport \"C\"\n\nfunc Go() {}\n"}, "example/hello/far: is written in C (cgo)"},
		"assembly":   {map[string]string{"far/far.go": "package far\n\nfunc Go()\n"}, "has functions in assembly"},
		"other systems only": {map[string]string{"far/far_linux.go": "package far\n\nfunc Go() {}\n"},
			"is not written for this system: none of its files"},
		"a part of it": {map[string]string{"far/far.go": "package far\n\nfunc Go() { other() }\n", "far/other_linux.go": "package far\n\nfunc other() {}\n"},
			"is not written for this system: none of its files"},
	} {
		t.Run(name, func(t *testing.T) {
			test.far["way/way.go"] = way
			options := guest.Options{Package: ".", Dir: program(t, test.far), Cache: t.TempDir()}
			_, err := guest.Build(t.Context(), options)
			require.Error(t, err)
			explained := guest.Explain(t.Context(), options, err)
			require.ErrorIs(t, explained, err)
			require.ErrorContains(t, explained, "example/hello cannot run on simulated machines as it is:")
			require.ErrorContains(t, explained, test.want)
			require.ErrorContains(t, explained, "imported by example/hello → example/hello/way → example/hello/far")
			var unbuildable *guest.Unbuildable
			require.ErrorAs(t, explained, &unbuildable)
			require.True(t, unbuildable.Obstacles[0].Fatal)
		})
	}
}

func TestOrdinaryMistakesAreLeftAlone(t *testing.T) {
	for _, options := range []guest.Options{
		{Package: ".", Dir: module(t, "package main\n\nfunc main() { undefined() }\n")},
		{Package: "./nowhere", Dir: module(t, hello)},
		{Package: ".", Dir: "/no/such/folder"},
	} {
		options.Cache = t.TempDir()
		_, err := guest.Build(t.Context(), options)
		require.Error(t, err)
		require.Equal(t, err, guest.Explain(t.Context(), options, err))
	}
}

func TestDoubts(t *testing.T) {
	dir := program(t, map[string]string{
		"way/way.go": "package way\n\nimport (\n\t\"example/hello/c\"\n\t\"os/exec\"\n)\n\nfunc Go() { exec.Command(c.Name()).Run() }\n",
		"c/go.go":    "//go:build !cgo\n\npackage c\n\nfunc Name() string { return \"\" }\n",
		"c/c.go":     "package c\n\nimport \"C\"\n\nfunc Name() string { return \"\" }\n",
	})
	options := guest.Options{Package: ".", Dir: dir, Cache: t.TempDir()}
	_, err := guest.Build(t.Context(), options)
	require.NoError(t, err)
	doubts, err := guest.Doubts(t.Context(), options)
	require.NoError(t, err)
	require.Len(t, doubts, 2, "and none of the standard library")
	require.Contains(t, doubts[0].String(), "example/hello/c: has parts in C")
	require.Contains(t, doubts[1].String(), "starting another fails")
	require.Contains(t, doubts[1].String(), "imported by example/hello → example/hello/way")
	require.False(t, doubts[1].Fatal)

	options.Dir = module(t, hello)
	doubts, err = guest.Doubts(t.Context(), options)
	require.NoError(t, err)
	require.Empty(t, doubts)
}
