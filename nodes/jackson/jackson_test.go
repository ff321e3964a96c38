package jackson_test

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"muster/nodes/jackson"
)

func TestAppendDouble(t *testing.T) {
	for value, want := range map[float64]string{
		0: "0.0", 1: "1.0", -2.5: "-2.5", 0.001: "0.001", 0.0001: "1.0E-4", 9999999: "9999999.0", 1e7: "1.0E7", 1.5e10: "1.5E10",
		math.Inf(1): `"Infinity"`, math.Inf(-1): `"-Infinity"`,
	} {
		require.Equal(t, want, string(jackson.AppendDouble(nil, value)))
	}
	require.Equal(t, `"NaN"`, string(jackson.AppendDouble(nil, math.NaN())))
	require.Equal(t, "0.3", string(jackson.AppendFloat(nil, 0.3)), "a float's own digits")
}

func TestAppendTextAndMap(t *testing.T) {
	for _, text := range []string{"", "plain", `quoted "and" \`, "line\nbreak", "Grüße", "地址"} {
		encoded := jackson.AppendText(nil, text)
		var decoded string
		require.NoError(t, json.Unmarshal(encoded, &decoded))
		require.Equal(t, text, decoded)
	}
	require.Equal(t, `{}`, string(jackson.AppendMap(nil, nil)))
	require.Equal(t, `{"a":"1","b":"\""}`, string(jackson.AppendMap(nil, map[string]string{"b": `"`, "a": "1"})))
}

// read is everything that is read with leniency.
type read struct {
	I jackson.Int    `json:"i"`
	D jackson.Double `json:"d"`
	B jackson.Bool   `json:"b"`
	T jackson.Texts  `json:"t"`
}

func TestRead(t *testing.T) {
	for _, test := range []struct {
		text string
		want read
		err  string
	}{
		{`{"i":8080,"d":2.5,"b":true,"t":{"k":"v"}}`, read{8080, 2.5, true, jackson.Texts{"k": "v"}}, ""},
		{`{"i":"8080","d":"2.5","b":"true","t":{"k":1,"n":null,"b":true}}`, read{8080, 2.5, true, jackson.Texts{"k": "1", "b": "true"}}, ""},
		{`{"i":7.9,"d":3,"b":1,"t":null}`, read{7, 3, true, nil}, ""},
		{`{"i":null,"d":null,"b":null}`, read{}, ""},
		{`{"i":"","d":"","b":"","t":{}}`, read{T: jackson.Texts{}}, ""},
		{`{"b":false}`, read{}, ""},
		{`{"i":"abc"}`, read{}, "want a whole number"},
		{`{"i":1e10}`, read{}, "want a whole number"},
		{`{"i":[]}`, read{}, "want a whole number"},
		{`{"d":{}}`, read{}, "want a number"},
		{`{"b":"yes"}`, read{}, "want true or false"},
		{`{"t":[]}`, read{}, "cannot unmarshal array"},
		{`{"t":{"k":[1]}}`, read{}, `"k": [1]: want a text`},
	} {
		var got read
		err := json.Unmarshal([]byte(test.text), &got)
		if test.err != "" {
			require.ErrorContains(t, err, test.err, test.text)
			continue
		}
		require.NoError(t, err, test.text)
		require.Equal(t, test.want, got, test.text)
	}
}

func FuzzRead(f *testing.F) {
	for _, text := range []string{
		`{"i":"8080","d":"2.5","b":"true","t":{"k":1,"n":null}}`, `{"i":1e10,"d":"NaN","b":2}`, `{"t":{"k":[1]}}`, `{"i":-0.5,"d":1e400}`, `null`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var got read
		if json.Unmarshal(text, &got) != nil {
			return
		}
		written := jackson.AppendDouble([]byte(`{"d":`), float64(got.D))
		written = jackson.AppendMap(append(written, `,"t":`...), got.T)
		var again read
		require.NoError(t, json.Unmarshal(append(written, '}'), &again), "%s", written)
		require.Equal(t, len(got.T), len(again.T))
	})
}
