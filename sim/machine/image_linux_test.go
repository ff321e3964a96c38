package machine

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"muster/sim/random"
)

// TestImagesKeepWhatChanged freezes a memory over and over while it changes and grows, and thaws each image in the end.
func TestImagesKeepWhatChanged(t *testing.T) {
	const most = 64 * pageSize
	m := newLinearMemory(most)
	require.NotNil(t, m.Reallocate(32*pageSize))
	draw := random.New(1).Stream("bytes")
	draw.Fill(m.data)
	var images []*image
	var contents [][]byte
	freeze := func() *image {
		i := m.freeze()
		images, contents = append(images, i), append(contents, bytes.Clone(m.data))
		return i
	}
	whole := freeze()
	require.Nil(t, whole.base)

	require.Empty(t, freeze().changed, "nothing has changed")
	m.data[0], m.data[hostPage], m.data[5*hostPage+7] = 1, 2, 3
	_ = bytes.Clone(m.data[30*pageSize:]) // reading does not change
	i := freeze()
	require.Same(t, whole, i.base)
	require.Equal(t, []span{{0, 6 * hostPage}}, i.changed)

	clear(m.data[5*hostPage : 6*hostPage])
	require.NotNil(t, m.Reallocate(40*pageSize))
	m.data[39*pageSize] = 4
	i = freeze()
	require.Same(t, whole, i.base)
	require.Equal(t, []span{{0, 6 * hostPage}, {39 * pageSize, 39*pageSize + hostPage}}, i.changed)

	for range 10 {
		for range 20 {
			m.data[draw.IntN(len(m.data)/4)]++
		}
		require.Same(t, whole, freeze().base)
	}
	draw.Fill(m.data)
	again := freeze()
	require.Nil(t, again.base, "too much has changed")
	m.data[1]++
	require.Same(t, again, freeze().base)

	m.Free()
	draw.Shuffle(len(images), func(i, j int) {
		images[i], images[j], contents[i], contents[j] = images[j], images[i], contents[j], contents[i]
	})
	for n, i := range images {
		thawed := newLinearMemory(most)
		require.NotNil(t, thawed.Reallocate(i.size))
		require.NoError(t, i.fill(thawed))
		i.free()
		require.True(t, bytes.Equal(contents[n], thawed.data), "of size %d with %d pieces", i.size, len(i.changed))
		thawed.data[0]++
		next := thawed.freeze()
		other := newLinearMemory(most)
		require.NotNil(t, other.Reallocate(next.size))
		require.NoError(t, next.fill(other))
		require.True(t, bytes.Equal(thawed.data, other.data))
		next.free()
		thawed.Free()
		other.Free()
	}
	for _, i := range []*image{whole, again} {
		require.Zero(t, i.users.Load())
		require.Error(t, i.file.Close(), "it is closed already")
	}
}
