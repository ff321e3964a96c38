package loader

import (
	"context"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/anypb"

	"muster/nodes/rpc"
)

// FuzzQuestions orders anything in a member's name.
func FuzzQuestions(f *testing.F) {
	f.Add(false, []byte(`{}`))
	for _, body := range []string{`{"reloadCount":0,"reloadServer":"b:2"}`, `{"reloadCount":-9,"reloadServer":""}`, `{"reloadCount":"7"}`, `null`, `[`} {
		f.Add(true, []byte(body))
	}
	f.Fuzz(func(t *testing.T, reload bool, body []byte) {
		log := slog.New(slog.DiscardHandler)
		server := rpc.NewServer(log)
		New(Options{Self: "a:1", SDK: rpc.NewSDK(rpc.SDKOptions{Log: log}), Members: func() []string { return nil }, Log: log}).Handle(server)
		kind := rpc.TypeName(ServerLoaderInfoRequest{})
		if reload {
			kind = rpc.TypeName(ServerReloadRequest{})
		}
		answer, err := server.Answer(context.Background(), &rpc.Payload{Metadata: &rpc.Metadata{Type: kind}, Body: &anypb.Any{Value: body}})
		require.NoError(t, err)
		require.NotContains(t, string(answer.GetBody().GetValue()), "panicked")
	})
}

// FuzzLoad reads anything as what a member says of its load.
func FuzzLoad(f *testing.F) {
	f.Add("5", "4")
	f.Add("", "99999999999999999999")
	f.Fuzz(func(t *testing.T, all, sdk string) {
		theirs := ServerLoaderInfoResponse{Metrics: map[string]string{"conCount": all, "sdkConCount": sdk}}.load("b:2")
		above, below := Unequal([]Load{{Address: "a:1", SDK: 3}, theirs}, DefaultFactor)
		require.LessOrEqual(t, len(above)+len(below), 2)
	})
}
