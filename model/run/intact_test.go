package run

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDamagedFoldersAreTold(t *testing.T) {
	remove := func(name string) func(*testing.T, Folder) {
		return func(t *testing.T, f Folder) { require.NoError(t, os.Remove(f.Path(name))) }
	}
	replace := func(name, text string) func(*testing.T, Folder) {
		return func(t *testing.T, f Folder) { require.NoError(t, f.WriteFile(name, []byte(text))) }
	}
	nothing := func(*testing.T, Folder) {}
	summed, older, interrupted := Run{Replay: "muster simulate calm --seed 1"}, Run{}, Run{Interrupted: "n2 ended"}
	for name, c := range map[string]struct {
		run  Run
		sums bool
		harm func(*testing.T, Folder)
		want string // "": it is intact
	}{
		"as the run left it":          {summed, true, nothing, ""},
		"judged":                      {summed, true, replace(VerdictsFile, "{}"), ""},
		"a history that is edited":    {summed, true, replace(HistoryFile, "{}\n{\"t\":2}\n"), "history.jsonl is not what the run left"},
		"a history that is gone":      {summed, true, remove(HistoryFile), "no history.jsonl, which the run left"},
		"a trace that is cut":         {summed, true, replace(TraceFile, "{}"), "trace.jsonl is not what the run left"},
		"a trace that is gone":        {summed, true, remove(TraceFile), "no trace.jsonl, which the run left"},
		"a plan that is edited":       {summed, true, replace(PlanFile, `{"format":1,"strikes":[]}`), "plan.json is not what the run left"},
		"a plan that is gone":         {summed, true, remove(PlanFile), "no plan.json, which the run left"},
		"an older run":                {older, false, replace(HistoryFile, "edited"), ""},
		"an older run's plan is gone": {older, false, remove(PlanFile), "no plan.json, though every run leaves one"},
		"interrupted before a plan":   {interrupted, false, remove(PlanFile), ""},
	} {
		t.Run(name, func(t *testing.T) {
			folder := Folder(t.TempDir())
			for file, text := range map[string]string{PlanFile: "{}", HistoryFile: "{}\n{\"t\":1}\n", TraceFile: "{}\n"} {
				require.NoError(t, folder.WriteFile(file, []byte(text)))
			}
			if c.sums {
				var err error
				c.run.Checksums, err = folder.Checksums()
				require.NoError(t, err)
				require.Len(t, c.run.Checksums, 3)
				require.Equal(t, "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a", c.run.Checksums[PlanFile], "SHA-256 of {}")
			}
			c.harm(t, folder)
			err := folder.Intact(c.run)
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.want)
			require.ErrorContains(t, err, string(folder)+" is damaged or edited")
			if c.sums {
				require.ErrorContains(t, err, "(muster simulate calm --seed 1)")
			}
		})
	}
}
