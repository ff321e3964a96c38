package scenarios

import (
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
)

// stream is a source of randomness of its own for one purpose, derived from a run's seed. Streams do not touch each other: a
// fault added to a plan does not change what another draws.
func stream(seed uint64, purpose string) *rand.Rand {
	text := binary.LittleEndian.AppendUint64(nil, seed)
	sum := sha256.Sum256(append(text, purpose...))
	return rand.New(rand.NewPCG(binary.LittleEndian.Uint64(sum[:8]), binary.LittleEndian.Uint64(sum[8:16])))
}
