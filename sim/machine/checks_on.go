//go:build !unchecked || !unix || !(amd64 || arm64)

package machine

import "context"

// reach is how much address space a memory must own for unchecked code: none does.
const reach = 0

func withoutChecks(ctx context.Context) context.Context { return ctx }

// engineFolder is the name of a folder for code that is checked in this way. In it, wazero keeps what its versions compiled apart.
func engineFolder(c checking) string { return string(c) }
