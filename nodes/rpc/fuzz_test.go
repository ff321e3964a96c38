package rpc

import (
	"context"
	"io"
	"log/slog"
	"net"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

// script is a stream on which a client says what it was told to.
type script struct {
	grpc.ServerStream
	ctx  context.Context
	says []*Payload
}

func (s *script) Context() context.Context    { return s.ctx }
func (s *script) SetHeader(metadata.MD) error { return nil }
func (s *script) SendMsg(message any) error   { return nil }
func (s *script) RecvMsg(message any) error {
	if len(s.says) == 0 {
		return io.EOF
	}
	proto.Merge(message.(*Payload), s.says[0])
	s.says = s.says[1:]
	return nil
}

// FuzzStream has a client say anything on its stream: to set itself up, as an answer to what it is asked, as anything else.
func FuzzStream(f *testing.F) {
	f.Add("ConnectionSetupRequest", `{"clientVersion":"v","labels":{"source":"sdk","module":"naming"},"abilityTable":{}}`, "ClientDetectionResponse", `{"requestId":"1","resultCode":200}`)
	f.Add("ConnectionSetupRequest", `{"labels":null}`, "", "")
	f.Add("ConnectionSetupRequest", `{"labels":{},"abilityTable":{"a":null}}`, "ConnectionSetupRequest", `{"labels":{"x":"y"}}`)
	f.Add("XResponse", `{"requestId":1}`, "Response", `[`)
	f.Fuzz(func(t *testing.T, first, firstBody, second, secondBody string) {
		s := NewSDK(SDKOptions{Log: slog.New(slog.DiscardHandler), Opened: func(c *Connection) {
			c.Ask(func(id string) any { return ClientDetectionRequest{NewAsk(id, "internal")} }, detectionTime, func(error) {})
		}})
		caller := Caller{ConnectionID: "1_10.0.0.1_5000", Address: &net.TCPAddr{IP: net.IPv4(10, 0, 0, 1), Port: 5000}}
		stream := &script{ctx: context.WithValue(t.Context(), callerKey{}, caller), says: []*Payload{
			{Metadata: &Metadata{Type: first}, Body: &anypb.Any{Value: []byte(firstBody)}}, {Metadata: &Metadata{Type: second}, Body: &anypb.Any{Value: []byte(secondBody)}},
		}}
		_ = s.converse(stream) // how it ends is the client's business
		require.LessOrEqual(t, len(s.Connections()), 1)
		s.unregister(caller.ConnectionID)
		require.Empty(t, s.Connections())
		require.Empty(t, s.streams)
		require.Empty(t, s.hosts)
	})
}

// FuzzCodec reads anything as a payload, and writes what it has read: the same bytes as gRPC's own codec means by them.
func FuzzCodec(f *testing.F) {
	for _, size := range []int{0, 1, shortBody, 2 * longBody} {
		sound, err := proto.Marshal(&Payload{Metadata: &Metadata{Type: "EchoRequest", Headers: map[string]string{"a": "b"}}, Body: &anypb.Any{Value: make([]byte, size)}})
		require.NoError(f, err)
		f.Add(sound)
	}
	f.Add([]byte{0x1a, 0xff, 0xff, 0xff, 0xff, 0x0f})
	codec := NewCodec()
	f.Fuzz(func(t *testing.T, wire []byte) {
		read, want := new(Payload), new(Payload)
		err := codec.Unmarshal(mem.BufferSlice{mem.SliceBuffer(wire)}, read)
		require.Equal(t, proto.Unmarshal(wire, want) == nil, err == nil)
		if err != nil {
			return
		}
		require.True(t, proto.Equal(want, read))
		written, err := codec.Marshal(read)
		require.NoError(t, err)
		back := new(Payload)
		require.NoError(t, proto.Unmarshal(written.Materialize(), back))
		require.True(t, proto.Equal(want, back))
	})
}
