package jackson_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"muster/nodes/jackson"
)

// members are those of instance and beat.
var members = map[string]*jackson.Type{
	"ip": jackson.TextType, "port": jackson.IntType, "weight": jackson.DoubleType, "ephemeral": jackson.BooleanType, "metadata": jackson.TextsType,
}

// exception is one of Java's: testdata/exceptions.json has what Jackson 2.13.5 itself threw at each text, with the causes.
type exception struct {
	Class   string `json:"class"`
	Message string `json:"message"`
}

func TestExplain(t *testing.T) {
	types := map[string]*jackson.Type{
		"beat":  {Class: "com.alibaba.nacos.naming.healthcheck.RsInfo", Fields: members},
		"batch": jackson.ListOf(&jackson.Type{Class: "com.alibaba.nacos.api.naming.pojo.Instance", Fields: members}),
		"body":  jackson.TextsType,
	}
	recorded, err := os.ReadFile("testdata/exceptions.json")
	require.NoError(t, err)
	var tests []struct {
		As         string      `json:"as"`
		Text       string      `json:"text"`
		Exceptions []exception `json:"exceptions"`
	}
	require.NoError(t, json.Unmarshal(recorded, &tests))
	for _, test := range tests {
		source := jackson.FromText
		if test.As == "body" {
			source = jackson.FromBody
		}
		got := []exception{}
		for problem := jackson.Explain(test.Text, source, types[test.As]); problem != nil; problem = problem.Cause {
			got = append(got, exception{problem.Class, problem.Error()})
		}
		require.Equal(t, test.Exceptions, got, "%s: %s", test.As, test.Text)
	}
}

func TestExplainDeep(t *testing.T) {
	deep := strings.Repeat("[", 10000)
	require.ErrorContains(t, jackson.Explain(deep, jackson.FromText, nil), "expected close marker for Array")
	require.ErrorContains(t, jackson.Explain(deep+"[", jackson.FromText, nil), "More than 10000 objects and arrays")
}

func FuzzExplain(f *testing.F) {
	for _, text := range []string{`{"ip":`, `[{`, `[{"metadata":{"a":"\u12`, "{\n\"port\":-1.5e3,\x01}", `}`, "\xff", `{"\x`} {
		f.Add(text)
	}
	list := jackson.ListOf(&jackson.Type{Class: "Instance", Fields: members})
	f.Fuzz(func(t *testing.T, text string) {
		for _, source := range []jackson.Source{jackson.FromText, jackson.FromBody} {
			problem := jackson.Explain(text, source, list)
			if problem != nil {
				require.Contains(t, problem.Error(), string(source))
			}
			if json.Valid([]byte(text)) && jackson.Explain(text, source, nil) != nil {
				t.Fatalf("%q is JSON", text)
			}
		}
	})
}
