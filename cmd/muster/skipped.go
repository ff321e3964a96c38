package main

import (
	"fmt"
	"io"

	"muster/model/run"
)

// nameSkipped names the faults that were planned and not struck, which the table of verdicts does not show.
func nameSkipped(w io.Writer, folders []run.Folder) error {
	for _, folder := range folders {
		plan, err := folder.ReadPlan()
		if err != nil {
			return err
		}
		for _, strike := range plan.Strikes {
			if strike.Skipped == "" {
				continue
			}
			if _, err := fmt.Fprintf(w, "%s: skipped %s: %s\n", folder, strike.Text, strike.Skipped); err != nil {
				return err
			}
		}
	}
	return nil
}
