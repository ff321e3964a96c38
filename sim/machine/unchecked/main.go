package main

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/dirhash"
)

// The wazero that the patch is written for. After a look at what changed in a new version, make the patch anew, and take the hash from
// go.sum.
const (
	wazeroPath    = "github.com/tetratelabs/wazero"
	wazeroVersion = "v1.12.0"
	wazeroHash    = "h1:DuWcpNu/FzgEXgGBDp8J1Spc+CWOvvtvVyjKlaZopYU="
)

//go:embed wazero.patch
var patch []byte

func main() {
	into := flag.String("into", "build", "leave wazero, fast.mod and fast.sum in this `FOLDER` of the module")
	flag.Parse()
	if err := prepare(*into); err != nil {
		fmt.Fprintln(os.Stderr, "unchecked: preparing wazero without bounds checks:", err)
		os.Exit(1)
	}
}

// prepare must run in the folder of go.mod.
func prepare(into string) error {
	original, err := findWazero()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(into, 0o755); err != nil {
		return err
	}
	work, err := os.MkdirTemp(into, "wazero-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	if err := copySources(work, original); err != nil {
		return fmt.Errorf("copying %s: %w", original, err)
	}
	if err := applyPatch(work); err != nil {
		return err
	}
	target := filepath.Join(into, "wazero")
	if err := os.RemoveAll(target); err != nil {
		return err
	}
	if err := os.Rename(work, target); err != nil {
		return err
	}
	return writeModFile(into, target)
}

// findWazero returns the folder of the original.
func findWazero() (string, error) {
	var module struct {
		Version, Dir, Error string
		Replace             *struct{ Path string }
	}
	out, err := run("go", "list", "-m", "-json", wazeroPath)
	if err == nil {
		err = json.Unmarshal(out, &module)
	}
	if err != nil {
		return "", err
	}
	if module.Replace != nil {
		return "", fmt.Errorf("go.mod replaces %s by %s: want the original", wazeroPath, module.Replace.Path)
	}
	if module.Version != wazeroVersion {
		return "", fmt.Errorf("go.mod names %s %s, but wazero.patch is written for %s: make the patch anew", wazeroPath, module.Version, wazeroVersion)
	}
	if module.Dir == "" { // not downloaded yet
		if out, err = run("go", "mod", "download", "-json", wazeroPath+"@"+wazeroVersion); err == nil {
			err = json.Unmarshal(out, &module)
		}
		if err != nil {
			return "", err
		}
	}
	return module.Dir, verify(module.Dir, wazeroHash)
}

// verify checks a module's folder against its hash in go.sum.
func verify(dir, want string) error {
	got, err := dirhash.HashDir(dir, wazeroPath+"@"+wazeroVersion, dirhash.Hash1)
	if err != nil {
		return err
	}
	if got != want {
		return fmt.Errorf("%s is not the %s %s that was published (%s, want %s): remove it with go clean -modcache", dir, wazeroPath, wazeroVersion, got, want)
	}
	return nil
}

// copySources copies what takes part in a build: neither tests nor what they read.
func copySources(to, from string) error {
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, relative)
		name := entry.Name()
		switch {
		case entry.IsDir() && name == "testdata":
			return filepath.SkipDir
		case entry.IsDir():
			return os.MkdirAll(target, 0o755)
		case strings.HasSuffix(name, "_test.go"):
			return nil
		case strings.HasSuffix(name, ".go"), strings.HasSuffix(name, ".s"), name == "go.mod", name == "LICENSE", name == "NOTICE":
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			return os.WriteFile(target, content, 0o644)
		}
		return nil
	})
}

func applyPatch(dir string) error {
	if _, err := exec.LookPath("git"); err != nil {
		return errors.New("there is no git to apply the patch with: install it")
	}
	command := exec.Command("git", "apply", "--whitespace=nowarn", "-")
	command.Dir = dir
	command.Stdin = bytes.NewReader(patch)
	// The copy is no part of any repository that it lies in.
	command.Env = append(os.Environ(), "GIT_DIR="+os.DevNull)
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("git apply wazero.patch: %w\n%s", err, out)
	}
	return nil
}

// writeModFile makes fast.mod and fast.sum of go.mod and go.sum.
func writeModFile(into, wazero string) error {
	for _, kind := range []string{"mod", "sum"} {
		content, err := os.ReadFile("go." + kind)
		if err != nil {
			return fmt.Errorf("%w: run this in the folder of go.mod", err)
		}
		if err := os.WriteFile(filepath.Join(into, "fast."+kind), content, 0o644); err != nil {
			return err
		}
	}
	// A path is relative to the folder of go.mod, and begins with a dot.
	_, err := run("go", "mod", "edit", "-replace="+wazeroPath+"=./"+filepath.ToSlash(wazero), filepath.Join(into, "fast.mod"))
	return err
}

func run(name string, arguments ...string) ([]byte, error) {
	command := exec.Command(name, arguments...)
	command.Env = append(os.Environ(), "GOFLAGS=") // it must see go.mod, not what is made of it
	var stderr bytes.Buffer
	command.Stderr = &stderr
	out, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", strings.Join(command.Args, " "), err, stderr.Bytes())
	}
	return out, nil
}
