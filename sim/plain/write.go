package plain

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"reflect"
	"slices"
)

// Append writes what a pointer points to, and all that can be reached from there. The same data makes the same bytes. Nothing may change
// the data meanwhile.
func (c *Codec) Append(to []byte, pointer any) ([]byte, error) {
	v := reflect.ValueOf(pointer)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return nil, fmt.Errorf("writing a %T: want a pointer that is not nil", pointer)
	}
	w := &writer{codec: c, bytes: append(to, c.layout(v.Type())...), seen: map[reference]uint64{}}
	if err := w.value(addressable(v), 0); err != nil {
		return nil, fmt.Errorf("writing a %T: %w", pointer, err)
	}
	return w.bytes, nil
}

type writer struct {
	codec *Codec
	bytes []byte
	seen  map[reference]uint64 // pointers and their numbers
}

func (w *writer) unsigned(n uint64) { w.bytes = binary.AppendUvarint(w.bytes, n) }

func (w *writer) text(s string) {
	w.unsigned(uint64(len(s)))
	w.bytes = append(w.bytes, s...)
}

// value writes a value, which must be addressable and open.
func (w *writer) value(v reflect.Value, depth int) error {
	if depth > deepest {
		return errors.New("nested too deeply")
	}
	if outside, ok := w.codec.outside[v.Type()]; ok {
		if v.IsZero() {
			w.unsigned(0)
			return nil
		}
		name, err := outside.name(v)
		w.unsigned(1)
		w.text(name)
		return err
	}
	if v.Type() == addressType {
		address, err := v.Interface().(netip.Addr).MarshalBinary()
		w.text(string(address))
		return err
	}
	switch v.Kind() {
	case reflect.Bool:
		n := uint64(0)
		if v.Bool() {
			n = 1
		}
		w.unsigned(n)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		w.bytes = binary.AppendVarint(w.bytes, v.Int())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		w.unsigned(v.Uint())
	case reflect.Float32, reflect.Float64:
		w.bytes = binary.LittleEndian.AppendUint64(w.bytes, math.Float64bits(v.Float()))
	case reflect.String:
		w.text(v.String())
	case reflect.Slice:
		return w.slice(v, depth)
	case reflect.Array:
		return w.elements(v, depth)
	case reflect.Map:
		return w.mapping(v, depth)
	case reflect.Struct:
		for i := range v.NumField() {
			if err := w.value(open(v.Field(i)), depth+1); err != nil {
				return within("."+v.Type().Field(i).Name, err)
			}
		}
	case reflect.Pointer:
		return w.pointer(v, depth)
	case reflect.Func, reflect.Interface, reflect.Chan, reflect.UnsafePointer:
		if !v.IsNil() {
			return fmt.Errorf("a %s is not plain data: want nil", v.Type())
		}
	default:
		return fmt.Errorf("a %s is not plain data", v.Type())
	}
	return nil
}

// slice writes one more than the length, and 0 for nil.
func (w *writer) slice(v reflect.Value, depth int) error {
	if v.IsNil() {
		w.unsigned(0)
		return nil
	}
	w.unsigned(uint64(v.Len()) + 1)
	if v.Type().Elem().Kind() == reflect.Uint8 {
		w.bytes = append(w.bytes, v.Bytes()...)
		return nil
	}
	return w.elements(v, depth)
}

func (w *writer) elements(v reflect.Value, depth int) error {
	for i := range v.Len() {
		if err := w.value(v.Index(i), depth+1); err != nil {
			return within(fmt.Sprintf("[%d]", i), err)
		}
	}
	return nil
}

// mapping writes a map in the order of its keys' bytes.
func (w *writer) mapping(v reflect.Value, depth int) error {
	if v.IsNil() {
		w.unsigned(0)
		return nil
	}
	w.unsigned(uint64(v.Len()) + 1)
	type entry struct {
		key   []byte
		value reflect.Value
	}
	var entries []entry
	for each := v.MapRange(); each.Next(); {
		key := &writer{codec: w.codec, seen: map[reference]uint64{}}
		if err := key.value(addressable(each.Key()), depth+1); err != nil {
			return within("[key]", err)
		}
		if len(key.seen) > 0 {
			return within("[key]", errors.New("a key that is a pointer, or has one, is not plain data"))
		}
		entries = append(entries, entry{key.bytes, each.Value()})
	}
	slices.SortFunc(entries, func(a, b entry) int { return bytes.Compare(a.key, b.key) })
	for _, e := range entries {
		w.bytes = append(w.bytes, e.key...)
		if err := w.value(addressable(e.value), depth+1); err != nil {
			return within("[…]", err)
		}
	}
	return nil
}

// pointer writes 0 for nil, the pointer's number, from 1, if it has been written before, and otherwise the next number and what it points
// to.
func (w *writer) pointer(v reflect.Value, depth int) error {
	if v.IsNil() {
		w.unsigned(0)
		return nil
	}
	at := reference{v.UnsafePointer(), v.Type()}
	number, known := w.seen[at]
	if !known {
		number = uint64(len(w.seen)) + 1
		w.seen[at] = number
	}
	w.unsigned(number)
	if known {
		return nil
	}
	return w.value(v.Elem(), depth+1)
}
