package defect

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFileTurnsFailpointsOnAndOff(t *testing.T) {
	path := filepath.Join(t.TempDir(), "failpoints")
	file := File{Path: path}
	on, off, err := file.Load()
	require.NoError(t, err, "no file, no failpoint")
	require.Empty(t, append(on, off...))

	write := func(text string) { require.NoError(t, os.WriteFile(path, []byte(text), 0o666)) }
	write("# why\n\ntest/two=return(true)\ntest/one=return(true)\n")
	on, off, err = file.Load()
	require.NoError(t, err)
	require.Equal(t, []string{"test/one", "test/two"}, on)
	require.Empty(t, off)
	require.True(t, On("test/one") && On("test/two"))

	write("test/one=return(true)\ntest/three=return(\n")
	_, _, err = file.Load()
	require.ErrorContains(t, err, "line 2: term")
	require.True(t, On("test/two"), "a file that is wrong changes nothing")

	write("test/one=return(true)\n")
	on, off, err = file.Load()
	require.NoError(t, err)
	require.Empty(t, on)
	require.Equal(t, []string{"test/two"}, off)
	require.True(t, On("test/one"))
	require.False(t, On("test/two"))

	require.NoError(t, os.Remove(path))
	_, off, err = file.Load()
	require.NoError(t, err)
	require.Equal(t, []string{"test/one"}, off)
	require.False(t, On("test/one"))
}

func TestFileSaysWhatIsWrong(t *testing.T) {
	for text, want := range map[string]string{
		"neverExpire=return(true)":               "line 1 is \"neverExpire=return(true)\": want name=term",
		"liveness/neverExpire":                   "want name=term, for example liveness/neverExpire=return(true)",
		"a/b=return(1)\n\na/b=return(2)":         "line 3: a/b stands there twice",
		"liveness/neverExpire=frobnicate":        "line 1: term \"frobnicate\"",
		"muster/nodes/liveness/never=return(1)":  "want name=term",
		"liveness/neverExpire=return(true)\n= a": "line 2",
		"liveness/neverExpire=(0":                "line 1: term \"(0\": it cannot be read",
	} {
		_, err := parse(text)
		require.ErrorContains(t, err, want, text)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("# why\nliveness/neverExpire=return(true)\n")
	f.Add("a/b=50%return(\"x\")->sleep(1)\n=\n")
	f.Fuzz(func(t *testing.T, text string) {
		wanted, err := parse(text)
		if err != nil {
			return
		}
		for name, term := range wanted {
			require.Regexp(t, nameForm, name)
			require.NotEmpty(t, term)
		}
	})
}
