package run

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// summed are the files that verdicts and replays rest on, and that nothing touches once a run is over.
var summed = []string{PlanFile, HistoryFile, TraceFile, FullTraceFile}

// Checksums of what a run has left, for Run.Checksums. Its files must be finished; those that it has not are left out.
func (f Folder) Checksums() (map[string]string, error) {
	sums := map[string]string{}
	for _, name := range summed {
		sum, err := f.checksum(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("checksum: %w", err)
		}
		sums[name] = sum
	}
	return sums, nil
}

func (f Folder) checksum(name string) (string, error) {
	file, err := os.Open(f.Path(name))
	if err != nil {
		return "", err
	}
	defer file.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return "", fmt.Errorf("%s: %w", file.Name(), err)
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// Intact fails if a file is not what the run left; the error names it. Of a run without checksums (Run.Checksums says which) only that can
// be told that a finished one has a plan.
func (f Folder) Intact(r Run) error {
	for _, name := range summed {
		want, known := r.Checksums[name]
		if !known {
			continue
		}
		have, err := f.checksum(name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return f.damaged(r, "no "+name+", which the run left")
		case err != nil:
			return err
		case have != want:
			return f.damaged(r, name+" is not what the run left")
		}
	}
	_, err := os.Stat(f.Path(PlanFile))
	if errors.Is(err, fs.ErrNotExist) && r.Interrupted == "" {
		return f.damaged(r, "no "+PlanFile+", though every run leaves one, with or without faults")
	}
	return nil
}

// damaged is the error about a folder that is not what a run left.
func (f Folder) damaged(r Run, how string) error {
	err := fmt.Errorf("%s is damaged or edited: %s: want the folder as it was", f, how)
	if r.Replay != "" {
		err = fmt.Errorf("%w, or the run made anew (%s)", err, r.Replay)
	}
	return err
}
