package rpc

import (
	"sync"

	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
	gproto "google.golang.org/protobuf/proto"
)

// codec writes payloads as gRPC's own codec does, but hands a body over as it is. gRPC's copies it into memory that it has cleared before:
// a megabyte for anything beyond 32 kB, such as a list of a hundred instances.
type codec struct{ encoding.CodecV2 }

// NewCodec makes a codec for connections on which payloads are written once: the body's memory is used again when it is sent.
func NewCodec() encoding.CodecV2 { return codec{encoding.GetCodecV2(proto.Name)} }

// bodies are where long bodies are written, to be used again. A body that is never sent is just forgotten.
var bodies bodyPool

// bodyPool is a mem.BufferPool for bodies of ordinary size.
type bodyPool struct{ pool sync.Pool }

// Bodies of these sizes are worth to be used again. Longer ones are seldom and would be kept for long.
const shortBody, longBody = 4 << 10, 256 << 10

// Get makes room for so many bytes.
func (p *bodyPool) Get(size int) *[]byte {
	if size >= shortBody && size <= longBody {
		if b, ok := p.pool.Get().(*[]byte); ok && cap(*b) >= size {
			*b = (*b)[:size]
			return b
		}
	}
	b := make([]byte, size)
	return &b
}

// Put takes them back.
func (p *bodyPool) Put(b *[]byte) {
	if cap(*b) >= shortBody && cap(*b) <= longBody {
		p.pool.Put(b)
	}
}

// The numbers of the fields that a payload's body is in: Payload.body, and Any.value in it.
const (
	bodyField  protowire.Number = 3
	valueField protowire.Number = 2
)

// closing ends a body whose last field is shared.
var closing = mem.SliceBuffer("}")

// Marshal writes a message. A payload's body must not be used any more.
func (c codec) Marshal(message any) (mem.BufferSlice, error) {
	payload, ok := message.(*Payload)
	var rest mem.BufferSlice
	if long, is := message.(letter); is {
		payload, ok = long.Payload, true
		if len(long.rest) > 0 {
			rest = mem.BufferSlice{mem.SliceBuffer(long.rest), closing}
		}
	}
	value := payload.GetBody().GetValue()
	if !ok || len(value) == 0 || payload.Body.TypeUrl != "" || len(payload.ProtoReflect().GetUnknown()) > 0 {
		return c.CodecV2.Marshal(message)
	}
	head, err := gproto.Marshal(&Payload{Metadata: payload.Metadata})
	if err != nil {
		return nil, err
	}
	size := len(value) + rest.Len()
	body := protowire.SizeTag(valueField) + protowire.SizeBytes(size)
	head = protowire.AppendVarint(protowire.AppendTag(head, bodyField, protowire.BytesType), uint64(body))
	head = protowire.AppendVarint(protowire.AppendTag(head, valueField, protowire.BytesType), uint64(size))
	if len(value) < shortBody {
		return append(mem.BufferSlice{mem.SliceBuffer(head), mem.SliceBuffer(value)}, rest...), nil
	}
	return append(mem.BufferSlice{mem.SliceBuffer(head), mem.NewBuffer(&value, &bodies)}, rest...), nil
}

// Unmarshal reads a message, with no more memory than it takes.
func (c codec) Unmarshal(data mem.BufferSlice, into any) error {
	message, ok := into.(*Payload)
	if !ok || data.Len() < shortBody {
		return c.CodecV2.Unmarshal(data, into)
	}
	return gproto.Unmarshal(data.Materialize(), message)
}
