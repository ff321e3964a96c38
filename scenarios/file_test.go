package scenarios

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
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

// Every duration of a scenario can be written as text, wherever it stands.
func TestTimesInFilesMayBeText(t *testing.T) {
	whole := small(Around(5*time.Second, 1500*time.Millisecond, SlowLink(Leader, Others, 250*time.Millisecond)))
	written, err := whole.JSON()
	require.NoError(t, err)
	key := regexp.MustCompile(`"(\w+)_ns":(\d+)`)
	inWords := key.ReplaceAllStringFunc(string(written), func(member string) string {
		found := key.FindStringSubmatch(member)
		number, err := strconv.ParseInt(found[2], 10, 64)
		require.NoError(t, err)
		return fmt.Sprintf("%q:%q", found[1], time.Duration(number))
	})
	require.Contains(t, inWords, `"at":"5s"`)
	require.Contains(t, inWords, `"within":"1.5s"`)
	require.Contains(t, inWords, `"delay":"250ms"`)
	require.NotContains(t, inWords, "_ns")
	first := strings.Replace(string(written), `"at_ns":5000000000`, `"at":"5s"`, 1)
	for name, text := range map[string]string{
		"nanoseconds": string(written), "all text": inWords, "some text": first, "in an array": "[" + inWords + "]",
	} {
		path := filepath.Join(t.TempDir(), "own.json")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o666))
		read, err := ReadFile(path)
		require.NoError(t, err, name)
		want := whole
		want.File = path
		require.Equal(t, []Scenario{want}, read, name)
	}
}

func TestWrongTimesInFiles(t *testing.T) {
	whole, err := small(At(5*time.Second, Isolate(Leader))).JSON()
	require.NoError(t, err)
	for name, c := range map[string]struct{ instead, want string }{
		"both":              {`"at":"5s","at_ns":5000000000`, "plan[0].at and plan[0].at_ns: want one of them"},
		"both, other case":  {`"at":"5s","At_NS":5000000000`, "plan[0].at and plan[0].at_ns: want one of them"},
		"no unit":           {`"at":"20"`, `plan[0].at: "20": want a duration such as "15s"`},
		"a number":          {`"at":20`, `plan[0].at: 20: want a duration as text, such as "15s", or nanoseconds as at_ns`},
		"nothing":           {`"at":null`, `plan[0].at: "": want a duration`},
		"text as number":    {`"at_ns":"5s"`, "cannot unmarshal string"},
		"of another":        {`"at_ns":5000000000,"from":"5s"`, `unknown field "from"`},
		"misspelt":          {`"att":"5s"`, `unknown field "att"`},
		"misspelt, seconds": {`"at_s":20`, `unknown field "at_s"`},
	} {
		text := strings.Replace(string(whole), `"at_ns":5000000000`, c.instead, 1)
		require.NotEqual(t, string(whole), text, name)
		path := filepath.Join(t.TempDir(), "own.json")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o666))
		_, err := ReadFile(path)
		require.ErrorContains(t, err, path, name)
		require.ErrorContains(t, err, c.want, name)
	}
}

func TestRunsOfFilesNameThemToRunAgain(t *testing.T) {
	scenario := small(At(time.Second, Isolate(Leader)))
	scenario.File = "my own/zone.json"
	written, err := Drive(t.Context(), &fakeStage{name: StageSimulated}, scenario, 7, run.Folder(t.TempDir()))
	require.NoError(t, err)
	require.Equal(t, "muster simulate 'my own/zone.json' --seed 7 --profile nacos1", written.Replay)
}
