package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"muster/scenarios"
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

// Runs that are broken on purpose, or of other programs, do not replace the healthy ones; ordinary runs keep their names.
func TestRunsOfOtherNodesHaveNamesOfTheirOwn(t *testing.T) {
	for _, c := range []struct {
		flags simulateFlags
		want  string
	}{
		{simulateFlags{}, "calm-seed7"},
		{simulateFlags{protocol: "grpc", profile: "nacos1"}, "calm-grpc-nacos1-seed7"},
		{simulateFlags{broken: defects{"liveness/neverExpire"}}, "calm-neverExpire-seed7"},
		{simulateFlags{broken: defects{"probe/neverProbe", "distro/skipSync", "probe/neverProbe"}}, "calm-skipSync-neverProbe-seed7"},
		{simulateFlags{broken: asNacos()}, "calm-forwardToFormerLeader-and-5-more-[0-9a-f]{6}-seed7"},
		{simulateFlags{profile: "nacos1", node: "../other/reg istry"}, "calm-nacos1-node-reg-istry-[0-9a-f]{6}-seed7"},
		{simulateFlags{node: ".", next: "example.com/a/newer"}, "calm-node-muster-[0-9a-f]{6}-next-newer-[0-9a-f]{6}-seed7"},
	} {
		c.flags.seed, c.flags.seeds, c.flags.jobs, c.flags.out = 7, 1, 1, "runs"
		jobs, err := c.flags.plan([]scenarios.Scenario{{Name: "calm"}})
		require.NoError(t, err)
		require.Regexp(t, "^runs/"+c.want+"$", string(jobs[0].Folder))
	}
	one, other := defects(asNacos()[:3]), defects{asNacos()[0], asNacos()[1], asNacos()[3]}
	require.NotEqual(t, one.short(), other.short())
}
