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

// Encode makes the payload of a request or response: a struct that JSON can hold.
func Encode(message any) (*Payload, error) {
	body, err := json.Marshal(message)
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", TypeName(message), err)
	}
	return &Payload{Metadata: &Metadata{Type: TypeName(message)}, Body: &anypb.Any{Value: body}}, nil
}

// errNull says that a body holds nothing.
var errNull = errors.New("the body is null: want a JSON object")

// decodeBody reads a JSON body into a message.
func decodeBody(body []byte, into any) error {
	if string(body) == "null" {
		return errNull
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("body of %s: %w", TypeName(into), err)
	}
	return nil
}
