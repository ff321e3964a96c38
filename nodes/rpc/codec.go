package rpc

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"

	"google.golang.org/protobuf/types/known/anypb"
)

// TypeName is the name by which a request or response travels: that of its Go type, as Nacos uses its Java class's.
func TypeName(message any) string {
	t := reflect.TypeOf(message)
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Name()
}

// Attached is a message whose last field is written by hand: all that the message is sent for, and long. encoding/json would read all of
// it once more, which takes longer than all the rest.
type Attached interface {
	// Attachment is the field's name, about how long it is, and what writes its JSON behind what is there; nil: the field is left out.
	// The struct itself hides the field (`json:"-"`) and has others that are always there.
	Attachment() (field string, size int, write func([]byte) []byte)
}

// Shared is a message whose last field is the same in many messages: all of them hold the same bytes.
type Shared interface {
	// Shared is the field's name and its JSON, which must not be changed any more. As with Attached, the struct itself hides the field.
	Shared() (field string, value []byte)
}

// letter is a payload whose body goes on behind the payload.
type letter struct {
	*Payload
	rest []byte
}

// size is how long its body is.
func (l letter) size() int { return len(l.Body.Value) + len(l.rest) }

// newLetter makes the payload of a message that is sent to many.
func newLetter(message any) (letter, error) {
	payload, err := Encode(message)
	shared, can := message.(Shared)
	if err != nil || !can {
		return letter{Payload: payload}, err
	}
	field, value := shared.Shared()
	body := payload.Body.Value
	payload.Body.Value = append(append(append(body[:len(body)-1], `,"`...), field...), `":`...)
	return letter{payload, value}, nil
}

// encodeBody writes a message as JSON.
func encodeBody(message any) ([]byte, error) {
	body, err := json.Marshal(message)
	attached, has := message.(Attached)
	if err != nil || !has {
		return body, err
	}
	field, size, write := attached.Attachment()
	if write == nil {
		return body, nil
	}
	whole := (*bodies.Get(len(body) + len(field) + size + len(`,"":}`)))[:0]
	whole = append(whole, body[:len(body)-1]...)
	whole = append(append(append(whole, `,"`...), field...), `":`...)
	return append(write(whole), '}'), nil
}

// Encode makes the payload of a request or response: a struct that JSON can hold.
func Encode(message any) (*Payload, error) {
	body, err := encodeBody(message)
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", TypeName(message), err)
	}
	return &Payload{Metadata: &Metadata{Type: TypeName(message)}, Body: &anypb.Any{Value: body}}, nil
}

// Plain is a message that can read its body by itself where that is plain JSON (see package plain).
type Plain interface {
	// ReadPlain reads a body as encoding/json would, or returns false and leaves the message as it was made.
	ReadPlain(body []byte) bool
}

// errNull says that a body holds nothing.
var errNull = errors.New("the body is null: want a JSON object")

// decodeBody reads a JSON body into a message.
func decodeBody(body []byte, into any) error {
	if string(body) == "null" {
		return errNull
	}
	if message, can := into.(Plain); can && message.ReadPlain(body) {
		return nil
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("body of %s: %w", TypeName(into), err)
	}
	return nil
}
