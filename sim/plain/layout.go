package plain

import (
	"crypto/sha256"
	"fmt"
	"hash"
	"reflect"
)

// layoutSize is how many bytes of the hash of a layout are written.
const layoutSize = 16

// layout is a hash over how a type is made: the names and types of all fields that can be reached.
func (c *Codec) layout(t reflect.Type) []byte {
	h := sha256.New()
	c.describe(h, t, map[reflect.Type]int{})
	return h.Sum(nil)[:layoutSize]
}

func (c *Codec) describe(h hash.Hash, t reflect.Type, seen map[reflect.Type]int) {
	if number, known := seen[t]; known {
		fmt.Fprintf(h, "again %d;", number)
		return
	}
	seen[t] = len(seen)
	fmt.Fprintf(h, "%s %s;", t.Kind(), t)
	if _, outside := c.outside[t]; outside || t == addressType {
		return
	}
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice:
		c.describe(h, t.Elem(), seen)
	case reflect.Array:
		fmt.Fprintf(h, "%d;", t.Len())
		c.describe(h, t.Elem(), seen)
	case reflect.Map:
		c.describe(h, t.Key(), seen)
		c.describe(h, t.Elem(), seen)
	case reflect.Struct:
		fmt.Fprintf(h, "%d;", t.NumField())
		for i := range t.NumField() {
			fmt.Fprintf(h, "%s;", t.Field(i).Name)
			c.describe(h, t.Field(i).Type, seen)
		}
	}
}
