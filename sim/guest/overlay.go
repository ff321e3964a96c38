package guest

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// overlayFiles replace files of the same names below GOROOT/src, or stand beside them.
//
//go:embed _overlay
var overlayFiles embed.FS

const overlayRoot = "_overlay"

// overlayPrefix is what the names of the folders begin with that overlays are written to.
const overlayPrefix = "_overlay-"

// originals are the SHA-256 hashes of the files that the overlay replaces, as they are in the Go version that it was written for.
// After a look at what changed in a new version, list its hashes with: cd $(go env GOROOT)/src && sha256sum FILES
var originals = map[string]string{
	"internal/poll/fd_fsync_posix.go":        "5e19d9488df676a69838524881b9ba7689b40df87016b16100b33efa131ffdaa",
	"internal/runtime/atomic/atomic_wasm.go": "4f6bc6a1fa130ed10d601c6fd6c915ef0955402f3d2a35e687d5291af1eed133",
	"net/fd_fake.go":                         "544bc4bdded58ee13ea2db8f5b11631afc647df8bac13f6693d692dd290f57b3",
	"net/fd_wasip1.go":                       "629fc5dc83f12fbe23737bff209b1598554220bfb45d834cf56806c8d1191571",
	"net/interface_stub.go":                  "da6e430fd555e2c2acaec31f241e7d3ae5265e6f543bc20652481a6ae066c920",
	"net/net_fake.go":                        "784b369c57be52fa87ace5f10e07e3c24b45d549639e1487734b793024188df3",
	"net/sockopt_fake.go":                    "bdba169556903d963cbd678e8ed6b70bbdd87257b4e658f94c2d9ccbc374d64b",
	"net/tcpsockopt_stub.go":                 "95fae3835bd80bbefbded9bf91eae9c0988ed93c69d996a4c453979fa6a05650",
	"os/sys_bsd.go":                          "0a5cd4a328bb028c01b1e41a9f891b9176229234c6f4e18afeab9fe771392193",
	"runtime/lock_wasip1.go":                 "9cadef1634f103839e5c242cdf2996a2b7844d5d380f4591c4ea9ab0e4fe5563",
	"runtime/netpoll_wasip1.go":              "5462ad1c05a38ba052d77b3795fb284e2606471585ef5faef4f99cc27f400082",
	"runtime/os_wasip1.go":                   "be2ff1b65991ed4a763a07b05c03a379072a3f7f60368f175ba160ff47e1b889",
	"runtime/os_wasm.go":                     "17708274aaf6e4c15b6db7a25ccbae1222e1e265dec5dfc1906ebd3bb343c25a",
	"runtime/rt0_wasip1_wasm.s":              "a4a177392f5076a7929787dd1796fee733c7e90a71662069390af98dc8119915",
	"sync/atomic/asm.s":                      "0d82e9b2a1e68008568b03a6eda89769a33d141beac22d20124e89e951d452d4",
	"sync/atomic/doc.go":                     "fb448dacfc6b4d5c74ae203224dc31088c2cf45fc42391a4fdb04a47ccc62413",
	"sync/atomic/doc_64.go":                  "0434f660a650bc6a1eaf9b8c48205ed0ce8c18b53001e949dde7662d04bde9ea",
	"syscall/tables_wasip1.go":               "0e629d50cec9bd60f08c846b691d1feafd9eaca00394d1cb90c01ecbe28ca8f8",
}

// onlyFaster are the files of the overlay that change nothing but how long programs take. The others are what machines are made of.
var onlyFaster = map[string]bool{
	"internal/runtime/atomic/atomic_wasm.go": true,
	"sync/atomic/asm.s":                      true,
	"sync/atomic/doc.go":                     true,
	"sync/atomic/doc_64.go":                  true,
}

// overlayVersion is the Go version that the overlay was written for.
const overlayVersion = "go1.26"

// toolchain is the Go that builds guests.
type toolchain struct {
	Root    string `json:"GOROOT"`
	Version string `json:"GOVERSION"`
}

