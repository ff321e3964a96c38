package run

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWhatLastsIsUndoneByItsOwnFamily(t *testing.T) {
	for _, kind := range Kinds() {
		require.True(t, kind.Known())
		require.NotEmpty(t, kind.Family())
		require.False(t, kind.Ends() && kind.Lasts(), "%s: what undoes others is over once it is done", kind)
		require.Equal(t, kind.Ends(), len(kind.Undoes()) > 0, "%s", kind)
		for _, undoing := range kind.UndoneBy() {
			require.True(t, undoing.Ends(), "%s is undone by %s", kind, undoing)
			require.Equal(t, kind.Family(), undoing.Family(), "%s is undone by %s", kind, undoing)
			require.Contains(t, undoing.Undoes(), kind)
		}
	}
	require.False(t, Kind("flood").Known())
	require.Empty(t, Kind("flood").Family())
}
