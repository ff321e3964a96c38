package plain

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"reflect"
)

// ErrLayout is met by bytes that were written of types that are made in another way than those of this build.
var ErrLayout = errors.New("written by another build, whose data is laid out differently")

// Read reads into what a pointer points to, which should be empty, and returns the bytes that are left.
func (c *Codec) Read(from []byte, pointer any) (rest []byte, err error) {
	v := reflect.ValueOf(pointer)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return nil, fmt.Errorf("reading a %T: want a pointer that is not nil", pointer)
	}
	if len(from) < layoutSize || !bytes.Equal(from[:layoutSize], c.layout(v.Type())) {
		return nil, fmt.Errorf("reading a %T: %w", pointer, ErrLayout)
	}
	r := &reader{codec: c, rest: from[layoutSize:], root: v}
	if err := r.value(reflect.New(v.Type()).Elem(), 0); err != nil {
		return nil, fmt.Errorf("reading a %T: %w", pointer, err)
	}
	return r.rest, nil
}

type reader struct {
	codec *Codec
	rest  []byte
	root  reflect.Value   // where the first pointer points to
	seen  []reflect.Value // pointers, by number
}

var errEnd = errors.New("the bytes end too early, or are damaged")

func (r *reader) unsigned() (uint64, error) {
	n, size := binary.Uvarint(r.rest)
	if size <= 0 {
		return 0, errEnd
	}
	r.rest = r.rest[size:]
	return n, nil
}

func (r *reader) take(size uint64) ([]byte, error) {
	if size > uint64(len(r.rest)) {
		return nil, errEnd
	}
	taken := r.rest[:size]
	r.rest = r.rest[size:]
	return taken, nil
}

func (r *reader) text() ([]byte, error) {
	size, err := r.unsigned()
	if err != nil {
		return nil, err
	}
	return r.take(size)
}

// value reads into a value, which must be empty and can be set.
func (r *reader) value(v reflect.Value, depth int) error {
	if depth > deepest {
		return errors.New("nested too deeply")
	}
	if outside, ok := r.codec.outside[v.Type()]; ok {
		return r.external(v, outside)
	}
	if v.Type() == addressType {
		text, err := r.text()
		if err != nil {
			return err
		}
		var address netip.Addr
		if err := address.UnmarshalBinary(text); err != nil {
			return err
		}
		v.Set(reflect.ValueOf(address))
		return nil
	}
	switch v.Kind() {
	case reflect.Bool:
		n, err := r.unsigned()
		v.SetBool(n != 0)
		return err
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		n, size := binary.Varint(r.rest)
		if size <= 0 || v.OverflowInt(n) {
			return errEnd
		}
		r.rest = r.rest[size:]
		v.SetInt(n)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		n, err := r.unsigned()
		if err != nil || v.OverflowUint(n) {
			return errEnd
		}
		v.SetUint(n)
	case reflect.Float32, reflect.Float64:
		bits, err := r.take(8)
		if err != nil {
			return err
		}
		v.SetFloat(math.Float64frombits(binary.LittleEndian.Uint64(bits)))
	case reflect.String:
		text, err := r.text()
		v.SetString(string(text))
		return err
	case reflect.Slice:
		return r.slice(v, depth)
	case reflect.Array:
		return r.elements(v, depth)
	case reflect.Map:
		return r.mapping(v, depth)
	case reflect.Struct:
		for i := range v.NumField() {
			if err := r.value(open(v.Field(i)), depth+1); err != nil {
				return within("."+v.Type().Field(i).Name, err)
			}
		}
	case reflect.Pointer:
		return r.pointer(v, depth)
	}
	return nil // what was nil is nil
}

func (r *reader) external(v reflect.Value, outside external) error {
	there, err := r.unsigned()
	if err != nil || there == 0 {
		return err
	}
	name, err := r.text()
	if err != nil {
		return err
	}
	found, err := outside.find(string(name))
	if err != nil {
		return err
	}
	v.Set(found)
	return nil
}

// count reads the number of elements, each of which takes at least one byte; ok is false for nil.
func (r *reader) count() (n int, ok bool, err error) {
	more, err := r.unsigned()
	if err != nil || more == 0 {
		return 0, false, err
	}
	if more-1 > uint64(len(r.rest)) {
		return 0, false, errEnd
	}
	return int(more - 1), true, nil
}

func (r *reader) slice(v reflect.Value, depth int) error {
	n, ok, err := r.count()
	if err != nil || !ok {
		return err
	}
	if v.Type().Elem().Kind() == reflect.Uint8 {
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		r.rest = r.rest[copy(v.Bytes(), r.rest):]
		return nil
	}
	// The slice grows as elements come, so that a wrong length cannot take more memory than what follows it.
	for i := range n {
		element := reflect.New(v.Type().Elem()).Elem()
		if err := r.value(element, depth+1); err != nil {
			return within(fmt.Sprintf("[%d]", i), err)
		}
		v.Set(reflect.Append(v, element))
	}
	if n == 0 {
		v.Set(reflect.MakeSlice(v.Type(), 0, 0))
	}
	return nil
}

func (r *reader) elements(v reflect.Value, depth int) error {
	for i := range v.Len() {
		if err := r.value(v.Index(i), depth+1); err != nil {
			return within(fmt.Sprintf("[%d]", i), err)
		}
	}
	return nil
}

func (r *reader) mapping(v reflect.Value, depth int) error {
	n, ok, err := r.count()
	if err != nil || !ok {
		return err
	}
	v.Set(reflect.MakeMap(v.Type()))
	for range n {
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		if err := r.value(key, depth+1); err != nil {
			return within("[key]", err)
		}
		if err := r.value(value, depth+1); err != nil {
			return within("[…]", err)
		}
		v.SetMapIndex(key, value)
	}
	return nil
}

func (r *reader) pointer(v reflect.Value, depth int) error {
	number, err := r.unsigned()
	if err != nil || number == 0 {
		return err
	}
	if known := uint64(len(r.seen)); number <= known {
		if r.seen[number-1].Type() != v.Type() {
			return errEnd
		}
		v.Set(r.seen[number-1])
		return nil
	} else if number != known+1 {
		return errEnd
	}
	if number == 1 {
		v.Set(r.root)
	} else {
		v.Set(reflect.New(v.Type().Elem()))
	}
	r.seen = append(r.seen, v)
	return r.value(v.Elem(), depth+1)
}
