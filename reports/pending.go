package reports

import (
	"muster/checker"
	"muster/model/run"
)

// Figure is one measured figure.
type Figure struct {
	Name          string  `json:"name"`
	Value         float64 `json:"value"`
	Unit          string  `json:"unit"`
	LowerIsBetter bool    `json:"lower_is_better"`
}

func readVerdicts(folder run.Folder) ([]checker.Verdict, error) {
	var v []checker.Verdict
	return v, folder.ReadJSON(run.VerdictsFile, &v)
}

func readFigures(folder run.Folder) ([]Figure, error) {
	var v []Figure
	return v, folder.ReadJSON(run.FiguresFile, &v)
}
