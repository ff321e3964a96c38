package scenarios

import (
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
)

// seeding is where a run's choices come from: its seed, and the scenario, so that one seed does not mean the same moments in all.
type seeding struct {
	seed     uint64
	scenario string
}

// stream is a source of randomness of its own for one purpose. Streams do not touch each other: a fault added to a plan does not
// change what another draws.
func (s seeding) stream(purpose string) *rand.Rand {
	text := binary.LittleEndian.AppendUint64(nil, s.seed)
	sum := sha256.Sum256(append(text, s.scenario+"/"+purpose...))
	return rand.New(rand.NewPCG(binary.LittleEndian.Uint64(sum[:8]), binary.LittleEndian.Uint64(sum[8:16])))
}
