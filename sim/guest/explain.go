package guest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
)

// Obstacle is something in a program that a simulated machine does not have.
type Obstacle struct {
	// Package is the import path of the package that wants it.
	Package string
	// Chain leads from the main package to that package, both included, by the shortest way.
	Chain []string
	// What it wants, and what comes of it, in words.
	What string
	// Detail is what the compiler said; empty if it said nothing.
	Detail string
	// Fatal obstacles keep the program from being built. With the others it is built, and fails where it gets to them.
	Fatal bool
}

// String tells a person, in two lines or three.
func (o Obstacle) String() string {
	s := o.Package + ": " + o.What
	if o.Detail != "" {
		s += "\n  " + o.Detail
	}
	return s + "\n  imported by " + strings.Join(o.Chain, " → ")
}

// Unbuildable is the error of a program that wants what no simulated machine has.
type Unbuildable struct {
	// Package is the import path of the main package.
	Package string
	// Obstacles are those that are fatal, in the order of their packages.
	Obstacles []Obstacle
	// Err is the error of Build.
	Err error
}

// Error names the obstacles.
func (u *Unbuildable) Error() string {
	s := fmt.Sprintf("%s cannot run on simulated machines as it is:", u.Package)
	for _, o := range u.Obstacles {
		s += "\n" + o.String()
	}
	return s
}

// Unwrap returns the error of Build.
func (u *Unbuildable) Unwrap() error { return u.Err }

// Explain turns an error of Build into an Unbuildable if it knows what stands in the way, and leaves it alone otherwise, as if the
// program has a mistake that it has on any system.
func Explain(ctx context.Context, o Options, err error) error {
	packages, listErr := list(ctx, o)
	if listErr != nil {
		return err // such as a package that there is not: Build's error says so
	}
	var obstacles []Obstacle
	messages := compilerMessages(err.Error())
	for _, p := range packages.order {
		detail := ""
		if p.Error != nil && strings.Contains(p.Error.Err, "build constraints exclude all Go files") {
			detail = "it has no file for this system (build constraints exclude all of them)"
		} else if said := messages[p.ImportPath]; len(said) > 0 && !p.Standard {
			detail = strings.TrimPrefix(said[0], p.Dir+string(os.PathSeparator))
			if len(said) > 1 {
				detail += fmt.Sprintf(" (and %d more)", len(said)-1)
			}
		}
		if detail == "" {
			continue
		}
		what, ours := wanted(p, detail)
		if !ours {
			continue
		}
		obstacles = append(obstacles, Obstacle{Package: p.ImportPath, Chain: packages.chain(p.ImportPath), What: what, Detail: detail, Fatal: true})
	}
	if len(obstacles) == 0 {
		return err
	}
	return &Unbuildable{Package: packages.main, Obstacles: obstacles, Err: err}
}

// Doubts lists what a program that can be built may not get on a simulated machine: other programs, plugins, C code. Many a library
// imports such things and never needs them, so nothing more than that is known.
func Doubts(ctx context.Context, o Options) ([]Obstacle, error) {
	packages, err := list(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("looking at what %s imports: %w", o.Package, err)
	}
	var doubts []Obstacle
	for _, p := range packages.order {
		if p.Standard {
			continue
		}
		for _, imported := range p.Imports {
			if what, ok := absent[imported]; ok {
				doubts = append(doubts, Obstacle{Package: p.ImportPath, Chain: packages.chain(p.ImportPath), What: what})
			}
		}
		if usesC(p) {
			doubts = append(doubts, Obstacle{Package: p.ImportPath, Chain: packages.chain(p.ImportPath),
				What: "has parts in C (cgo), which are left out: it does what it does on systems without them"})
		}
	}
	return doubts, nil
}

// absent are packages of the standard library that can be imported and do nothing on a simulated machine.
var absent = map[string]string{
	"os/exec":    "imports os/exec: a machine runs one program, and starting another fails",
	"plugin":     "imports plugin: opening one fails",
	"log/syslog": "imports log/syslog: there is no system log to connect to",
}

