package run

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/google/renameio/v2"

	"muster/model"
)

// Folder is a run folder's path.
type Folder string

// Path of a file in the folder.
func (f Folder) Path(parts ...string) string {
	return filepath.Join(append([]string{string(f)}, parts...)...)
}

// ReadRun reads run.json.
func (f Folder) ReadRun() (Run, error) {
	var r Run
	if err := f.ReadJSON(RunFile, &r); err != nil {
		return r, err
	}
	if r.Format < 1 || r.Format > Format {
		return r, fmt.Errorf("%s: format %d: this build reads formats 1 to %d", f.Path(RunFile), r.Format, Format)
	}
	return r, nil
}

// ReadPlan reads plan.json; a run without one has no strikes as yet (Intact tells it from one that has lost its plan).
func (f Folder) ReadPlan() (Plan, error) {
	var p Plan
	err := f.ReadJSON(PlanFile, &p)
	if errors.Is(err, fs.ErrNotExist) {
		return Plan{Format: Format}, nil
	}
	return p, err
}

// ReadHistory reads history.jsonl.
func (f Folder) ReadHistory() (model.History, error) {
	file, err := os.Open(f.Path(HistoryFile))
	if err != nil {
		return model.History{}, err
	}
	defer file.Close()
	h, err := model.ReadHistory(file)
	if err != nil {
		return h, fmt.Errorf("%s: %w", file.Name(), err)
	}
	return h, nil
}

// ReadClocks reads clocks.jsonl; a run without one has no samples.
func (f Folder) ReadClocks() ([]ClockSample, error) {
	return readLines[ClockSample](f.Path(ClocksFile))
}

// ReadLogs reads what one machine printed.
func (f Folder) ReadLogs(machine string) ([]LogLine, error) {
	return readLines[LogLine](f.Path(LogsFolder, machine+".jsonl"))
}

// NodeEvents reads the events that the nodes logged, all of them in the order of true time.
func (f Folder) NodeEvents() ([]NodeEvent, error) {
	r, err := f.ReadRun()
	if err != nil {
		return nil, err
	}
	var events []NodeEvent
	for _, machine := range r.Nodes() {
		lines, err := f.ReadLogs(machine)
		if err != nil {
			return nil, err
		}
		for _, line := range lines {
			if event, ok := ParseNodeEvent(machine, line); ok {
				events = append(events, event)
			}
		}
	}
	sort.SliceStable(events, func(i, j int) bool { return events[i].T < events[j].T })
	return events, nil
}

// ReadJSON reads one of the folder's JSON files.
func (f Folder) ReadJSON(name string, into any) error {
	text, err := os.ReadFile(f.Path(name))
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("%s: %w", f.Path(name), err)
	}
	return nil
}

// WriteJSON writes one of the folder's JSON files, whole or not at all.
func (f Folder) WriteJSON(name string, value any) error {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(value); err != nil {
		return fmt.Errorf("%s: %w", f.Path(name), err)
	}
	return f.WriteFile(name, text.Bytes())
}

// WriteFile writes one of the folder's files, whole or not at all.
func (f Folder) WriteFile(name string, text []byte) error {
	path := f.Path(name)
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	return renameio.WriteFile(path, text, 0o666, renameio.WithExistingPermissions())
}

// RemoveCheckpoints deletes the checkpoints, if there are any, and says how many they were and how many bytes they took.
func (f Folder) RemoveCheckpoints() (files int, bytes int64, err error) {
	path := f.Path(CheckpointsFolder)
	entries, err := os.ReadDir(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, 0, nil
	}
	if err != nil {
		return 0, 0, fmt.Errorf("removing checkpoints: %w", err)
	}
	for _, entry := range entries {
		if info, err := entry.Info(); err == nil { // otherwise somebody else has removed it
			files, bytes = files+1, bytes+info.Size()
		}
	}
	if err := os.RemoveAll(path); err != nil {
		return 0, 0, fmt.Errorf("removing checkpoints: %w", err)
	}
	return files, bytes, nil
}

// Find lists the run folders at or below a path, sorted: those that hold a run.json.
func Find(path string) ([]Folder, error) {
	var folders []Folder
	err := filepath.WalkDir(path, func(at string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if !entry.IsDir() && entry.Name() == RunFile {
			folders = append(folders, Folder(filepath.Dir(at)))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(folders) == 0 {
		return nil, fmt.Errorf("%s: no run folder here: none holds a %s", path, RunFile)
	}
	sort.Slice(folders, func(i, j int) bool { return strings.Compare(string(folders[i]), string(folders[j])) < 0 })
	return folders, nil
}

// readLines reads JSON lines; a missing file has none, and a last line that was cut short is dropped.
func readLines[T any](path string) ([]T, error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var values []T
	lines := bufio.NewReader(file)
	for number := 1; ; number++ {
		text, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return values, nil
		}
		if err != nil {
			return values, fmt.Errorf("%s:%d: %w", path, number, err)
		}
		var value T
		if err := json.Unmarshal(text, &value); err != nil {
			return values, fmt.Errorf("%s:%d: %w", path, number, err)
		}
		values = append(values, value)
	}
}
