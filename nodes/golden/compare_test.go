package golden

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
)

func TestCompare(t *testing.T) {
	list := fieldsOf("hosts ip weight metadata")
	for _, test := range []struct {
		name      string
		comparing comparing
		acted     fields
		want, got string
		found     []Difference
	}{
		{"equal", comparing{}, everyField, `{"a":[1,{"b":null}]}`, `{"a":[1,{"b":null}]}`, nil},
		{"another value", comparing{}, everyField, `{"a":1}`, `{"a":2}`, differ("/a: 1 recorded, got 2")},
		{"a whole number and another", comparing{}, everyField, `{"a":1.0}`, `{"a":1}`, minor("/a: 1.0 recorded, got 1")},
		{"missing", comparing{}, everyField, `{"a":1}`, `{}`, differ("/a: 1 recorded, got (absent)")},
		{"missing, and was null", comparing{}, everyField, `{"a":null}`, `{}`, minor("/a: <nil> recorded, got (absent)")},
		{"more", comparing{}, everyField, `{}`, `{"a":1}`, minor("/a: (absent) recorded, got 1")},
		{"more of the user's", comparing{}, everyField, `{"metadata":{}}`, `{"metadata":{"a":"1"}}`, differ("/metadata/a: (absent) recorded, got 1")},
		{"volatile", comparing{Volatile: []string{"/a/*/t"}}, everyField, `{"a":[{"t":1}]}`, `{"a":[{"t":7}]}`, nil},
		{"volatile of another type", comparing{Volatile: []string{"/t"}}, everyField, `{"t":1}`, `{"t":"7"}`, differ("/t: integer recorded, got string")},
		{"volatile of another kind of number", comparing{Volatile: []string{"/t"}}, everyField, `{"t":1}`, `{"t":7.5}`, minor("/t: integer recorded, got float")},
		{"a list's order", comparing{}, everyField, `{"a":["x","y"]}`, `{"a":["y","x"]}`, append(minor("/a/0: x recorded, got y"), minor("/a/1: y recorded, got x")...)},
		{"a list's items", comparing{}, everyField, `{"a":["x","y"]}`, `{"a":["y","z"]}`, append(differ("/a/0: x recorded, got y"), differ("/a/1: y recorded, got z")...)},
		{"a list's length", comparing{}, everyField, `{"a":["x"]}`, `{"a":[]}`, differ("/a: 1 items recorded, got 0 items")},
		{"a set's order", comparing{Unordered: []string{"/a"}}, everyField, `{"a":[{"n":1},{"n":2}]}`, `{"a":[{"n":2},{"n":1}]}`, nil},
		{"a set sorted by what nobody reads", comparing{Unordered: []string{"/hosts"}}, list,
			`{"hosts":[{"id":1,"ip":"b"},{"id":2,"ip":"a"}]}`, `{"hosts":[{"id":4,"ip":"b"},{"id":3,"ip":"a"}]}`,
			minor("/hosts/0/id: 1 recorded, got 3")},
		{"no JSON", comparing{}, everyField, `{}`, `ok`, differ(`JSON recorded, got "ok"`)},
		{"a field that is read", comparing{}, list, `{"hosts":[{"weight":1.0}]}`, `{"hosts":[{"weight":2.0}]}`, differ("/hosts/0/weight: 1.0 recorded, got 2.0")},
		{"a field that is not", comparing{}, list, `{"hosts":[{"app":"a"}]}`, `{"hosts":[{"app":"b"}]}`, minor("/hosts/0/app: a recorded, got b")},
		{"below a field that is not", comparing{}, list, `{"x":{"ip":"a"}}`, `{"x":{"ip":"b"}}`, minor("/x/ip: a recorded, got b")},
		{"the user's", comparing{}, list, `{"metadata":{"a":"1"}}`, `{"metadata":{"a":"2"}}`, differ("/metadata/a: 1 recorded, got 2")},
	} {
		found := test.comparing.json([]byte(test.want), []byte(test.got), test.acted)
		if test.name == "a set sorted by what nobody reads" {
			require.NotEmpty(t, found, test.name)
			require.True(t, alike(found), test.name)
			continue
		}
		require.Equal(t, test.found, found, test.name)
	}
}

// What an HTTP client makes of answers.
func TestCompareHTTP(t *testing.T) {
	const list, refused, beat = "/nacos/v1/ns/instance/list", "/nacos/v2/ns/instance", "/nacos/v1/ns/instance/beat"
	for _, test := range []struct {
		name, path string
		want       answer
		status     int
		body       string
		outcome    Outcome
	}{
		{"the same", list, answer{Status: 200, Text: "ok"}, 200, "ok", Strict},
		{"another word", list, answer{Status: 200, Text: "ok"}, 200, "done", Different},
		{"refused alike", list, answer{Status: 400, Text: "no"}, 500, "never", Compatible},
		{"refused and done", list, answer{Status: 400, Text: "no"}, 200, "ok", Different},
		{"refused and forbidden", list, answer{Status: 500, Text: "no"}, 403, "no", Different},
		{"a refusal's message", refused, answer{Status: 400, JSON: []byte(`{"code":10000,"message":"a"}`)}, 400, `{"code":10000,"message":"b"}`, Compatible},
		{"a refusal's code", refused, answer{Status: 400, JSON: []byte(`{"code":10000,"message":"a"}`)}, 400, `{"code":10001,"message":"a"}`, Different},
		{"a refusal without its code", refused, answer{Status: 400, JSON: []byte(`{"code":10000}`)}, 400, "no", Different},
		{"a refusal that had none", refused, answer{Status: 400, JSON: []byte(`{"error":"Bad Request"}`)}, 400, "no", Compatible},
		{"a beat's code", beat, answer{Status: 200, JSON: []byte(`{"code":20404}`)}, 200, `{"code":10200}`, Different},
		{"what a tool may read", "/nacos/v1/ns/operator/switches", answer{Status: 200, JSON: []byte(`{"x":1}`)}, 200, `{"x":2}`, Different},
	} {
		s := step{Request: &httpRequest{Path: test.path}, Response: test.want}
		found := s.compareHTTP(&http.Response{StatusCode: test.status}, []byte(test.body))
		switch test.outcome {
		case Strict:
			require.Empty(t, found, test.name)
		case Compatible:
			require.NotEmpty(t, found, test.name)
			require.True(t, alike(found), "%s: %v", test.name, found)
		default:
			require.False(t, alike(found), test.name)
		}
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
		require.Equal(t, size, proto.Size(message{Type: "X", JSON: []byte("{}"), PayloadBytes: size}.payload(recordedHost)))
	}
}

func TestCodeName(t *testing.T) {
	require.Equal(t, "OK", codeName(codes.OK))
	require.Equal(t, "RESOURCE_EXHAUSTED", codeName(codes.ResourceExhausted))
}
