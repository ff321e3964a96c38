package distro

import (
	"context"
	"encoding/json"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/anypb"

	"muster/nodes/membership"
	"muster/nodes/registry"
	"muster/nodes/rpc"
)

// nobody is peers that cannot be reached.
type nobody struct{}

func (nobody) Call(context.Context, string, any, rpc.Response) error { return rpc.ErrNotSent }
func (nobody) Reset(string)                                          {}
func (nobody) Hurry(string)                                          {}

// FuzzRequest tells a node anything in a peer's name, in both profiles. It answers, no handler panics, and what it took in can be told on.
func FuzzRequest(f *testing.F) {
	for _, body := range []string{
		`{"dataOperation":"CHANGE","source":"b:2","boot":1,"runningMillis":5,"changed":[{"clientId":"10.0.0.1:80#true","namespaces":["public"],"groupNames":["g"],"serviceNames":["s"],"instancePublishInfos":[{"ip":"10.0.0.1","port":80,"extendDatum":{"a":"b"}}]}]}`,
		`{"dataOperation":"CHANGE","source":"b:2","removed":[{"clientId":"10.0.0.1:80#true","silentMillis":-9223372036854775808}],"lists":[{"name":"public##g@@s"}],"living":["a:1","b:2"]}`,
		`{"dataOperation":"VERIFY","source":"b:2","runningMillis":9223372036854775807,"verified":[{"clientId":"x","revision":-1,"silentMillis":9223372036854775807}],"lists":[{"name":"","checksum":""}]}`,
		`{"dataOperation":"SNAPSHOT","source":"b:2","after":"zzz"}`,
		`{"dataOperation":"DELETE","source":"b:2"}`, `{"source":"c:3"}`, `null`, `{"changed":[null]}`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, profile := range []registry.Profile{registry.Nacos1, registry.Nacos2} {
			log := slog.New(slog.DiscardHandler)
			members, err := membership.New(membership.Config{Self: "a:1", Members: []string{"a:1", "b:2"}, Peers: nobody{}, Logger: log})
			require.NoError(t, err)
			state := registry.New(registry.Options{Profile: profile, Self: "a:1", Owner: members.Owner})
			server := rpc.NewServer(log)
			New(Config{Registry: state, Membership: members, Peers: nobody{}, Logger: log, Lists: profile == registry.Nacos1}).Handle(server)
			ask := func(body []byte) string {
				answer, err := server.Answer(t.Context(), &rpc.Payload{Metadata: &rpc.Metadata{Type: rpc.TypeName(DistroDataRequest{})}, Body: &anypb.Any{Value: body}})
				require.NoError(t, err)
				text := answer.GetBody().GetValue()
				require.True(t, json.Valid(text))
				require.NotContains(t, string(text), "panicked")
				return string(text)
			}
			ask(body)
			require.Contains(t, ask([]byte(`{"dataOperation":"SNAPSHOT","source":"b:2"}`)), `"success":true`)
		}
	})
}
