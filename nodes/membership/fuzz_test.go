package membership

import (
	"context"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/anypb"

	"muster/nodes/rpc"
)

// away is peers that cannot be reached.
type away struct{}

func (away) Call(context.Context, string, any, rpc.Response) error { return rpc.ErrNotSent }
func (away) Reset(string)                                          {}
func (away) Hurry(string)                                          {}

// FuzzReport reports anything to a node. Nobody becomes a member by it.
func FuzzReport(f *testing.F) {
	for _, body := range []string{`{"node":{"ip":"b","port":2,"state":"UP","address":"b:2"}}`, `{"node":{"address":"x:9","state":7}}`, `{"node":null}`, `null`, `{`} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		m, err := New(Config{Self: "a:1", Members: []string{"a:1", "b:2"}, Peers: away{}, Logger: slog.New(slog.DiscardHandler)})
		require.NoError(t, err)
		server := rpc.NewServer(slog.New(slog.DiscardHandler))
		m.Handle(server)
		answer, err := server.Answer(t.Context(), &rpc.Payload{Metadata: &rpc.Metadata{Type: rpc.TypeName(MemberReportRequest{})}, Body: &anypb.Any{Value: body}})
		require.NoError(t, err)
		require.NotContains(t, string(answer.GetBody().GetValue()), "panicked")
		require.Len(t, m.Members(), 2)
	})
}
