package golden

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Test plays the recordings "testdata/<file>.json" against a cluster. Cases that may differ stand in testdata/differences.md, each with
// its reason; all others must match strictly, and those must not match.
func Test(t *testing.T, nodes []string, files ...string) {
	allowed := readDifferences(t)
	p := NewPlayer(nodes)
	for _, file := range files {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			cases, err := Read(filepath.Join("testdata", file+".json"))
			require.NoError(t, err)
			differ := p.PlayAll(cases)
			matched := 0
			for _, c := range cases {
				found, played := differ[c.ID]
				name := file + "/" + c.ID
				switch {
				case !played:
					t.Logf("%s: not played: it holds for %s only", name, c.Members)
				case len(found) == 0:
					matched++
					if slices.Contains(allowed, name) {
						t.Errorf("%s matches: take it off testdata/differences.md", name)
					}
				case !slices.Contains(allowed, name):
					t.Errorf("%s (%s):\n  %s", name, c.About, strings.Join(found, "\n  "))
				}
			}
			t.Logf("%s: %d of %d cases match strictly", file, matched, len(cases))
		})
	}
}

// readDifferences reads the first column of the table: "file/case".
func readDifferences(t *testing.T) []string {
	text, err := os.ReadFile(filepath.Join("testdata", "differences.md"))
	require.NoError(t, err)
	var names []string
	for _, line := range strings.Split(string(text), "\n") {
		if cells := strings.Split(line, "|"); len(cells) > 2 && strings.Contains(cells[1], "/") {
			names = append(names, strings.Trim(cells[1], " `"))
		}
	}
	return names
}
