package sim_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/sim"
)

// difference is a line that reads differently on a real machine and on a simulated one, and why that may be.
type difference struct{ real, simulated, why string }

// realities are the programs of testdata/reality. They must print the same on a real machine and on a simulated one, but for the lines that
// stand here. A real machine is Linux; its names are looked up by Go's own resolver.
var realities = []struct {
	arguments string
	differs   []difference
}{
	{"clock", []difference{
		{"zone: UTC 0 UTC", "zone: UTC 0 Local", "Go for wasip1 knows no TZ: the local time zone is UTC, but by another name"},
	}},
	{"timers", nil},
	{"context", nil},
	{"process with arguments", []difference{
		{"page size: 4096", "page size: 65536", "WebAssembly's pages are larger"},
		{"system: linux", "system: wasip1", "guests are built for wasip1"},
		{"start a process: <nil>", "start a process: fork/exec /bin/true: function not implemented", "a machine runs one program"},
	}},
	{"files", nil},
	{"folders", nil},
	{"paths", []difference{
		{"stat : stat no such file or directory", "stat : stat invalid argument", lexical},
		{"stat a/file/..: stat not a directory", "stat a/file/..: .. true", lexical},
		{"stat a/nothing/../file: stat no such file or directory", "stat a/nothing/../file: file false", lexical},
	}},
	{"links", []difference{
		{"pipe: <nil>", "pipe: pipe: function not implemented", "there is no other process to talk to through it"},
	}},
	{"dial", nil},
	{"stream", nil},
	{"tcp", nil},
	{"pipes", nil},
	{"udp", nil},
	{"lookup", nil},
	{"http", nil},
	{"tls", nil},
	{"unix", nil},
	{"end return", nil},
	{"end exit", nil},
	{"end exit-large", nil},
	{"end fatal", nil},
	{"end log-panic", nil},
	{"end panic", nil},
	{"end panic-error", nil},
	{"end panic-value", nil},
	{"end panic-number", nil},
	{"end panic-nil", nil},
	{"end panic-again", nil},
	{"end panic-kept", nil},
	{"end nil-map", nil},
	{"end nil-pointer", nil},
	{"end index", nil},
	{"end slice", nil},
	{"end divide", nil},
	{"end assert", nil},
	{"end close-twice", nil},
	{"end send-closed", nil},
	{"end negative", nil},
	{"end goroutine", nil},
	{"end deadlock", nil},
	{"end deadlock-group", nil},
	{"end unlock", nil},
	{"end negative-group", nil},
	{"end goexit", nil},
	{"end stderr", nil},
	{"end joined", nil},
}

const lexical = "Go for wasip1 resolves . and .. itself, before the kernel sees the path, and refuses the empty one"

// ending is what a program leaves: the lines that it printed, and its exit code.
type ending struct {
	output, errors []string
	code           int
}

// attempts are how often a program runs on the real machine at most. It sleeps for milliseconds to have things happen one after the other, which
// does not do on a busy machine; what a simulated machine does wrong it does however often the real one does it right.
const attempts = 5

// TestReality holds simulated machines against the one that it runs on.
func TestReality(t *testing.T) {
	binary, program := buildReality(t), load(t, "reality")
	for _, reality := range realities {
		t.Run(reality.arguments, func(t *testing.T) {
			arguments := strings.Fields(reality.arguments)
			simulated, unlike := asGuest(t, program, arguments), ""
			for range attempts {
				if unlike = holdAgainst(natively(t, binary, arguments), simulated, reality.differs); unlike == "" {
					return
				}
				t.Log(unlike)
			}
			require.Fail(t, "a simulated machine is unlike the real one", unlike)
		})
	}
}

// buildReality builds the programs for this machine.
func buildReality(t *testing.T) string {
	binary := filepath.Join(t.TempDir(), "reality")
	build := exec.Command("go", "build", "-o", binary, "./testdata/reality")
	build.Env = append(os.Environ(), "CGO_ENABLED=0") // or names would be looked up by the C library
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return binary
}

// holdAgainst says what is unlike in what a program left on two machines; nothing if all is alike but for what is listed.
func holdAgainst(real, simulated ending, differs []difference) string {
	if unlike := compare(real.output, simulated.output, differs); unlike != "" {
		return unlike
	}
	if unlike := compare(report(real.errors), report(simulated.errors), nil); unlike != "" {
		return "on standard error: " + unlike
	}
	if real.code != simulated.code {
		return fmt.Sprintf("exit code %d on a real machine, %d on a simulated one", real.code, simulated.code)
	}
	return ""
}

// compare holds lines against each other. Those that differ must be listed, and those that are listed must differ.
func compare(real, simulated []string, differs []difference) (unlike string) {
	if len(real) != len(simulated) {
		return fmt.Sprintf("lines on a real machine:\n%s\nand on a simulated one:\n%s", strings.Join(real, "\n"), strings.Join(simulated, "\n"))
	}
	for i := range real {
		if real[i] == simulated[i] {
			continue
		}
		if len(differs) > 0 && real[i] == differs[0].real && simulated[i] == differs[0].simulated {
			differs = differs[1:]
			continue
		}
		return fmt.Sprintf("line %d differs, and is not listed (next listed: %+v)\nreal:      %s\nsimulated: %s", i+1, differs[:min(len(differs), 1)],
			real[i], simulated[i])
	}
	if len(differs) > 0 {
		return fmt.Sprintf("listed, but there is no such difference: %+v", differs)
	}
	return ""
}

// report is what a program prints to standard error, without what follows a panic: the signal that was its cause, and the goroutines'
// stacks.
func report(lines []string) []string {
	for i, line := range lines {
		if line == "" || strings.HasPrefix(line, "goroutine ") || strings.HasPrefix(line, "[signal ") {
			return lines[:i]
		}
	}
	return lines
}

// natively runs a program on this machine.
func natively(t *testing.T, binary string, arguments []string) ending {
	command := exec.Command(binary, arguments...)
	command.Dir = "/"
	command.Env = []string{"COLOUR=red", "HOME=/root", "PATH=/bin", "PWD=/", "TMPDIR=/tmp", "TZ=UTC"}
	var output, errs bytes.Buffer
	command.Stdout, command.Stderr = &output, &errs
	err := command.Run()
	var exited *exec.ExitError
	if !errors.As(err, &exited) {
		require.NoError(t, err)
	}
	lines := func(b *bytes.Buffer) []string {
		if b.Len() == 0 {
			return nil
		}
		return strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	}
	return ending{lines(&output), lines(&errs), command.ProcessState.ExitCode()}
}

// asGuest runs a program on a simulated machine.
func asGuest(t *testing.T, program sim.Program, arguments []string) ending {
	l := newLab(t, sim.Options{Seed: 1})
	program.Env = []string{"COLOUR=red", "TZ=UTC"}
	m := l.boot("n1", program, arguments...)
	l.run(2 * time.Hour)
	require.Equal(t, sim.Exited, m.Status(), "it did not come to an end: %v", m.LastWords())
	e := ending{code: m.Exit().Code}
	for _, line := range l.lines {
		if line.Stream == 1 {
			e.output = append(e.output, line.Text)
		} else {
			e.errors = append(e.errors, line.Text)
		}
	}
	return e
}