// signs tell from what a compiler said what a package wants. The first that fits counts.
var signs = []struct {
	sign *regexp.Regexp
	what string
}{
	{regexp.MustCompile(`(?i)m(un)?map|madvise|mlock|msync`), "wants mmap: the memory of a simulated machine has no files mapped into it"},
	{regexp.MustCompile(`StartProcess|ForkExec|SysProcAttr|Exec\b|Wait4|WaitStatus|Setpgid`), "wants to start and watch other programs: a simulated machine runs one"},
	{regexp.MustCompile(`Flock|FcntlFlock`), "wants file locks, which Go does not know on this system"},
	{regexp.MustCompile(`syscall\.|unix\.|windows\.`), "wants raw system calls of another system: guests are GOOS=wasip1, where package syscall has less"},
	{regexp.MustCompile(`missing function body|relocation target`), "has functions in assembly, and none in Go for this processor (GOARCH=wasm)"},
}

// wanted says what a package that cannot be compiled wants of a system, and false if it seems to be a mistake of its own.
func wanted(p *listed, detail string) (string, bool) {
	switch {
	case usesC(p):
		return "is written in C (cgo), which guests cannot hold", true
	case strings.HasPrefix(p.ImportPath, "golang.org/x/sys/"):
		return "makes raw system calls, which a simulated machine does not have", true
	}
	for _, s := range signs {
		if s.sign.MatchString(detail) {
			return s.what, true
		}
	}
	isProgram := func(name string) bool { return !strings.HasSuffix(name, "_test.go") }
	if p.Error != nil || slices.ContainsFunc(p.IgnoredGoFiles, isProgram) && strings.Contains(detail, "undefined") {
		return "is not written for this system: none of its files with GOOS=wasip1 and GOARCH=wasm holds what it needs", true
	}
	return "", false
}

// usesC tells whether a package has files that want a C compiler. Where there is no cgo, the go command ignores them.
func usesC(p *listed) bool {
	for _, name := range p.IgnoredGoFiles {
		content, err := os.ReadFile(p.Dir + string(os.PathSeparator) + name)
		if err == nil && importC.Match(content) {
			return true
		}
	}
	return false
}

var importC = regexp.MustCompile(`(?m)^\s*(import\s+)?"C"\s*$`)

// compilerMessages sorts what go build said by package.
func compilerMessages(text string) map[string][]string {
	messages := map[string][]string{}
	current := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "# "); ok {
			current, _, _ = strings.Cut(name, " ")
		} else if current != "" && line != "" && !strings.HasPrefix(line, "too many errors") {
			messages[current] = append(messages[current], line)
		}
	}
	return messages
}

// listed is what the go command knows of a package.
type listed struct {
	ImportPath     string
	Dir            string
	Standard       bool
	DepOnly        bool
	Imports        []string
	ImportMap      map[string]string
	IgnoredGoFiles []string
	Error          *struct{ Err string }
}

// imports is a program's packages.
type imports struct {
	order []*listed // dependencies first
	to    map[string]*listed
	main  string
}

// list asks the go command for all packages of a program, as they are for guests.
func list(ctx context.Context, o Options) (*imports, error) {
	command := exec.CommandContext(ctx, "go", "list", "-e", "-deps", "-tags", strings.Join(o.Tags, ","),
		"-json=ImportPath,Dir,Standard,DepOnly,Imports,ImportMap,IgnoredGoFiles,Error", o.Package)
	command.Dir = o.Dir
	command.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "GOFLAGS=", "CGO_ENABLED=0")
	out, err := output(command)
	if err != nil {
		return nil, err
	}
	found := &imports{to: map[string]*listed{}}
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		p := &listed{}
		if err := decoder.Decode(p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("reading the answer of go list: %w", err)
		}
		for i, name := range p.Imports {
			if other, ok := p.ImportMap[name]; ok {
				p.Imports[i] = other
			}
		}
		found.order = append(found.order, p)
		found.to[p.ImportPath] = p
		if !p.DepOnly {
			found.main = p.ImportPath
		}
	}
	return found, nil
}

// chain is the shortest way of imports from the main package to another.
func (i *imports) chain(target string) []string {
	from := map[string]string{i.main: ""}
	for queue := []string{i.main}; len(queue) > 0; queue = queue[1:] {
		if queue[0] == target {
			var chain []string
			for at := target; at != ""; at = from[at] {
				chain = append(chain, at)
			}
			slices.Reverse(chain)
			return chain
		}
		p := i.to[queue[0]]
		if p == nil {
			continue
		}
		for _, next := range p.Imports {
			if _, seen := from[next]; !seen {
				from[next] = queue[0]
				queue = append(queue, next)
			}
		}
	}
	return []string{target}
}
