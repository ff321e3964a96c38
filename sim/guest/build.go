package guest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/renameio/v2"

	"muster/sim/guest/restructure"
	"muster/sim/prune"
)

// Options say what to build and where to leave it.
type Options struct {
	// Package is the main package: an import path, or a path that begins with ./ and is relative to Dir.
	Package string
	// Dir is where the go command runs, in the module that the package belongs to; the current directory if empty.
	Dir string
	// Cache is the folder for what is built. Several processes may use it at once. What was not used for longest goes when it holds more
	// than 2 GiB.
	Cache string
	// Tags are build tags.
	Tags []string
	// AsCompiled leaves the module as the Go compiler made it. It does the same then, but takes longer; and its work is not counted, so
	// that no processor is slow for it, and if it runs for ever, so does the world.
	AsCompiled bool
	// PlainLibrary leaves out of the standard library's overlay what is there only for speed. The program takes longer then. It does the
	// same, but for the places in its code that stack traces name, and as far as nothing depends on when it collects garbage: its stack
	// frames have other sizes, which the collector goes by.
	PlainLibrary bool
}

// Program is a guest that has been built. The same sources make the same bytes, wherever they are.
type Program struct {
	// Name is the last element of the package's path.
	Name string
	// Path is the WebAssembly module's file.
	Path string
	// SHA256 is its hash, in hexadecimal digits.
	SHA256 string
	// Size is its length in bytes.
	Size int64
}

// Read returns the module's bytes. It fails if the file has been replaced since it was built.
func (p Program) Read() ([]byte, error) {
	content, err := os.ReadFile(p.Path)
	if err != nil {
		return nil, fmt.Errorf("reading the guest %s: %w", p.Name, err)
	}
	sum := sha256.Sum256(content)
	if got := hex.EncodeToString(sum[:]); got != p.SHA256 {
		return nil, fmt.Errorf("reading the guest %s: %s was built again since (SHA-256 %s, want %s): build it anew", p.Name, p.Path, got, p.SHA256)
	}
	return content, nil
}

// How much of what was built a cache keeps: some fifty programs. None goes that was used in the last while.
const (
	mostCached  = 2 << 30
	spareCached = time.Hour
)

// Build compiles a program for simulated machines. If nothing changed since the last time, it takes as long as the go command needs to
// find that out. The error of a program that does not compile holds the compiler's messages.
func Build(ctx context.Context, o Options) (Program, error) {
	program, err := build(ctx, o)
	if err != nil {
		return Program{}, fmt.Errorf("building the guest %s: %w", o.Package, err)
	}
	return program, nil
}

func build(ctx context.Context, o Options) (Program, error) {
	if o.Package == "" || o.Cache == "" {
		return Program{}, errors.New("want Options.Package and Options.Cache")
	}
	cache, err := filepath.Abs(o.Cache)
	if err != nil {
		return Program{}, err
	}
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return Program{}, err
	}
	tools, err := findToolchain(ctx, dir)
	if err != nil {
		return Program{}, err
	}
	if err := tools.check(); err != nil {
		return Program{}, err
	}
	_ = prune.To(cache, mostCached, spareCached, time.Now()) // a cache from which nothing can be removed serves all the same
	overlay, err := tools.writeOverlay(cache, o.PlainLibrary)
	if err != nil {
		return Program{}, err
	}

	// Each way to build has a file of its own, named by a key, so that go build finds what it left the last time.
	name := filepath.Base(filepath.FromSlash(o.Package))
	if name == "." {
		name = filepath.Base(dir)
	}
	key := sha256.Sum256([]byte(strings.Join(append([]string{dir, o.Package, tools.Version}, o.Tags...), "\n")))
	stem := filepath.Join(cache, name+"-"+hex.EncodeToString(key[:4]))
	if o.PlainLibrary {
		stem += "-plain"
	}
	file := stem + ".compiled.wasm"
	content, err := compile(ctx, o, dir, cache, overlay, file)
	if err != nil {
		return Program{}, err
	}
	if !o.AsCompiled {
		file = stem + ".wasm"
		if content, err = restructured(content, file); err != nil {
			return Program{}, err
		}
	}
	// Not all file systems note that a file is read, and another process may be pruning.
	now := time.Now()
	_ = os.Chtimes(file, now, now)
	sum := sha256.Sum256(content)
	return Program{Name: name, Path: file, SHA256: hex.EncodeToString(sum[:]), Size: int64(len(content))}, nil
}

