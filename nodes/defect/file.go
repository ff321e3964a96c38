package defect

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/pingcap/failpoint"
)

// File is a list of failpoints that is read anew while the node runs. Each of its lines is a name and a term of pingcap/failpoint, such as
//
//	liveness/neverExpire=return(true)
//
// Empty lines, and those that begin with #, say nothing. Use it from one goroutine.
type File struct {
	// Path of the file. One that is not there names no failpoint.
	Path string
	// on are the failpoints that it has turned on.
	on map[string]string
}

// nameForm is what a failpoint is called in the file: the package below nodes/ that has it, and what it does.
var nameForm = regexp.MustCompile(`^[a-z][a-z0-9]*/[A-Za-z][A-Za-z0-9]*$`)

// Load reads the file and turns failpoints on and off so that just those are on that it names, besides those of the environment. It
// returns what it turned on and off, in order. A file in which anything is wrong changes nothing.
func (f *File) Load() (on, off []string, err error) {
	text, err := os.ReadFile(f.Path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("failpoints: %w", err)
	}
	wanted, err := parse(string(text))
	if err != nil {
		return nil, nil, fmt.Errorf("failpoints of %s: %w", f.Path, err)
	}
	if f.on == nil {
		f.on = map[string]string{}
	}
	for name, term := range wanted {
		if f.on[name] == term {
			continue
		}
		if err := failpoint.Enable(prefix+name, term); err != nil {
			return nil, nil, fmt.Errorf("failpoints of %s: %s: %w", f.Path, name, err)
		}
		f.on[name] = term
		on = append(on, name)
	}
	for name := range f.on {
		if _, keep := wanted[name]; keep {
			continue
		}
		// It fails only for what was never on.
		_ = failpoint.Disable(prefix + name)
		delete(f.on, name)
		off = append(off, name)
	}
	slices.Sort(on)
	slices.Sort(off)
	return on, off, nil
}

// parse reads the lines of a file, and tries their terms.
func parse(text string) (map[string]string, error) {
	wanted := map[string]string{}
	lines := bufio.NewScanner(strings.NewReader(text))
	for number := 1; lines.Scan(); number++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, term, _ := strings.Cut(line, "=")
		if !nameForm.MatchString(name) || term == "" {
			return nil, fmt.Errorf("line %d is %q: want name=term, for example liveness/neverExpire=return(true)", number, line)
		}
		if _, twice := wanted[name]; twice {
			return nil, fmt.Errorf("line %d: %s stands there twice", number, name)
		}
		if err := try(name, term); err != nil {
			return nil, fmt.Errorf("line %d: term %q: %w: want one such as return(true)", number, term, err)
		}
		wanted[name] = term
	}
	return wanted, lines.Err()
}

// try enables a term where nobody sees it. The library panics on some that do not end, such as "(0".
func try(name, term string) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("it cannot be read: %v", cause)
		}
	}()
	var trial failpoint.Failpoints
	return trial.Enable(name, term)
}
