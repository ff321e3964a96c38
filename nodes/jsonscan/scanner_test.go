package jsonscan_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"muster/nodes/jsonscan"
)

// thing has a field of every kind that can be read.
type thing struct {
	Text   string            `json:"text"`
	Whole  int64             `json:"whole"`
	Short  int               `json:"short"`
	Number float64           `json:"number"`
	Truth  bool              `json:"truth"`
	Texts  map[string]string `json:"texts"`
	Things []thing           `json:"things"`
	Any    json.RawMessage   `json:"any"`
}

var names = []string{"text", "whole", "short", "number", "truth", "texts", "things", "any"}

func scan(s *jsonscan.Scanner) (t thing) {
	for name := range s.Object(names) {
		switch name {
		case "text":
			t.Text = s.Text()
		case "whole":
			t.Whole = s.Int64()
		case "short":
			t.Short = s.Int()
		case "number":
			t.Number = s.Float()
		case "truth":
			t.Truth = s.Bool()
		case "texts":
			t.Texts = s.Texts()
		case "things":
			t.Things = []thing{}
			for range s.List() {
				t.Things = append(t.Things, scan(s))
			}
		case "any":
			t.Any = s.Value()
		}
	}
	return t
}

var ordinary = []string{
	`{}`,
	` { "text" : "a ü" , "whole":-12,"short":7,"number":-1.5e-3 , "truth":true}` + "\n",
	`{"texts":{},"things":[]}`,
	`{"texts":{"a":"1","b":"2"},"things":[{"whole":1},{"truth":false}]}`,
	`{"other":{"a":[1,{"b":null}],"c":"d"},"more":true,"number":0}`,
	`{"any" : {"a":[1, -2.5e+3,{}],"b":null} }`, `{"any":"ü x"}`, `{"any":[ ],"whole":1}`,
}

var odd = []string{
	``, `{`, `{}}`, `{} {}`, `[]`, `null`, `"a"`, `{"text"}`, `{"text":}`, `{"text":"a",}`, `{,}`, `{"text":"a" "whole":1}`, `{text:"a"}`,
	`{"text":null}`, `{"text":1}`, `{"text":"a\n"}`, "{\"text\":\"a\n\"}", "{\"text\":\"\xff\"}", `{"text":"a`, `{"te\u0078t":"a"}`,
	`{"text":"a","text":"b"}`, `{"TEXT":"a"}`, `{"\u212a":1}`, `{"whole":1.5}`, `{"whole":1e2}`, `{"whole":01}`, `{"whole":-}`,
	`{"whole":9223372036854775808}`, `{"number":1.}`, `{"number":.5}`, `{"number":1e}`, `{"number":1e999}`, `{"number":+1}`, `{"number":"1"}`,
	`{"truth":tru}`, `{"truth":"true"}`, `{"truth":1}`, `{"texts":{"a":null}}`, `{"texts":[]}`, `{"texts":{"a":1}}`, `{"things":{}}`,
	`{"things":[{}`, `{"things":[{},]}`, `{"things":[null]}`, `{"other":nul}`, `{"other":[1,]}`, `{"any":}`, `{"any":01}`, `{"any":"a\\n"}`, `{"other":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`,
}

func TestScanner(t *testing.T) {
	for _, text := range ordinary {
		requireSame(t, text, true)
	}
	for _, text := range odd {
		requireSame(t, text, false)
	}
}

// requireSame wants what was read to be what encoding/json reads. Where the scanner gave up, that may be anything.
func requireSame(t *testing.T, text string, ended bool) {
	s := jsonscan.New([]byte(text))
	scanned := scan(s)
	require.Equal(t, ended, s.Ended(), text)
	if ended {
		var decoded thing
		require.NoError(t, json.Unmarshal([]byte(text), &decoded), text)
		require.Equal(t, decoded, scanned, text)
	}
}

func FuzzScanner(f *testing.F) {
	for _, text := range append(ordinary, odd...) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s := jsonscan.New([]byte(text))
		scan(s)
		requireSame(t, text, s.Ended())
	})
}
