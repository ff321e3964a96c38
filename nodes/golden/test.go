package golden

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// Test plays the recordings "testdata/<file>.json" against a cluster. Cases that may differ stand in testdata/differences.md, each with
// its reason; all others must match strictly, and those must not match, unless the reason begins with "Sometimes".
func Test(t *testing.T, nodes []string, files ...string) {
	allowed := readDifferences(t)
	p := NewPlayer(nodes)
	// All files at once: cases wait most of the time.
	recorded, differ := make([][]Case, len(files)), make([]map[string][]string, len(files))
	var all sync.WaitGroup
	for i, file := range files {
		var err error
		recorded[i], err = Read(filepath.Join("testdata", file+".json"))
		require.NoError(t, err)
		all.Go(func() {
			differ[i] = p.PlayAll(recorded[i], func(id string) bool { return allowed[file+"/"+id] != "" })
		})
	}
	all.Wait()
	for i, file := range files {
		t.Run(file, func(t *testing.T) {
			matched := 0
			for _, c := range recorded[i] {
				found, played := differ[i][c.ID]
				name := file + "/" + c.ID
				switch {
				case !played:
					t.Logf("%s: not played: it holds for %s only", name, c.Members)
				case len(found) == 0:
					matched++
					if reason := allowed[name]; reason != "" && !strings.HasPrefix(reason, "Sometimes") {
						t.Errorf("%s matches: take it off testdata/differences.md", name)
					}
				case allowed[name] == "":
					t.Errorf("%s (%s):\n  %s", name, c.About, strings.Join(found, "\n  "))
				}
			}
			t.Logf("%s: %d of %d cases match strictly", file, matched, len(recorded[i]))
		})
	}
}

// readDifferences reads the table: the reason of each "file/case".
func readDifferences(t *testing.T) map[string]string {
	text, err := os.ReadFile(filepath.Join("testdata", "differences.md"))
	require.NoError(t, err)
	reasons := map[string]string{}
	for _, line := range strings.Split(string(text), "\n") {
		if cells := strings.Split(line, "|"); len(cells) > 2 && strings.Contains(cells[1], "/") {
			reasons[strings.Trim(cells[1], " `")] = strings.TrimSpace(cells[2])
		}
	}
	return reasons
}
