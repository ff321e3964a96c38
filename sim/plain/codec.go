package plain

import (
	"fmt"
	"net/netip"
	"reflect"
	"unsafe"
)

// Codec says what is outside of the data. The zero value knows of nothing outside.
type Codec struct {
	outside map[reflect.Type]external
}

// external is how a thing of one type is named and found.
type external struct {
	name func(reflect.Value) (string, error)
	find func(string) (reflect.Value, error)
}

// External adds to a codec a type of things that are not written but named, and found again by their names. A nil T has no name.
func External[T comparable](c *Codec, name func(T) (string, error), find func(string) (T, error)) {
	if c.outside == nil {
		c.outside = map[reflect.Type]external{}
	}
	c.outside[reflect.TypeFor[T]()] = external{
		name: func(v reflect.Value) (string, error) { return name(v.Interface().(T)) },
		find: func(text string) (reflect.Value, error) {
			found, err := find(text)
			return reflect.ValueOf(&found).Elem(), err
		},
	}
}

// deepest is how far structures may be nested, so that bytes that somebody made up cannot exhaust the stack.
const deepest = 10_000

var addressType = reflect.TypeFor[netip.Addr]()

// reference is a pointer: two of different types may have the same address, as a structure and its first field do.
type reference struct {
	at unsafe.Pointer
	of reflect.Type
}

// open returns a field that can be read and set even if it is not exported. Its structure must be addressable.
func open(v reflect.Value) reflect.Value {
	return reflect.NewAt(v.Type(), v.Addr().UnsafePointer()).Elem()
}

// addressable returns a copy that can be opened.
func addressable(v reflect.Value) reflect.Value {
	copied := reflect.New(v.Type()).Elem()
	copied.Set(v)
	return copied
}

// errorAt says where in the data something is wrong.
type errorAt struct {
	path string
	err  error
}

func (e *errorAt) Error() string { return fmt.Sprintf("%s: %v", e.path, e.err) }

func (e *errorAt) Unwrap() error { return e.err }

// within puts a step before the path of an error.
func within(step string, err error) error {
	if at, ok := err.(*errorAt); ok {
		return &errorAt{step + at.path, at.err}
	}
	return &errorAt{step, err}
}