// Find finds a guest that was built earlier into a cache, by its name and hash.
func Find(cache, name, sum string) (Program, error) {
	files, err := filepath.Glob(filepath.Join(cache, name+"-*.wasm"))
	if err != nil {
		return Program{}, fmt.Errorf("finding the guest %s: %w", name, err)
	}
	for _, file := range files {
		// The note tells the hash, so that not all modules need to be read; Program.Read makes sure.
		note, err := os.ReadFile(strings.TrimSuffix(file, ".wasm") + ".made")
		if err != nil || !strings.HasSuffix(strings.TrimSpace(string(note)), " "+sum) {
			continue
		}
		info, err := os.Stat(file)
		if err != nil {
			return Program{}, fmt.Errorf("finding the guest %s: %w", name, err)
		}
		return Program{Name: name, Path: file, SHA256: sum, Size: info.Size()}, nil
	}
	return Program{}, fmt.Errorf("finding the guest %s: no build of SHA-256 %.12s… is in %s: its sources have changed since", name, sum, cache)
}

// compile runs go build, which finds what it left in the file the last time. It works on a copy, so that the file itself is always whole.
func compile(ctx context.Context, o Options, dir, cache, overlay, file string) ([]byte, error) {
	work, err := os.MkdirTemp(cache, "build-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(work)
	product := filepath.Join(work, filepath.Base(file))
	if err := copyFile(product, file); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}

	command := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-w", "-overlay", overlay,
		"-tags", strings.Join(o.Tags, ","), "-o", product, o.Package)
	command.Dir = dir
	// What would change the product is fixed. PWD makes the go command see Dir as we do.
	command.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "GOFLAGS=", "GOWASM=", "GOEXPERIMENT=", "GOFIPS140=off", "CGO_ENABLED=0", "PWD="+dir)
	if _, err := output(command); err != nil {
		return nil, err
	}

	content, err := os.ReadFile(product)
	if err != nil {
		return nil, fmt.Errorf("go build left no program: %w", err)
	}
	if !bytes.HasPrefix(content, []byte("\x00asm")) {
		return nil, errors.New("go build left no WebAssembly module: want a main package")
	}
	return content, os.Rename(product, file)
}

// restructured writes what package restructure makes of a module to a file, and a note beside it that says what it was made of; so the
// next time it is there already.
func restructured(compiled []byte, file string) ([]byte, error) {
	hash := sha256.New()
	hash.Write([]byte(restructure.Revision()))
	hash.Write(compiled)
	from := hex.EncodeToString(hash.Sum(nil))
	note := strings.TrimSuffix(file, ".wasm") + ".made"

	if made, err := os.ReadFile(file); err == nil {
		old, err := os.ReadFile(note)
		sum := sha256.Sum256(made)
		if err == nil && string(old) == from+" "+hex.EncodeToString(sum[:])+"\n" {
			return made, nil
		}
	}
	made, _, err := restructure.Module(compiled)
	if err == nil {
		made, err = restructure.Meter(made)
	}
	if err != nil {
		return nil, err
	}
	if err := renameio.WriteFile(file, made, 0o644); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(made)
	return made, renameio.WriteFile(note, []byte(from+" "+hex.EncodeToString(sum[:])+"\n"), 0o644)
}

func copyFile(to, from string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := os.Create(to)
	if err != nil {
		return err
	}
	if _, err := io.Copy(target, source); err != nil {
		target.Close()
		return err
	}
	return target.Close()
}

// output runs a go command; its error holds what it said, and of its arguments only the first, since the others are about files of ours.
func output(command *exec.Cmd) ([]byte, error) {
	var stderr bytes.Buffer
	command.Stderr = &stderr
	out, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", strings.Join(command.Args[:2], " "), err, bytes.TrimSpace(stderr.Bytes()))
	}
	return out, nil
}
