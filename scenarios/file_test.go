package scenarios

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/model/run"
)

// Whatever is in the catalog can be written out, given another name, and read again as the same scenario.
func TestFilesHoldWhatTheCatalogHolds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "own.json")
	var own []Scenario
	for _, s := range Catalog() {
		s.Name = "own-" + s.Name
		own = append(own, s)
	}
	text, err := json.Marshal(own)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, text, 0o666))
	read, err := ReadFile(path)
	require.NoError(t, err)
	for i := range own {
		own[i].File = path
	}
	require.Equal(t, own, read)
}

func TestWrongScenarioFiles(t *testing.T) {
	whole, err := small().JSON()
	require.NoError(t, err)
	for name, c := range map[string]struct{ text, want string }{
		"empty":         {"", "EOF: want scenarios as `muster scenarios --json leader-isolated` writes one"},
		"none":          {"[]", "it holds none"},
		"misspelt":      {`{"nam": "x"}`, `unknown field "nam"`},
		"two":           {string(whole) + string(whole), "something follows the scenario"},
		"alike":         {"[" + string(whole) + "," + string(whole) + "]", "two scenarios are called small"},
		"impossible":    {strings.Replace(string(whole), `"lasts_ns":`, `"lasts_ns":-`, 1), "want a length above zero"},
		"the catalog's": {strings.Replace(string(whole), `"small"`, `"calm"`, 1), "the name calm is one of the catalog's"},
	} {
		path := filepath.Join(t.TempDir(), "own.json")
		require.NoError(t, os.WriteFile(path, []byte(c.text), 0o666))
		_, err := ReadFile(path)
		require.ErrorContains(t, err, path, name)
		require.ErrorContains(t, err, c.want, name)
	}
	_, err = ReadFile("nowhere.json")
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestRunsOfFilesNameThemToRunAgain(t *testing.T) {
	scenario := small(At(time.Second, Isolate(Leader)))
	scenario.File = "my own/zone.json"
	written, err := Drive(t.Context(), &fakeStage{name: StageSimulated}, scenario, 7, run.Folder(t.TempDir()))
	require.NoError(t, err)
	require.Equal(t, "muster simulate 'my own/zone.json' --seed 7 --profile nacos1", written.Replay)
}
