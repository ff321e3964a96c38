package guest_test

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"muster/sim/guest"
	"muster/sim/guest/restructure"
)

// module writes a small module and returns its folder.
func module(t *testing.T, source string) string {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module example/hello\n\ngo 1.26\n"), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "main.go"), []byte(source), 0o644))
	return dir
}

const hello = "package main\n\nfunc main() { println(\"hello\", extra) }\n\nvar extra = \"\"\n"

func TestSameBytesAnywhere(t *testing.T) {
	cache := t.TempDir()
	// Built side by side, into one cache, in different folders and the same one.
	dirs := []string{module(t, hello), module(t, hello)}
	dirs = append(dirs, dirs[0])
	built := make([]guest.Program, len(dirs))
	var group sync.WaitGroup
	for i, dir := range dirs {
		group.Go(func() {
			var err error
			built[i], err = guest.Build(context.Background(), guest.Options{Package: ".", Dir: dir, Cache: cache})
			require.NoError(t, err)
		})
	}
	group.Wait()
	for _, p := range built {
		require.Equal(t, built[0].SHA256, p.SHA256)
		content, err := p.Read()
		require.NoError(t, err)
		require.EqualValues(t, p.Size, len(content))
		require.Equal(t, "\x00asm", string(content[:4]))
	}

	// Another source makes other bytes, and whoever still holds the old program is told.
	require.NoError(t, os.WriteFile(filepath.Join(dirs[0], "more.go"), []byte("package main\n\nfunc init() { extra = \"more\" }\n"), 0o644))
	changed, err := guest.Build(context.Background(), guest.Options{Package: ".", Dir: dirs[0], Cache: cache})
	require.NoError(t, err)
	require.NotEqual(t, built[0].SHA256, changed.SHA256)
	_, err = built[0].Read()
	require.ErrorContains(t, err, "built again")

	left, err := filepath.Glob(filepath.Join(cache, "build-*"))
	require.NoError(t, err)
	require.Empty(t, left, "no leftovers")
}

func TestTags(t *testing.T) {
	dir := module(t, hello)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "tagged.go"), []byte("//go:build special\n\npackage main\n\nfunc init() { extra = \"special\" }\n"), 0o644))
	cache := t.TempDir()
	plain, err := guest.Build(context.Background(), guest.Options{Package: ".", Dir: dir, Cache: cache})
	require.NoError(t, err)
	special, err := guest.Build(context.Background(), guest.Options{Package: ".", Dir: dir, Cache: cache, Tags: []string{"special"}})
	require.NoError(t, err)
	require.NotEqual(t, plain.SHA256, special.SHA256)
	_, err = plain.Read()
	require.NoError(t, err, "each has a file of its own")
}

func TestErrorsSayWhatIsWrong(t *testing.T) {
	for name, test := range map[string]struct {
		source  string
		options guest.Options
		want    string
	}{
		"does not compile": {"package main\n\nfunc main() { undefined() }\n", guest.Options{Package: "."}, "undefined: undefined"},
		"not a program":    {"package library\n", guest.Options{Package: "."}, "main package"},
		"no such package":  {hello, guest.Options{Package: "./nowhere"}, "nowhere"},
		"no package":       {hello, guest.Options{}, "want Options.Package"},
		"no such folder":   {hello, guest.Options{Package: ".", Dir: "/no/such/folder"}, "no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			o := test.options
			if o.Dir == "" {
				o.Dir = module(t, test.source)
			}
			o.Cache = t.TempDir()
			_, err := guest.Build(context.Background(), o)
			require.ErrorContains(t, err, test.want)
			require.ErrorContains(t, err, "building the guest "+o.Package)
		})
	}
}

func TestRestructuredOnce(t *testing.T) {
	dir, cache := module(t, hello), t.TempDir()
	build := func(asCompiled bool) guest.Program {
		built, err := guest.Build(context.Background(), guest.Options{Package: ".", Dir: dir, Cache: cache, AsCompiled: asCompiled})
		require.NoError(t, err)
		return built
	}
	plain, first := build(true), build(false)
	require.NotEqual(t, plain.SHA256, first.SHA256)
	require.NotEqual(t, plain.Path, first.Path)
	_, stats, err := restructure.Module(read(t, plain))
	require.NoError(t, err)
	require.Greater(t, stats.Structured, 1000)
	require.Less(t, stats.Left, 5, "what the Go compiler makes is understood")

	// It is not written again, unless it is not what it was.
	file := func() os.FileInfo {
		info, err := os.Stat(first.Path)
		require.NoError(t, err)
		return info
	}
	before := file()
	require.Equal(t, first, build(false))
	require.True(t, os.SameFile(before, file()), "files are replaced when they are written")
	require.NoError(t, os.WriteFile(first.Path, []byte("something else"), 0o644))
	require.Equal(t, first, build(false))
	require.Len(t, read(t, first), int(first.Size))
}

func read(t *testing.T, p guest.Program) []byte {
	content, err := p.Read()
	require.NoError(t, err)
	return content
}
