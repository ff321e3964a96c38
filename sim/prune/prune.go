// Package prune keeps folders of things that can be made again, such as compiled programs, from growing without end: what was not used for
// longest goes. Several processes may use and prune a folder at once. The package knows nothing of what lies in the folder.
package prune

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// entry is a file that could go.
type entry struct {
	path string
	size int64
	used time.Time
}

// To removes files below a folder, those first that were not used for longest, until the rest take no more than most bytes. It spares files
// that were used in the last while, which others may be about to read. A file's use is when it was written, read or touched last, whichever
// is known: many systems note reads at most once a day. Folders whose names begin with an underscore are left alone.
func To(folder string, most int64, spare time.Duration, now time.Time) error {
	files, total, err := list(folder)
	if err != nil {
		return fmt.Errorf("pruning %s: %w", folder, err)
	}
	slices.SortFunc(files, func(a, b entry) int { return cmp.Or(a.used.Compare(b.used), cmp.Compare(a.path, b.path)) })
	var failed []error
	for _, file := range files {
		if total <= most || now.Sub(file.used) < spare {
			break
		}
		if err := os.Remove(file.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			failed = append(failed, fmt.Errorf("pruning %s: %w", folder, err))
			continue
		}
		total -= file.size
	}
	return errors.Join(failed...)
}

// list finds the files below a folder. One that another process removes meanwhile is none.
func list(folder string) (files []entry, total int64, err error) {
	err = filepath.WalkDir(folder, func(path string, at fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil && at.IsDir() && strings.HasPrefix(at.Name(), "_") {
			return filepath.SkipDir
		}
		if err != nil || !at.Type().IsRegular() {
			return err
		}
		info, err := at.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		files = append(files, entry{path, info.Size(), used(info)})
		total += info.Size()
		return nil
	})
	return files, total, err
}
