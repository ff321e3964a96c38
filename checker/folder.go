package checker

import (
	"context"
	"encoding/json"
	"fmt"

	"muster/model/run"
)

// VerdictsFormat is the version of verdicts.json that this code writes. Older versions stay readable.
const VerdictsFormat = 1

// Judgement is what a run folder must hold, in the details of run.json, so that the run can be judged again without the catalog
// that it came from. A scenario's own JSON has these fields among others.
type Judgement struct {
	Bounds    Bounds      `json:"bounds,omitzero"`
	Sometimes []Condition `json:"sometimes,omitempty"`
}

// verdictsFile is verdicts.json.
type verdictsFile struct {
	Format   int       `json:"format"`
	Verdicts []Verdict `json:"verdicts"`
}

// WriteVerdicts writes verdicts.json.
func WriteVerdicts(folder run.Folder, verdicts []Verdict) error {
	return folder.WriteJSON(run.VerdictsFile, verdictsFile{VerdictsFormat, verdicts})
}

// ReadVerdicts reads verdicts.json. Its error wraps fs.ErrNotExist if the run was not judged.
func ReadVerdicts(folder run.Folder) ([]Verdict, error) {
	var file verdictsFile
	if err := folder.ReadJSON(run.VerdictsFile, &file); err != nil {
		return nil, err
	}
	if file.Format < 1 || file.Format > VerdictsFormat {
		return nil, fmt.Errorf("%s: format %d: this build reads formats 1 to %d", folder.Path(run.VerdictsFile), file.Format, VerdictsFormat)
	}
	return file.Verdicts, nil
}

// WriteFigures writes figures.json.
func WriteFigures(folder run.Folder, figures Figures) error {
	return folder.WriteJSON(run.FiguresFile, figures)
}

// ReadFigures reads figures.json. Its error wraps fs.ErrNotExist if the run was not judged.
func ReadFigures(folder run.Folder) (Figures, error) {
	var figures Figures
	if err := folder.ReadJSON(run.FiguresFile, &figures); err != nil {
		return Figures{}, err
	}
	if figures.Format < 1 || figures.Format > FiguresFormat {
		return Figures{}, fmt.Errorf("%s: format %d: this build reads formats 1 to %d", folder.Path(run.FiguresFile), figures.Format, FiguresFormat)
	}
	return figures, nil
}

// ReadInput reads from a run folder what checkers look at, and what the scenario expects of it.
func ReadInput(folder run.Folder) (Input, map[Property]Outcome, error) {
	in := Input{Folder: folder}
	var err error
	if in.Run, err = folder.ReadRun(); err != nil {
		return in, nil, err
	}
	if err := folder.Intact(in.Run); err != nil {
		return in, nil, err
	}
	if in.Plan, err = folder.ReadPlan(); err != nil {
		return in, nil, err
	}
	if in.History, err = folder.ReadHistory(); err != nil {
		return in, nil, err
	}
	if want, have := in.Run.HistoryRecords, len(in.History.Records); want != 0 && have != want {
		return in, nil, fmt.Errorf("%s is damaged: it holds %d of the run's %d records", folder.Path(run.HistoryFile), have, want)
	}
	if in.Events, err = folder.NodeEvents(); err != nil {
		return in, nil, err
	}
	var judgement Judgement
	if len(in.Run.Details) > 0 {
		if err := json.Unmarshal(in.Run.Details, &judgement); err != nil {
			return in, nil, fmt.Errorf("%s: details: want bounds and sometimes, as a scenario has them: %w", folder.Path(run.RunFile), err)
		}
	}
	in.Bounds, in.Sometimes = judgement.Bounds, judgement.Sometimes
	expected := make(map[Property]Outcome, len(in.Run.Expect))
	for property, outcome := range in.Run.Expect {
		expected[Property(property)] = Outcome(outcome)
	}
	return in, expected, nil
}

// JudgeFolder judges the run in a folder by what the folder itself says of bounds and expectations, and writes verdicts.json and
// figures.json into it. It can be repeated at any time.
func JudgeFolder(ctx context.Context, folder run.Folder) ([]Verdict, Figures, error) {
	in, expected, err := ReadInput(folder)
	if err != nil {
		return nil, Figures{}, fmt.Errorf("judging %s: %w", folder, err)
	}
	verdicts, figures := Judge(ctx, in, expected), Measure(in)
	if err := WriteVerdicts(folder, verdicts); err != nil {
		return nil, Figures{}, err
	}
	return verdicts, figures, WriteFigures(folder, figures)
}
