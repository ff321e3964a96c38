//go:build unchecked && unix && (amd64 || arm64)

package machine

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"

	"github.com/tetratelabs/wazero/experimental"
)

// reach is how much address space a memory must own for unchecked code: a 32-bit address plus a 32-bit offset, and what is loaded there.
const reach = 8<<30 + pageSize

// withoutChecks lets wazero compile code in which loads and stores are not checked. The wazero that comes with this module's go.mod has no
// such thing: to build with the tag "unchecked", use the go.mod that command muster/sim/machine/unchecked makes, as the Makefile does.
func withoutChecks(ctx context.Context) context.Context { return experimental.WithUncheckedMemory(ctx) }

// patch is what makes that wazero different.
//
//go:embed unchecked/wazero.patch
var patch []byte

// engineFolder is the name of a folder for code that is checked in this way. It tells code of one patched wazero from another's, which
// wazero itself cannot.
func engineFolder(c checking) string {
	sum := sha256.Sum256(patch)
	return string(c) + "-" + hex.EncodeToString(sum[:4])
}
