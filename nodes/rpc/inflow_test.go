package rpc

import (
	"encoding/binary"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// frame is one of HTTP/2.
func frame(kind, flags byte, stream uint32, payload string) string {
	header := []byte{byte(len(payload) >> 16), byte(len(payload) >> 8), byte(len(payload)), kind, flags}
	return string(binary.BigEndian.AppendUint32(header, stream)) + payload
}

// message is the beginning of one of gRPC's that is as long as it says.
func message(length int, text string) string {
	return string(binary.BigEndian.AppendUint32([]byte{0}, uint32(length))) + text
}

func TestInflow(t *testing.T) {
	const settings = 4
	for name, test := range map[string]struct {
		text string
		held int64
	}{
		"nothing":             {"", 0},
		"other frames":        {frame(settings, 0, 0, strings.Repeat("x", 30)) + frame(headersFrame, 0, 1, "headers"), 0},
		"a whole message":     {frame(dataFrame, endStreamFlag, 1, message(3, "abc")), 0},
		"one of a stream":     {frame(dataFrame, 0, 1, message(3, "abc")), 0},
		"empty":               {frame(dataFrame, 0, 1, message(0, "")), 0},
		"a part":              {frame(dataFrame, 0, 1, message(9, "abc")), streamSize + 3},
		"two parts":           {frame(dataFrame, 0, 1, message(9, "abc")) + frame(dataFrame, 0, 1, "defg"), streamSize + 7},
		"all parts":           {frame(dataFrame, 0, 1, message(5, "abc")) + frame(dataFrame, 0, 1, "de"), 0},
		"the second's part":   {frame(dataFrame, 0, 1, message(3, "abc")+message(4, "d")), streamSize + 1},
		"half a beginning":    {frame(dataFrame, 0, 1, "\x00\x00"), streamSize},
		"two streams":         {frame(dataFrame, 0, 1, message(9, "abc")) + frame(dataFrame, 0, 3, message(9, "ab")), 2*streamSize + 5},
		"given up":            {frame(dataFrame, 0, 1, message(9, "abc")) + frame(resetFrame, 0, 1, "code"), 0},
		"ended too early":     {frame(dataFrame, 0, 1, message(9, "abc")) + frame(headersFrame, endStreamFlag, 1, ""), 0},
		"padded":              {frame(dataFrame, paddedFlag, 1, "\x04"+message(9, "abc")+"pad."), streamSize + 3},
		"padded by too much":  {frame(dataFrame, paddedFlag, 1, "\xff"+message(9, "abc")), 0},
		"nothing but padding": {frame(dataFrame, paddedFlag, 1, "\x02xx"), 0},
		"too long":            {frame(dataFrame, 0, 1, message(MaxMessage+1, "abc")), streamSize},
	} {
		text := []byte(preface + test.text)
		for _, pieces := range []int{1, 7, len(text)} {
			var i inflow
			for piece := range chunks(text, pieces) {
				i.read(piece)
			}
			require.Equal(t, test.held, i.held, "%s in pieces of %d", name, pieces)
			require.Equal(t, test.held > 0, len(i.streams) > 0, name)
		}
	}
}

// chunks are the pieces of a text, all but the last of one size.
func chunks(text []byte, size int) func(yield func([]byte) bool) {
	return func(yield func([]byte) bool) {
		for len(text) > 0 {
			n := min(size, len(text))
			if !yield(text[:n]) {
				return
			}
			text = text[n:]
		}
	}
}

// Whatever comes in, it is the same in whatever pieces it comes, and never less than nothing.
func FuzzInflow(f *testing.F) {
	f.Add([]byte(preface+frame(dataFrame, paddedFlag, 1, "\x04"+message(9, "abc")+"pad.")+frame(resetFrame, 0, 1, "")), 3)
	f.Add([]byte(preface+frame(dataFrame, 0, 1, message(2, "ab")+message(5, ""))), 1)
	f.Fuzz(func(t *testing.T, text []byte, size int) {
		var whole, pieces inflow
		whole.read(text)
		for piece := range chunks(text, max(size, 1)) {
			pieces.read(piece)
			require.GreaterOrEqual(t, pieces.held, int64(0))
		}
		require.Equal(t, whole.held, pieces.held)
		require.LessOrEqual(t, whole.held, int64(len(text))*streamSize)
	})
}

// When there is no room for more that is unfinished, whoever has most of it is cut off; the others go on.
func TestUnfinishedMessages(t *testing.T) {
	c := newCrowd(t, SDKOptions{})
	c.server.unfinished.most = 100 << 10
	begins := func(bytes int) (cut chan struct{}) {
		ours, theirs := net.Pipe()
		c.listener.connections <- guest{theirs, "10.0.0.9", 4000 + bytes}
		cut = make(chan struct{})
		go func() {
			defer close(cut)
			_, _ = io.Copy(io.Discard, ours)
		}()
		const piece = 16 << 10
		text := preface + emptySettings
		rest := message(MaxMessage, strings.Repeat("x", bytes))
		for len(rest) > 0 {
			n := min(piece, len(rest))
			text += frame(dataFrame, 0, 1, rest[:n])
			rest = rest[n:]
		}
		_, err := io.WriteString(ours, text)
		require.NoError(t, err)
		t.Cleanup(func() { ours.Close() })
		return cut
	}
	begins(20 << 10)
	most := begins(50 << 10)
	begins(40 << 10)
	select {
	case <-most:
	case <-within(t, 10*time.Second).Done():
		require.Fail(t, "the connection with most that is unfinished stays")
	}
	require.EqualValues(t, 1, c.server.Refused())
	kind, _ := c.comes("10.0.0.1").call("ServerCheckRequest", `{}`)
	require.Equal(t, "ServerCheckResponse", kind)
}
