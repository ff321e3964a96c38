package plain_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"muster/nodes/plain"
)

func members(text string) (got map[string]string, ok bool) {
	got = map[string]string{}
	ok = plain.Members([]byte(text), func(name, value []byte) bool {
		got[string(name)] = string(value)
		return true
	})
	return got, ok
}

func TestMembers(t *testing.T) {
	got, ok := members(` {"a" : 1 ,"b":"ü x", "c":{"d":[1,-2.5e+3,{}],"e":null}, "f":[ ], "g":true,"h":false } `)
	require.True(t, ok)
	require.Equal(t, map[string]string{"a": "1", "b": `"ü x"`, "c": `{"d":[1,-2.5e+3,{}],"e":null}`, "f": "[ ]", "g": "true", "h": "false"}, got)
	_, ok = members("{}")
	require.True(t, ok)
	for _, text := range []string{
		"", "{", "{]", `{"a"}`, `{"a":}`, `{"a":1,}`, `{"a":1 "b":2}`, `{"a":1}x`, `{"a":01}`, `{"a":1.}`, `{"a":-}`, `{"a":1e}`, `{"a":.5}`,
		`{"a":nul}`, `{a:1}`, `{"a":"`, `{"a":"b\n"}`, `{"a\u0062":1}`, "{\"a\":\"\n\"}", "{\"a\":\"\xff\"}", "[]", "null", `"a"`, "1",
		`{"a":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + "}",
	} {
		_, ok = members(text)
		require.False(t, ok, text)
	}
	require.False(t, plain.Members([]byte(`{"a":1,"b":2}`), func([]byte, []byte) bool { return false }))
}

func TestItems(t *testing.T) {
	var got []string
	require.True(t, plain.Items([]byte(`[1, "b" ,{"c":[]}]`), func(value []byte) bool {
		got = append(got, string(value))
		return true
	}))
	require.Equal(t, []string{"1", `"b"`, `{"c":[]}`}, got)
	require.False(t, plain.Items([]byte(`{}`), func([]byte) bool { return true }))
}

func TestText(t *testing.T) {
	text, ok := plain.Text([]byte(`"ü x"`))
	require.True(t, ok)
	require.Equal(t, "ü x", text)
	for _, value := range []string{"", "1", "{}", `"`} {
		_, ok := plain.Text([]byte(value))
		require.False(t, ok, value)
	}
}

func TestForeign(t *testing.T) {
	require.True(t, plain.Foreign([]byte("weights"), "weight", "ip"))
	require.False(t, plain.Foreign([]byte("IP"), "weight", "ip"))
	require.True(t, plain.Foreign([]byte("x")))
}

// What is plain is JSON, and means the same to encoding/json.
func FuzzMembers(f *testing.F) {
	f.Add([]byte(`{"a":1,"b":"x","c":{"d":[true,null,-1.5E+7]},"a":"2"}`))
	f.Add([]byte("{\"k\xc3\xbc\":\"\xe6\x9c\x8d\"}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		got := map[string]json.RawMessage{}
		if !plain.Members(text, func(name, value []byte) bool { got[string(name)] = bytes.Clone(value); return true }) {
			return
		}
		want := map[string]json.RawMessage{}
		require.NoError(t, json.Unmarshal(text, &want), "%q", text)
		require.Equal(t, want, got)
		for name, value := range got {
			if told, is := plain.Text(value); is {
				var wanted string
				require.NoError(t, json.Unmarshal(value, &wanted))
				require.Equal(t, wanted, told, name)
			}
		}
	})
}