// findToolchain asks the go command which Go it would use in dir.
func findToolchain(ctx context.Context, dir string) (toolchain, error) {
	command := exec.CommandContext(ctx, "go", "env", "-json", "GOROOT", "GOVERSION")
	command.Dir = dir
	out, err := output(command)
	if err != nil {
		return toolchain{}, err
	}
	var found toolchain
	if err := json.Unmarshal(out, &found); err != nil {
		return toolchain{}, fmt.Errorf("reading the answer of go env: %w", err)
	}
	return found, nil
}

// check tells whether the overlay fits this Go.
func (t toolchain) check() error {
	if t.Version != overlayVersion && !strings.HasPrefix(t.Version, overlayVersion+".") {
		return fmt.Errorf("the standard library's overlay is written for %s, but the go command is %s: put %s.x first in PATH, or set GOTOOLCHAIN to it", overlayVersion, t.Version, overlayVersion)
	}
	for name, want := range originals {
		file := filepath.Join(t.Root, "src", filepath.FromSlash(name))
		content, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("checking the standard library of %s: %w", t.Version, err)
		}
		sum := sha256.Sum256(content)
		if got := hex.EncodeToString(sum[:]); got != want {
			return fmt.Errorf("%s is not the file that the overlay was written to replace (SHA-256 %s, want %s): use an unchanged %s", file, got, want, overlayVersion)
		}
	}
	return nil
}

// writeOverlay puts the overlay into the folder cache and returns the file for go build -overlay. With plain, it is without onlyFaster.
func (t toolchain) writeOverlay(cache string, plain bool) (string, error) {
	replace := map[string]string{}
	content := sha256.New()
	sources := map[string][]byte{} // by name below GOROOT/src
	err := fs.WalkDir(overlayFiles, overlayRoot, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		source, err := overlayFiles.ReadFile(name)
		if err != nil {
			return err
		}
		fmt.Fprintf(content, "%s %d\n", name, len(source))
		content.Write(source)
		sources[strings.TrimPrefix(name, overlayRoot+"/")] = source
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("reading the overlay: %w", err)
	}
	// The folder is named by what is in it, so that different builds of this package can share a cache, and so that the go command does not
	// take it for packages of the module that the cache lies in.
	folder := filepath.Join(cache, overlayPrefix+hex.EncodeToString(content.Sum(nil))[:16])
	for name, source := range sources {
		if plain && onlyFaster[name] {
			continue
		}
		file := filepath.Join(folder, filepath.FromSlash(name))
		if err := writeOnce(file, source); err != nil {
			return "", err
		}
		replace[filepath.Join(t.Root, "src", filepath.FromSlash(name))] = file
	}
	list, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	// Another Go may use the same folder.
	sum := sha256.Sum256(list)
	file := filepath.Join(folder, "replace-"+hex.EncodeToString(sum[:])[:16]+".json")
	dropOverlays(cache, folder, time.Now())
	return file, writeOnce(file, list)
}

// overlayLives is how long an overlay stays that no build used.
const overlayLives = 7 * 24 * time.Hour

// dropOverlays notes that an overlay is in use, and removes those in the same cache that have not been for long: each version of them has
// a folder of its own. What cannot be removed stays.
func dropOverlays(cache, inUse string, now time.Time) {
	_ = os.Chtimes(inUse, now, now)
	entries, _ := os.ReadDir(cache)
	for _, entry := range entries {
		info, err := entry.Info()
		if err == nil && strings.HasPrefix(entry.Name(), overlayPrefix) && now.Sub(info.ModTime()) > overlayLives {
			_ = os.RemoveAll(filepath.Join(cache, entry.Name()))
		}
	}
}

// writeOnce writes a file that others may be writing with the same content.
func writeOnce(file string, content []byte) error {
	if old, err := os.ReadFile(file); err == nil && string(old) == string(content) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return fmt.Errorf("writing the overlay: %w", err)
	}
	temporary, err := os.CreateTemp(filepath.Dir(file), "new-")
	if err != nil {
		return fmt.Errorf("writing the overlay: %w", err)
	}
	defer os.Remove(temporary.Name())
	_, err = temporary.Write(content)
	if err := errors.Join(err, temporary.Close()); err != nil {
		return fmt.Errorf("writing the overlay: %w", err)
	}
	if err := os.Rename(temporary.Name(), file); err != nil {
		return fmt.Errorf("writing the overlay: %w", err)
	}
	return nil
}
