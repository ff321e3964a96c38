package golden

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
)

func TestCompare(t *testing.T) {
	for _, test := range []struct {
		name      string
		step      step
		want, got string
		found     []string
	}{
		{"equal", step{}, `{"a":[1,{"b":null}]}`, `{"a":[1,{"b":null}]}`, nil},
		{"another value", step{}, `{"a":1}`, `{"a":2}`, []string{"/a: 1 recorded, got 2"}},
		{"a whole number and another", step{}, `{"a":1.0}`, `{"a":1}`, []string{"/a: 1.0 recorded, got 1"}},
		{"missing", step{}, `{"a":1}`, `{}`, []string{"/a: 1 recorded, got (absent)"}},
		{"more", step{}, `{}`, `{"a":1}`, []string{"/a: (absent) recorded, got 1"}},
		{"volatile", step{comparing: comparing{Volatile: []string{"/a/*/t"}}}, `{"a":[{"t":1}]}`, `{"a":[{"t":7}]}`, nil},
		{"volatile of another type", step{comparing: comparing{Volatile: []string{"/t"}}}, `{"t":1}`, `{"t":"7"}`, []string{"/t: integer recorded, got string"}},
		{"a list's order", step{}, `{"a":["x","y"]}`, `{"a":["y","x"]}`, []string{"/a/0: x recorded, got y", "/a/1: y recorded, got x"}},
		{"a set's order", step{comparing: comparing{Unordered: []string{"/a"}}}, `{"a":[{"n":1},{"n":2}]}`, `{"a":[{"n":2},{"n":1}]}`, nil},
		{"no JSON", step{}, `{}`, `ok`, []string{`JSON recorded, got "ok"`}},
	} {
		require.Equal(t, test.found, test.step.compareJSON([]byte(test.want), []byte(test.got)), test.name)
	}
}

func TestNames(t *testing.T) {
	n := names{"run": "r1", "conn:a": "17_127.0.0.1_5"}
	s, err := n.read([]byte(`{"conn":"a","grpc":{"type":"X","json":{"name":"g-${run}","id":"${conn:a}"}}}`))
	require.NoError(t, err)
	require.JSONEq(t, `{"name":"g-r1","id":"17_127.0.0.1_5"}`, string(s.Call.JSON))
	_, err = n.read([]byte(`{"wait_ms":"soon"}`))
	require.ErrorContains(t, err, "step")
}

// A payload of a stated size has exactly that, whatever its length takes to write.
func TestPayloadSize(t *testing.T) {
	for _, size := range []int{100, 127 + 20, 128 + 20, 16400, 10 << 20} {
		require.Equal(t, size, proto.Size(message{Type: "X", JSON: []byte("{}"), PayloadBytes: size}.payload()))
	}
}

func TestCodeName(t *testing.T) {
	require.Equal(t, "OK", codeName(codes.OK))
	require.Equal(t, "RESOURCE_EXHAUSTED", codeName(codes.ResourceExhausted))
}
