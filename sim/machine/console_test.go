package machine

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestConsoleCutsLines(t *testing.T) {
	var got []string
	p := &Process{kernel: Kernel{Print: func(stream int, line []byte) { got = append(got, fmt.Sprintf("%d %s", stream, line)) }}}
	p.print(stdout, []byte("one\ntwo\nthr"))
	p.print(stderr, []byte("error\n"))
	p.print(stdout, []byte("ee"))
	p.print(stdout, []byte("\n\nfour"))
	p.Flush()
	p.Flush()
	require.Equal(t, []string{"1 one", "1 two", "2 error", "1 three", "1 ", "1 four"}, got)

	got = nil
	p.print(stdout, bytes.Repeat([]byte("x"), longestLine+5))
	p.print(stdout, []byte("end\n"))
	require.Equal(t, []string{"1 " + strings.Repeat("x", longestLine+5), "1 end"}, got, "a line without an end is passed on when it gets too long")
}

func TestMemory(t *testing.T) {
	for name, m := range map[string]*linearMemory{
		"reserved": newLinearMemory(4 * pageSize),
		"copied":   {limit: 4 * pageSize},
	} {
		t.Run(name, func(t *testing.T) {
			defer m.Free()
			require.Len(t, m.Reallocate(pageSize), pageSize)
			m.data[pageSize-1] = 7
			require.Len(t, m.Reallocate(3*pageSize), 3*pageSize)
			require.EqualValues(t, 7, m.data[pageSize-1])
			require.Zero(t, m.data[3*pageSize-1])
			m.data[3*pageSize-1] = 9
			require.Len(t, m.Reallocate(4*pageSize), 4*pageSize)
			require.EqualValues(t, 9, m.data[3*pageSize-1])
			require.Nil(t, m.Reallocate(5*pageSize), "more than it may have")
			require.Len(t, m.data, 4*pageSize)
		})
	}
}

func TestDescriptorsAreReused(t *testing.T) {
	p := &Process{tables: tables{table: standardTable()}}
	require.EqualValues(t, 4, p.open(descriptor{kind: console}))
	require.EqualValues(t, 5, p.open(descriptor{kind: console}))
	require.EqualValues(t, 6, p.open(descriptor{kind: console}))
	require.Equal(t, ok, p.close(4))
	require.Equal(t, ebadf, p.close(4))
	require.Equal(t, ok, p.close(5))
	require.EqualValues(t, 4, p.open(descriptor{kind: console}))
	require.EqualValues(t, 5, p.open(descriptor{kind: console}))
	require.EqualValues(t, 7, p.open(descriptor{kind: console}))
	require.Nil(t, p.get(-1))
	require.Nil(t, p.get(8))
}
