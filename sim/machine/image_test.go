package machine

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

// filled returns a memory with that content.
func filled(t *testing.T, i *image) *linearMemory {
	m := newLinearMemory(8 * pageSize)
	t.Cleanup(m.Free)
	require.NotNil(t, m.Reallocate(i.size))
	require.NoError(t, i.fill(m))
	return m
}

func TestImages(t *testing.T) {
	for name, keep := range map[string]func([]byte) *image{"mapped": newImage, "copied": copiedImage} {
		t.Run(name, func(t *testing.T) {
			source := newLinearMemory(8 * pageSize)
			defer source.Free()
			require.NotNil(t, source.Reallocate(4*pageSize))
			for _, at := range []int{0, 4095, 3 * 4096, 2*pageSize + 17, 4*pageSize - 1} {
				source.data[at] = byte(at%250) + 1
			}
			content := bytes.Clone(source.data)
			held := keep(source.data)
			source.data[0] = 99

			one, other := filled(t, held), filled(t, held)
			require.Equal(t, content, one.data)
			one.data[4095] = 77
			one.data[4097] = 78
			require.Equal(t, content, other.data, "memories do not disturb each other")
			held.free()
			require.Equal(t, content, other.data, "they outlive the image")

			require.NotNil(t, one.Reallocate(6*pageSize))
			require.EqualValues(t, 77, one.data[4095], "it grows where it is")
			require.Zero(t, one.data[5*pageSize])
			one.data[6*pageSize-1] = 1
			again := keep(one.data)
			defer again.free()
			require.Equal(t, one.data, filled(t, again).data)
		})
	}
}

func TestImageWithoutAddressSpace(t *testing.T) {
	content := bytes.Repeat([]byte{0, 0, 5}, 2*pageSize/3)
	content = append(content, make([]byte, 2*pageSize-len(content))...)
	held := newImage(content)
	defer held.free()
	m := &linearMemory{limit: 4 * pageSize}
	require.NotNil(t, m.Reallocate(held.size))
	require.NoError(t, held.fill(m))
	require.Equal(t, content, m.data)
}

func TestUnion(t *testing.T) {
	const mib = 1 << 20
	require.Empty(t, union(nil, nil))
	require.Equal(t, []span{{0, 3}}, union([]span{{0, 3}}, nil))
	require.Equal(t,
		[]span{{0, 2 * mib}, {4 * mib, 5*mib + smallestGap + 4096}, {9 * mib, 10 * mib}},
		union([]span{{0, mib}, {4 * mib, 5 * mib}, {9 * mib, 10 * mib}},
			[]span{{mib / 2, 2 * mib}, {5*mib + smallestGap, 5*mib + smallestGap + 4096}, {9*mib + 1, 9*mib + 2}}))

	var many []span
	for at := uint64(0); at < 1000; at++ {
		many = append(many, span{at * mib, at*mib + 4096})
	}
	pieces := union(many[:500], many[500:])
	require.LessOrEqual(t, len(pieces), mostPieces)
	require.Equal(t, many[0].begin, pieces[0].begin)
	require.Equal(t, many[999].end, pieces[len(pieces)-1].end)
}

// Pieces of modules.
const (
	header    = "\x00asm\x01\x00\x00\x00"
	oneType   = "\x01\x04\x01\x60\x00\x00"
	twoPages  = "\x05\x03\x01\x00\x02"
	bounded   = "\x05\x04\x01\x01\x02\x08"
	custom    = "\x00\x05\x04name"
	helloAt3  = "\x00\x41\x03\x0b\x05hello"
	worldAt   = "\x00\x41\x80\x80\x04\x0b\x05world" // 64 KiB
	announced = "\x0c\x01\x01"
)

func data(segments ...string) string {
	content := string(rune(len(segments)))
	for _, s := range segments {
		content += s
	}
	return "\x0b" + string(rune(len(content))) + content
}

func TestSplitData(t *testing.T) {
	for _, test := range []struct {
		name, module, rest string
		data               map[int]string
	}{
		{"two segments", header + oneType + twoPages + data(helloAt3, worldAt) + custom, header + oneType + twoPages + custom, map[int]string{3: "hello", pageSize: "world"}},
		{"a bounded memory", header + bounded + data(helloAt3), header + bounded, map[int]string{3: "hello"}},
		{"no data", header + twoPages, header + twoPages, map[int]string{}},
		{"no memory", header + oneType, "", nil},
		{"data without a memory", header + data(helloAt3), "", nil},
		{"instructions may refer to segments", header + twoPages + announced + data(helloAt3), "", nil},
		{"a passive segment", header + twoPages + data("\x01\x05hello"), "", nil},
		{"an offset that is a global", header + twoPages + data("\x00\x23\x00\x0b\x05hello"), "", nil},
		{"beyond the memory", header + twoPages + data("\x00\x41\xff\xff\x07\x0b\x02ab"), "", nil},
		{"below the memory", header + twoPages + data("\x00\x41\x7f\x0b\x02ab"), "", nil},
		{"a segment that breaks off", header + twoPages + data("\x00\x41\x03\x0b\x09hello"), "", nil},
		{"a section that breaks off", header + twoPages + "\x0b\x50\x00", "", nil},
		{"more memory than there is", header + "\x05\x06\x01\x00\xff\xff\xff\x7f" + data(helloAt3), "", nil},
		{"nothing", "", "", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			rest, memory := splitData([]byte(test.module))
			if test.data == nil {
				require.Nil(t, memory)
				require.Equal(t, test.module, string(rest), "it stays as it is")
				return
			}
			require.Equal(t, test.rest, string(rest))
			want := make([]byte, 2*pageSize)
			for at, s := range test.data {
				copy(want[at:], s)
			}
			require.Equal(t, want, memory)
		})
	}
}

func FuzzSplitData(f *testing.F) {
	f.Add([]byte(header + oneType + twoPages + data(helloAt3, worldAt) + custom))
	f.Fuzz(func(t *testing.T, module []byte) {
		rest, memory := splitData(module)
		if memory == nil {
			require.Equal(t, module, rest)
		}
	})
}
