package model

import (
	"bytes"
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// asEncoded is what encoding/json makes of a record.
func asEncoded(t *testing.T, record Record) string {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	require.NoError(t, encoder.Encode(record))
	return string(bytes.TrimSuffix(text.Bytes(), []byte("\n")))
}

func TestAppendedRecordsAreAsEncoded(t *testing.T) {
	service := Service{"public", "DEFAULT_GROUP", "persistent-1"}
	instance := Instance{IP: "10.2.0.1", Port: 8080, Cluster: "DEFAULT", Weight: 1, Healthy: true, Enabled: true, Ephemeral: true}
	heavy := Instance{Weight: 2.5, Metadata: map[string]string{"v": "e1-7", "a": "", "z<&>": "\"\\\n\r\t\b\f\x00\x1f\x7f é\u2028\u2029\xff"}}
	for name, record := range map[string]Record{
		"nothing":   {},
		"invoked":   {T: time.Second, Client: "p1", Op: 7, Repeats: 3, Phase: Invoke, Call: Register, Node: "n1", Service: service, Instance: &instance},
		"ephemeral": {T: -1, Client: "e1", Op: 1, Phase: Invoke, Call: Register, Service: service, Ephemeral: true, Instance: &heavy},
		"read":      {Client: "p1", Op: 8, Phase: Invoke, Call: Query, Read: ReadLinearizable},
		"listed":    {Client: "p1", Op: 8, Phase: OK, Call: Query, Status: 200, Instances: []Instance{instance, heavy, {}}},
		"none":      {Client: "p1", Op: 8, Phase: OK, Call: Query, Status: 200, Instances: []Instance{}},
		"failed":    {Client: "p1", Op: 8, Phase: Unknown, Call: Query, Error: `status 500: "<html>"`},
		"empty map": {Instance: &Instance{Metadata: map[string]string{}}},
	} {
		t.Run(name, func(t *testing.T) {
			text, err := record.AppendJSON([]byte("before "))
			require.NoError(t, err)
			require.Equal(t, "before "+asEncoded(t, record), string(text))
		})
	}
}

func TestWeightsAreAppendedAsEncoded(t *testing.T) {
	for _, weight := range []float64{0, math.Copysign(0, -1), 1, -3, 0.1, 1e-7, 1e15, 1e20, 1e21, 1e300, 9007199254740993, math.MaxInt64, math.SmallestNonzeroFloat64} {
		record := Record{Instance: &Instance{Weight: weight}}
		text, err := record.AppendJSON(nil)
		require.NoError(t, err)
		require.Equal(t, asEncoded(t, record), string(text), weight)
	}
	_, err := Record{Instances: []Instance{{IP: "10.0.0.1", Weight: math.NaN()}}}.AppendJSON(nil)
	require.ErrorContains(t, err, "weight of 10.0.0.1:0#")
	_, err = Record{Instance: &Instance{Weight: math.Inf(1)}}.AppendJSON(nil)
	require.Error(t, err)
}

func FuzzAppendString(f *testing.F) {
	f.Add("plain")
	f.Add("\"\\\n\x00\u2028\xff<>&")
	f.Fuzz(func(t *testing.T, text string) {
		record := Record{Client: text, Error: text}
		appended, err := record.AppendJSON(nil)
		require.NoError(t, err)
		require.Equal(t, asEncoded(t, record), string(appended))
	})
}
