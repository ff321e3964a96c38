package openapi

import (
	"fmt"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"muster/nodes/jackson"
	"muster/nodes/registry"
)

func TestParseJavaDouble(t *testing.T) {
	for text, want := range map[string]float64{
		"1": 1, "1e2": 100, "5f": 5, "6D": 6, "0x1p3": 8, "0X1P-1": 0.5, "+3": 3, "-0.0": math.Copysign(0, -1), " 7.25 ": 7.25, ".5": 0.5, "5.": 5,
		"1e400": math.Inf(1), "Infinity": math.Inf(1), "-Infinity": math.Inf(-1), "0x1p3d": 8,
	} {
		got, err := parseJavaDouble(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
	nan, err := parseJavaDouble("NaN")
	require.NoError(t, err)
	require.True(t, math.IsNaN(nan))
	for _, text := range []string{"", " ", "abc", "1,5", "0x", "0x1", "1_000", "inf", "nan", "infinity", "5fd", "f", "--1", "1e"} {
		_, err := parseJavaDouble(text)
		require.EqualError(t, err, `For input string: "`+text+`"`, text)
	}
}

func TestParseMetadata(t *testing.T) {
	for text, want := range map[string]map[string]string{
		"":                           {},
		" ":                          {},
		"a=1,b=2":                    {"a": "1", "b": "2"},
		"a = 1 , b=2,":               {"a ": " 1 ", " b": "2"},
		"=b":                         {"": "b"},
		`{"a":"b"}`:                  {"a": "b"},
		`{"n":1,"f":1.50,"b":true}`:  {"n": "1", "f": "1.50", "b": "true"},
		`{"n":null,"a":"b"}`:         {"a": "b"},
		`{}`:                         {},
		`null`:                       {},
		`{"é":"\u00fc \"q\" \\ \n"}`: {"é": "ü \"q\" \\ \n"},
	} {
		got, err := parseMetadata(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
	for _, text := range []string{"text", "a=b=c", "a=", `{"a":`, `["a"]`, `"a"`, "5", `{"a":{}}`, `{"a":[1]}`, "a=1,,b=2", "a=1,b"} {
		_, err := parseMetadata(text)
		require.EqualError(t, err, "metadata format incorrect:"+text, text)
	}
}

func TestParseSelector(t *testing.T) {
	selector, failed := parseSelector(`{"type":"label","expression":"CONSUMER.label.A = PROVIDER.label.A & CONSUMER.label.B=PROVIDER.label.B"}`)
	require.Nil(t, failed)
	require.Equal(t, []string{"A", "B"}, selector.Labels)
	for text, status := range map[string]int{
		`{"type":"label","expression":"rubbish"}`:                             500,
		`{"type":"label","expression":"CONSUMER.label.A = PROVIDER.label.B"}`: 500,
		`{"type":"label","expression":""}`:                                    500,
		`{"type":"magic"}`:                                                    400, `{}`: 400, `text`: 400, `{"type":`: 400, `{"type":5}`: 400,
	} {
		_, failed := parseSelector(text)
		require.NotNil(t, failed, text)
		require.Equal(t, status, failed.status, text)
	}
}

// A body of nothing but names is read in one go; looking for each among all others would take minutes.
func TestManyNames(t *testing.T) {
	var query strings.Builder
	const count = 300_000
	for i := range count {
		fmt.Fprintf(&query, "%x=&%x=2&", i, i/2)
	}
	names := namesIn(query.String() + "%zz=1")
	require.Equal(t, count, len(names)) // not Len, which would show them all
	require.Equal(t, []string{"0", "1", "2"}, names[:3])
}

// Long bodies are read as long as there is room for them together.
func TestRoomForBodies(t *testing.T) {
	s := New(optionsFor("127.0.0.1:8848", registry.Nacos2, io.Discard))
	var leave []func()
	for range bodiesRoom / bodyLimit {
		done, failed := s.makeRoom(-1)
		require.Nil(t, failed)
		leave = append(leave, done)
	}
	_, failed := s.makeRoom(shortBody + 1)
	require.Equal(t, 503, failed.status)
	_, failed = s.makeRoom(shortBody)
	require.Nil(t, failed)
	leave[0]()
	_, failed = s.makeRoom(1 << 40)
	require.Nil(t, failed)
}

func FuzzParseMetadata(f *testing.F) {
	for _, text := range []string{"a=1,b=2", `{"a":"b","n":null}`, "=", ",", `{"a":`, "{}{}"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		metadata, err := parseMetadata(text)
		if err != nil {
			require.EqualError(t, err, "metadata format incorrect:"+text)
			return
		}
		require.NotNil(t, metadata)
		if !strings.ContainsAny(text, "=:") {
			require.Empty(t, metadata)
		}
	})
}

func FuzzForm(f *testing.F) {
	f.Add("application/x-www-form-urlencoded", []byte("a=b&c=%zz&d=%20"))
	f.Add("multipart/form-data; boundary=b", []byte("--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n--b--\r\n"))
	f.Add("text/plain", []byte("a=b"))
	f.Add("multipart/form-data", []byte{})
	f.Fuzz(func(t *testing.T, contentType string, body []byte) {
		form, err := formOf(contentType, body)
		if err != nil {
			require.Nil(t, form)
		}
	})
}

func FuzzJavaDouble(f *testing.F) {
	for _, text := range []string{"1", "0x1p3", "5f", "NaN", "1e400", "-"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		value, err := parseJavaDouble(text)
		if err != nil || math.IsNaN(value) {
			return
		}
		written := strings.Trim(string(jackson.AppendDouble(nil, value)), `"`)
		back, err := parseJavaDouble(written)
		require.NoError(t, err, written)
		require.Equal(t, value, back)
	})
}
