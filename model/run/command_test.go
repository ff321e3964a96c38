package run

import (
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCommandLine(t *testing.T) {
	require.Equal(t, "muster fork runs/calm-seed1 --at 20s", CommandLine("muster", "fork", "runs/calm-seed1", "--at", "20s"))
	words := []string{"plain", "two words", "it's", "$HOME", "", "*", "a;b", "日本", "~", `back\slash`, "#"}
	line := CommandLine(words...)
	require.Equal(t, `plain 'two words' 'it'\''s' '$HOME' '' '*' 'a;b' '日本' '~' 'back\slash' '#'`, line)

	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("SKIPPED: there is no sh on the PATH to ask what it makes of the line; install one (any POSIX shell)")
	}
	out, err := exec.Command(shell, "-c", `printf '<%s>' `+line).Output()
	require.NoError(t, err)
	var want string
	for _, word := range words {
		want += "<" + word + ">"
	}
	require.Equal(t, want, string(out))
}
