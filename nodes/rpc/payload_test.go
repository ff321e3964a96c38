package rpc

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

func TestCodecWritesWhatProtobufWrites(t *testing.T) {
	metadata := &Metadata{Type: "ServerCheckRequest", ClientIp: "10.0.0.1"}
	for name, payload := range map[string]*Payload{
		"empty":        {},
		"no body":      {Metadata: metadata},
		"empty body":   {Metadata: metadata, Body: &anypb.Any{}},
		"no metadata":  {Body: &anypb.Any{Value: []byte("{}")}},
		"short":        {Metadata: metadata, Body: &anypb.Any{Value: []byte(`{"a":1}`)}},
		"long":         {Metadata: metadata, Body: &anypb.Any{Value: bytes.Repeat([]byte("x"), 100_000)}},
		"typed body":   {Metadata: metadata, Body: &anypb.Any{TypeUrl: "a/b", Value: []byte("{}")}},
		"with headers": {Metadata: &Metadata{Type: "A", Headers: map[string]string{"app": "unknown"}}, Body: &anypb.Any{Value: []byte("{}")}},
	} {
		t.Run(name, func(t *testing.T) {
			want, err := proto.Marshal(payload)
			require.NoError(t, err)
			got, err := NewCodec().Marshal(proto.Clone(payload))
			require.NoError(t, err)
			require.Equal(t, string(want), string(got.Materialize()))
			read := new(Payload)
			require.NoError(t, NewCodec().Unmarshal(got, read))
			require.True(t, proto.Equal(payload, read))
		})
	}
}

func TestBodiesAreUsedAgain(t *testing.T) {
	var pool bodyPool
	for _, size := range []int{0, 1, shortBody, longBody, longBody + 1} {
		b := pool.Get(size)
		require.Len(t, *b, size)
		pool.Put(b)
		require.Len(t, *pool.Get(size / 2), size/2, "whether it is the same memory or not")
	}
}

type attached struct {
	Name string `json:"name"`
	List string `json:"-"`
}

func (a attached) Attachment() (string, int, func([]byte) []byte) {
	if a.List == "" {
		return "list", 0, nil
	}
	return "list", len(a.List), func(b []byte) []byte { return append(b, a.List...) }
}

func TestEncodeAttachments(t *testing.T) {
	for want, message := range map[string]any{
		`{"name":"n"}`:                      attached{Name: "n"},
		`{"name":"n","list":[1, 2]}`:        attached{Name: "n", List: "[1, 2]"},
		`{"name":"n","list":{"name":null}}`: &attached{Name: "n", List: `{"name":null}`},
		`{}`:                                struct{}{},
	} {
		payload, err := Encode(message)
		require.NoError(t, err)
		require.Equal(t, want, string(payload.GetBody().GetValue()))
	}
}

type shared struct {
	Name string `json:"name"`
	list []byte
}

func (s shared) Shared() (string, []byte) { return "list", s.list }

func TestSharedFieldsAreSentWithoutCopies(t *testing.T) {
	for _, length := range []int{1, shortBody, 3 * longBody} {
		list := []byte(`"` + string(bytes.Repeat([]byte("x"), length)) + `"`)
		letter, err := newLetter(shared{"n", list})
		require.NoError(t, err)
		got, err := NewCodec().Marshal(letter)
		require.NoError(t, err)
		require.Same(t, &list[0], &got[len(got)-2].ReadOnlyData()[0])

		whole, err := Encode(attached{"n", string(list)})
		require.NoError(t, err)
		whole.Metadata.Type = "shared"
		want, err := proto.Marshal(whole)
		require.NoError(t, err)
		require.Equal(t, string(want), string(got.Materialize()))
	}
	letter, err := newLetter(attached{"n", "1"})
	require.NoError(t, err)
	require.Equal(t, `{"name":"n","list":1}`, string(letter.Body.Value), "others are as ever")
	require.Empty(t, letter.rest)
}

func TestSlowClientsHaveLittleWaiting(t *testing.T) {
	send := func(size int) letter {
		l, err := newLetter(shared{"n", make([]byte, size)})
		require.NoError(t, err)
		return l
	}
	for _, c := range []struct {
		name       string
		size, want int
	}{{"short ones", 10, outboxSize}, {"long ones", outboxBytes/4 - 100, 4}, {"one beyond all bounds", 2 * outboxBytes, 1}} {
		out := newOutbox()
		for range 2 * outboxSize {
			out.put(send(c.size))
		}
		require.Len(t, out.letters, c.want, c.name)
	}
}
