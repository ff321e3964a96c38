package beating

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Whatever a datagram holds, it is read or refused.
func FuzzPush(f *testing.F) {
	f.Add([]byte(`{"type":"dom","data":"{\"name\":\"g@@s\",\"hosts\":[]}","lastRefTime":3944415321578}`))
	f.Add([]byte("\x1f\x8b\x08\x00"))
	f.Add([]byte(`{"type":"dom","data":7}`))
	f.Fuzz(func(t *testing.T, datagram []byte) {
		text, err := unpack(datagram)
		if err != nil {
			return
		}
		read, err := parsePush(text)
		if err == nil {
			require.Contains(t, read.name, "@@")
		}
	})
}
