package model_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"muster/model"
)

// FuzzParseService reads anything as a service's name. What is read is written alike.
func FuzzParseService(f *testing.F) {
	for _, text := range []string{"public/DEFAULT_GROUP/orders", "a/b/c/d", "//", "", "a"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		service, err := model.ParseService(text)
		if err != nil {
			return
		}
		again, err := model.ParseService(service.String())
		require.NoError(t, err)
		require.Equal(t, service, again)
	})
}

// FuzzReadHistory reads anything as a history. What is read can be written, and reads as it was.
func FuzzReadHistory(f *testing.F) {
	f.Add([]byte(`{"format":1,"scenario":"calm","seed":1}` + "\n" + `{"t":5,"client":"c1","op":1,"phase":"invoke","call":"register"}`))
	f.Add([]byte(`{"format":99}`))
	f.Add([]byte("{}\n{}\n"))
	f.Add([]byte("\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		history, err := model.ReadHistory(bytes.NewReader(text))
		if err != nil {
			return
		}
		var once, twice bytes.Buffer
		require.NoError(t, model.WriteHistory(&once, history))
		again, err := model.ReadHistory(bytes.NewReader(once.Bytes()))
		require.NoError(t, err)
		require.NoError(t, model.WriteHistory(&twice, again))
		require.Equal(t, once.String(), twice.String())
	})
}
