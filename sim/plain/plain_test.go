package plain_test

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/sim/plain"
)

type flavour uint8

type node struct {
	name     string
	next     *node
	children []*node
}

type everything struct {
	yes      bool
	small    int8
	large    uint64
	delay    time.Duration
	share    float64
	text     string
	bytes    []byte
	flavours []flavour
	empty    []int
	none     []int
	sums     [3]uint16
	where    netip.AddrPort
	by       map[netip.AddrPort]*node
	counts   map[string]int
	Nothing  map[string]int
	ring     *node
	again    *node
	output   func()
	any      any
	outside  *strings.Builder
}

func some() *everything {
	first, second := &node{name: "first"}, &node{name: "second"}
	first.next, second.next = second, first
	second.children = []*node{first, nil, second}
	at := netip.MustParseAddrPort("10.0.0.1:7")
	return &everything{
		yes: true, small: -7, large: 1 << 63, delay: -time.Hour, share: 0.1, text: "text\x00", bytes: []byte{1, 0, 2}, flavours: []flavour{3, 4},
		empty: []int{}, sums: [3]uint16{1, 2, 65535}, where: at, by: map[netip.AddrPort]*node{at: first, {}: nil},
		counts: map[string]int{"a": 1, "b": 2, "c": 3}, ring: first, again: second,
	}
}

var shared strings.Builder

// codec knows one thing outside: shared.
func codec() *plain.Codec {
	var c plain.Codec
	plain.External(&c, func(b *strings.Builder) (string, error) {
		if b != &shared {
			return "", errors.New("nobody knows it")
		}
		return "shared", nil
	}, func(name string) (*strings.Builder, error) {
		if name != "shared" {
			return nil, errors.New("there is no " + name)
		}
		return &shared, nil
	})
	return &c
}

func TestReadsWhatWasWritten(t *testing.T) {
	before := some()
	before.outside = &shared
	written, err := codec().Append([]byte("before"), before)
	require.NoError(t, err)
	again, err := codec().Append([]byte("before"), before)
	require.NoError(t, err)
	require.Equal(t, written, again, "maps have no order, what is written has")

	var after everything
	rest, err := codec().Read(append(written[len("before"):], "rest"...), &after)
	require.NoError(t, err)
	require.Equal(t, "rest", string(rest))
	require.Equal(t, before, &after)
	require.Same(t, after.ring, after.again.next)
	require.Same(t, after.ring, after.by[after.where], "two pointers to one thing stay that")
	require.Same(t, after.again, after.again.children[2])
	require.Same(t, &shared, after.outside)
	require.NotNil(t, after.empty)
	require.Nil(t, after.none)
}

func TestACircleThroughTheRoot(t *testing.T) {
	root := &node{name: "root"}
	root.next = root
	written, err := new(plain.Codec).Append(nil, root)
	require.NoError(t, err)
	var read node
	_, err = new(plain.Codec).Read(written, &read)
	require.NoError(t, err)
	require.Same(t, &read, read.next)
}

func TestWhatIsNotPlainIsNamed(t *testing.T) {
	for want, change := range map[string]func(e *everything){
		".output: a func() is not plain data":    func(e *everything) { e.output = func() {} },
		".any: a interface {} is not plain data": func(e *everything) { e.any = 1 },
		".outside: nobody knows it":              func(e *everything) { e.outside = &strings.Builder{} },
	} {
		value := some()
		change(value)
		_, err := codec().Append(nil, value)
		require.ErrorContains(t, err, want)
	}
	type keyed struct{ by map[*node]int }
	_, err := new(plain.Codec).Append(nil, &keyed{map[*node]int{{}: 1}})
	require.ErrorContains(t, err, ".by[key]: a key that is a pointer")

	var long *node
	for range 20_000 {
		long = &node{next: long}
	}
	_, err = new(plain.Codec).Append(nil, long)
	require.ErrorContains(t, err, "nested too deeply")
	_, err = new(plain.Codec).Append(nil, node{})
	require.ErrorContains(t, err, "want a pointer")
}

func TestAnotherLayoutIsRefused(t *testing.T) {
	type one struct{ A, B int32 }
	type renamed struct{ A, C int32 }
	type retyped struct{ A, B int64 }
	written, err := new(plain.Codec).Append(nil, &struct{ x one }{one{1, 2}})
	require.NoError(t, err)
	for _, other := range []any{&struct{ x renamed }{}, &struct{ x retyped }{}, &struct{ x, y one }{}} {
		_, err := new(plain.Codec).Read(written, other)
		require.ErrorIs(t, err, plain.ErrLayout)
	}
	_, err = new(plain.Codec).Read(written[:5], &struct{ x one }{})
	require.ErrorIs(t, err, plain.ErrLayout)
}

func TestDamagedBytesAreRefused(t *testing.T) {
	value := some()
	value.outside = &shared
	written, err := codec().Append(nil, value)
	require.NoError(t, err)
	for length := 16; length < len(written); length++ {
		_, err := codec().Read(written[:length], &everything{})
		require.Error(t, err, "%d of %d bytes", length, len(written))
	}
	_, err = codec().Read([]byte(strings.Replace(string(written), "shared", "sharks", 1)), &everything{})
	require.ErrorContains(t, err, ".outside: there is no sharks")
}

func FuzzRead(f *testing.F) {
	written, err := codec().Append(nil, some())
	require.NoError(f, err)
	f.Add(written[16:])
	f.Fuzz(func(t *testing.T, content []byte) {
		var read everything
		if _, err := codec().Read(append(written[:16:16], content...), &read); err == nil {
			again, err := codec().Append(nil, &read)
			require.NoError(t, err)
			var second everything
			_, err = codec().Read(again, &second)
			require.NoError(t, err, "what was read can be written")
		}
	})
}
