package reports

import (
	"testing"

	"github.com/stretchr/testify/require"

	"muster/model/run"
)

func (f fixture) writeJudgement(t testing.TB, folder run.Folder) {
	require.NoError(t, folder.WriteJSON(run.VerdictsFile, f.verdicts))
	require.NoError(t, folder.WriteJSON(run.FiguresFile, f.figures))
}
