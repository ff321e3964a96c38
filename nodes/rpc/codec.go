package rpc

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode"

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

// Bounded is a message whose body is looked at before it is read: a short text can stand for a large value.
type Bounded interface {
	// Bound says why a body is not to be read, for example with an *Error; nil if it is.
	Bound(body []byte) error
}

// errNull says that a body holds nothing.
var errNull = errors.New("the body is null: want a JSON object")

// decodeBody reads a JSON body into a message.
func decodeBody(body []byte, into any) error {
	if string(body) == "null" {
		return errNull
	}
	if message, bounded := into.(Bounded); bounded {
		if err := message.Bound(body); err != nil {
			return err
		}
	}
	if message, can := into.(Plain); can && message.ReadPlain(body) {
		return nil
	}
	err := json.Unmarshal(body, into)
	for lenience := 0; err != nil && lenience < mostLenient && lenience*len(body) < lenientBytes; lenience++ {
		var able bool
		if body, able = mended(body, err, lenience == 0); !able {
			break
		}
		err = json.NewDecoder(bytes.NewReader(body)).Decode(into)
	}
	if err != nil {
		return fmt.Errorf("body of %s: %w", TypeName(into), err)
	}
	return nil
}

// A body is read again mostLenient times at most, and only as long as that comes to fewer than lenientBytes.
const (
	mostLenient  = 32
	lenientBytes = 16 << 20
)

// byteOrderMark may stand before a text.
var byteOrderMark = []byte("\ufeff")

// mended is a body as Jackson would read it that could not be read for this error: without a byte order mark, without regard to what stands
// behind the value, and with a number or boolean for a text where a text is wanted. It is false if Jackson could not read it either.
func mended(body []byte, err error, first bool) ([]byte, bool) {
	var syntax *json.SyntaxError
	var mistyped *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return bytes.TrimPrefix(body, byteOrderMark), first
	case !errors.As(err, &mistyped) || mistyped.Type.Kind() != reflect.String || mistyped.Offset > int64(len(body)):
		return nil, false
	case mistyped.Value != "bool" && !strings.HasPrefix(mistyped.Value, "number"):
		return nil, false
	}
	end := int(mistyped.Offset)
	start := 1 + bytes.LastIndexFunc(body[:end], func(c rune) bool {
		return !unicode.IsLetter(c) && !unicode.IsDigit(c) && !strings.ContainsRune("+-.", c)
	})
	return slices.Concat(body[:start], []byte(`"`), body[start:end], []byte(`"`), body[end:]), true
}
