package reports

import (
	"os"
	"testing"
	"context"
	"muster/model/run"
	"github.com/stretchr/testify/require"
	"path/filepath"
)

func TestLook(t *testing.T) {
	out := os.Getenv("LOOK")
	if out == "" {
		t.Skip()
	}
	var folders []run.Folder
	for seed := uint64(1); seed <= 12; seed++ {
		f := newFixture(seed)
		if seed%4 == 0 {
			f.scenario = "calm"
			f.verdicts = f.verdicts[:3]
		}
		if seed%5 == 0 {
			f.scenario = "crash-and-restart-under-load"
			f.verdicts[0].Outcome="violated"
		}
		folders = append(folders, f.write(t, run.Folder(filepath.Join(out, "run"+string(rune('a'+seed))))))
		require.NoError(t, WriteRun(context.Background(), folders[len(folders)-1]))
	}
	require.NoError(t, WriteIndex(context.Background(), out, folders))
	rs, err := ReadResults(folders)
	require.NoError(t, err)
	require.NoError(t, Table(os.Stdout, rs, false))
	require.NoError(t, Table(os.Stdout, rs[:2], true))
}
