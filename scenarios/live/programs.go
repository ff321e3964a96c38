package live

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"muster/model/run"
)

// Programs are the executables that the stage starts.
type Programs struct {
	// Registry is the node's; unused against a target.
	Registry string
	// Workload is the clients'.
	Workload string
	// Next is the build that nodes are upgraded to; empty: they cannot be.
	Next string
}

// BuildNext builds the node of the module at root once more, under another name, for nodes to be upgraded to.
func (p Programs) BuildNext(ctx context.Context, root, into string) (Programs, error) {
	p.Next = filepath.Join(into, "registry-next")
	build := exec.CommandContext(ctx, "go", "build", "-tags", "nextbuild", "-o", p.Next, "./cmd/registry")
	build.Dir = root
	if output, err := build.CombinedOutput(); err != nil {
		return Programs{}, fmt.Errorf("build the next registry: %w\n%s", err, strings.TrimSpace(string(output)))
	}
	return p, nil
}

// BuildPrograms builds the node and the workload from the module at root, into a folder.
func BuildPrograms(ctx context.Context, root, into string) (Programs, error) {
	programs := Programs{Registry: filepath.Join(into, "registry"), Workload: filepath.Join(into, "workload")}
	for _, path := range []string{programs.Registry, programs.Workload} {
		build := exec.CommandContext(ctx, "go", "build", "-o", path, "./cmd/"+filepath.Base(path))
		build.Dir = root
		if output, err := build.CombinedOutput(); err != nil {
			return Programs{}, fmt.Errorf("build %s: %w\n%s", filepath.Base(path), err, strings.TrimSpace(string(output)))
		}
	}
	return programs, nil
}

// identify hashes the programs, so that a run says what ran.
func (p Programs) identify() ([]run.Guest, error) {
	var guests []run.Guest
	for _, path := range []string{p.Registry, p.Workload, p.Next} {
		if path == "" {
			continue
		}
		file, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		hash := sha256.New()
		size, err := io.Copy(hash, file)
		file.Close()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		guests = append(guests, run.Guest{Name: filepath.Base(path), SHA256: hex.EncodeToString(hash.Sum(nil)), Size: size})
	}
	return guests, nil
}
