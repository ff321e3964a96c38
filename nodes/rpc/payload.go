package rpc

import (
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
	gproto "google.golang.org/protobuf/proto"
)

// codec writes payloads as gRPC's own codec does, but hands a body over as it is. gRPC's copies it into memory that it has cleared before:
// a megabyte for anything beyond 32 kB, such as a list of a hundred instances.
type codec struct{ encoding.CodecV2 }

func newCodec() codec { return codec{encoding.GetCodecV2(proto.Name)} }

// The numbers of the fields that a payload's body is in: Payload.body, and Any.value in it.
const (
	bodyField  protowire.Number = 3
	valueField protowire.Number = 2
)

// Marshal writes a message. A payload's body must not be changed any more.
func (c codec) Marshal(message any) (mem.BufferSlice, error) {
	payload, ok := message.(*Payload)
	value := payload.GetBody().GetValue()
	if !ok || len(value) == 0 || payload.Body.TypeUrl != "" || len(payload.ProtoReflect().GetUnknown()) > 0 {
		return c.CodecV2.Marshal(message)
	}
	head, err := gproto.Marshal(&Payload{Metadata: payload.Metadata})
	if err != nil {
		return nil, err
	}
	body := protowire.SizeTag(valueField) + protowire.SizeBytes(len(value))
	head = protowire.AppendVarint(protowire.AppendTag(head, bodyField, protowire.BytesType), uint64(body))
	head = protowire.AppendVarint(protowire.AppendTag(head, valueField, protowire.BytesType), uint64(len(value)))
	return mem.BufferSlice{mem.SliceBuffer(head), mem.SliceBuffer(value)}, nil
}
