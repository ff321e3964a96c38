package restructure

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"strings"
	"sync"
)

//go:embed *.go
var sources embed.FS

// Revision names what this package does to modules: it is another one whenever the package's sources have changed. Whoever keeps results
// of Module keeps it with them.
var Revision = sync.OnceValue(func() string {
	hash := sha256.New()
	entries, err := sources.ReadDir(".")
	for _, entry := range entries {
		if strings.HasSuffix(entry.Name(), "_test.go") {
			continue
		}
		var source []byte
		if source, err = sources.ReadFile(entry.Name()); err != nil {
			break
		}
		fmt.Fprintf(hash, "%s %d\n%s", entry.Name(), len(source), source)
	}
	if err != nil {
		panic(fmt.Sprintf("the package's own sources cannot be read: %v", err)) // they are part of the program
	}
	return hex.EncodeToString(hash.Sum(nil))
})
