package muster_test

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// arrows says which rooms a room may import, itself aside.
var arrows = map[string][]string{
	"model":     {},
	"sim":       {},
	"nodes":     {"model"},
	"checker":   {"model"},
	"reports":   {"model", "checker"},
	"scenarios": {"model", "checker", "sim"},
	"cmd":       {"model", "sim", "nodes", "checker", "reports", "scenarios", "conformance"},
	// It plays recordings against simulated nodes, and against real ones.
	"conformance": {"sim", "nodes", "scenarios"},
}

// narrower says what single packages may import of ours, besides their own room, where that is less than their room may.
var narrower = map[string][]string{
	// The catalog is the same on every stage, so it must not know one.
	"muster/scenarios": {"model", "checker"},
	// The programs that also run as guests must not know that they are simulated.
	"muster/cmd/registry":       {"model", "nodes"},
	"muster/cmd/workload":       {"model", "nodes"},
	"muster/conformance/player": {"nodes"},
}

// TestArrows keeps the walls of the house where they are: who may import whom, tests included.
func TestArrows(t *testing.T) {
	output, err := exec.Command("go", "list", "-json=ImportPath,Imports,TestImports,XTestImports", "./...").Output()
	require.NoError(t, err, "go list")
	decoder := json.NewDecoder(strings.NewReader(string(output)))
	packages := 0
	for decoder.More() {
		var p struct {
			ImportPath                         string
			Imports, TestImports, XTestImports []string
		}
		require.NoError(t, decoder.Decode(&p))
		room := roomOf(p.ImportPath)
		if room == "" {
			continue
		}
		packages++
		allowed, known := arrows[room]
		require.Truef(t, known, "%s: a new room %q: say in house_test.go what it may import", p.ImportPath, room)
		if fewer, ok := narrower[p.ImportPath]; ok {
			allowed = fewer
		}
		for kind, imports := range map[string][]string{"imports": p.Imports, "its test imports": p.TestImports, "its external test imports": p.XTestImports} {
			for _, imported := range imports {
				to := roomOf(imported)
				if to == "" || to == room && (room != "scenarios" || kind != "imports" || p.ImportPath != "muster/scenarios") {
					continue
				}
				if kind != "imports" && p.ImportPath == "muster/scenarios" {
					continue // the conformance suite wires stages to the catalog, as cmd does
				}
				require.Containsf(t, allowed, to, "%s %s %s: room %q may import only %v", p.ImportPath, kind, imported, room, allowed)
			}
		}
	}
	require.Greater(t, packages, 10, "go list saw the whole house")
}

// roomOf is the top folder of one of our packages, "" for any other package and for the top of the house.
func roomOf(importPath string) string {
	below, ours := strings.CutPrefix(importPath, "muster/")
	if !ours {
		return ""
	}
	room, _, _ := strings.Cut(below, "/")
	return room
}
