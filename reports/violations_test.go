package reports

import (
	"bytes"
	"html"
	"strings"
	"testing"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"
)

// TestFramedPicturesAreDrawnInTime: another version of porcupine may begin to draw in other words, which would go unnoticed.
func TestFramedPicturesAreDrawnInTime(t *testing.T) {
	register := porcupine.Model{
		Init: func() any { return 0 },
		Step: func(state, input, output any) (bool, any) { return output == state, input },
	}
	_, info := porcupine.CheckOperationsVerbose(register, []porcupine.Operation{{Input: 1, Output: 2, Return: 1}}, 0)
	var picture bytes.Buffer
	require.NoError(t, porcupine.Visualize(register, info, &picture))

	framed := html.UnescapeString(string(framed(picture.String())))
	require.Contains(t, framed, drawsInTime)
	require.NotContains(t, framed, drawsAtOnce)
	require.Contains(t, picture.String(), "'linearization-invalid ", "the place to show first is known by its class")
	require.Contains(t, picture.String(), "classList.contains('hidden')", "and so are those that are not shown")
	require.Equal(t, strings.Count(picture.String(), "render(data)"), strings.Count(framed, "render(data)"))
}
