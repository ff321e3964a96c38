package prune_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/sim/prune"
)

func TestWhatWasNotUsedForLongestGoes(t *testing.T) {
	now := time.Now()
	for name, test := range map[string]struct {
		most  int64
		spare time.Duration
		want  []string
	}{
		"nothing is too much":     {most: 400, want: []string{"_kept/a", "a", "b", "below/c", "read"}},
		"one is too much":         {most: 399, want: []string{"_kept/a", "b", "below/c", "read"}},
		"two are too much":        {most: 200, want: []string{"_kept/a", "b", "read"}},
		"all are":                 {most: 0, want: []string{"_kept/a"}},
		"what is new is spared":   {most: 0, spare: 90 * time.Minute, want: []string{"_kept/a", "b"}},
		"so is what is used, too": {most: 0, spare: 150 * time.Minute, want: []string{"_kept/a", "b", "read"}},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			for file, times := range map[string]struct{ read, written time.Duration }{
				"a": {9, 9}, "_kept/a": {9, 9}, "below/c": {3, 8}, "read": {2, 10}, "b": {7, 1},
			} {
				path := filepath.Join(folder, file)
				require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o777))
				require.NoError(t, os.WriteFile(path, make([]byte, 100), 0o666))
				require.NoError(t, os.Chtimes(path, now.Add(-times.read*time.Hour), now.Add(-times.written*time.Hour)))
			}
			require.NoError(t, prune.To(folder, test.most, test.spare, now))
			var left []string
			require.NoError(t, filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
				if !entry.IsDir() {
					name, err := filepath.Rel(folder, path)
					require.NoError(t, err)
					left = append(left, filepath.ToSlash(name))
				}
				return err
			}))
			require.Equal(t, test.want, left)
		})
	}
}

func TestAFolderThatIsNotThereNeedsNoPruning(t *testing.T) {
	require.NoError(t, prune.To(filepath.Join(t.TempDir(), "none"), 0, 0, time.Now()))
}
