package live

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"

	"muster/scenarios"
)

// disk is a file system of a node's own, in memory, that can be filled.
type disk struct {
	folder string
	// reason says why there is none; empty if there is.
	reason string
}

// diskSize is more than a node of a scenario ever needs.
const diskSize = "256m"

// mountDisks gives each node a disk of its own, where that is permitted.
func mountDisks(ctx context.Context, scratch string, names []string) map[string]disk {
	disks := map[string]disk{}
	for _, name := range names {
		d := disk{folder: filepath.Join(scratch, name)}
		err := os.MkdirAll(d.folder, 0o777)
		if err == nil {
			err = execute(ctx, "mount", "-t", "tmpfs", "-o", "size="+diskSize, "muster", d.folder)
		}
		if err != nil {
			d.reason = err.Error()
		}
		disks[name] = d
	}
	return disks
}

// filler is the file that fills a disk.
func (d disk) filler() string { return filepath.Join(d.folder, "filler") }

// fill leaves so many bytes of room.
func (d disk) fill(room int64) error {
	if d.folder == "" || d.reason != "" {
		return fmt.Errorf("%w: a disk that can be filled must be mounted, which is not permitted here: %s", scenarios.ErrUnsupported, d.reason)
	}
	file, err := os.Create(d.filler()) // an earlier one is emptied before the room is counted
	if err != nil {
		return err
	}
	defer file.Close()
	var space syscall.Statfs_t
	if err := syscall.Statfs(d.folder, &space); err != nil {
		return fmt.Errorf("asking for the room on %s: %w", d.folder, err)
	}
	if free := int64(space.Bavail) * space.Bsize; free > room {
		if err := syscall.Fallocate(int(file.Fd()), 0, 0, free-room); err != nil {
			return fmt.Errorf("filling %s: %w", d.folder, err)
		}
	}
	return nil
}

// empty makes room again.
func (d disk) empty() error {
	if err := os.Remove(d.filler()); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// close takes the disk away.
func (d disk) close() error {
	if d.reason != "" {
		return nil
	}
	if err := syscall.Unmount(d.folder, syscall.MNT_DETACH); err != nil {
		return fmt.Errorf("unmounting %s: %w", d.folder, err)
	}
	return nil
}

// rot turns over so many bits of the files in a folder, drawn by a seed, and says how many there were to turn over.
func rot(folder string, bits int, seed uint64) (int, error) {
	var paths []string
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		info, err := entry.Info()
		if err == nil && info.Size() > 0 {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil || len(paths) == 0 {
		return 0, err
	}
	random := rand.New(rand.NewPCG(seed, uint64(bits)))
	for turned := range bits {
		if err := turnOver(paths[random.IntN(len(paths))], random); err != nil {
			return turned, err
		}
	}
	return bits, nil
}

func turnOver(path string, random *rand.Rand) error {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	at := random.Int64N(info.Size())
	one := make([]byte, 1)
	if _, err := file.ReadAt(one, at); err != nil {
		return err
	}
	one[0] ^= 1 << random.IntN(8)
	_, err = file.WriteAt(one, at)
	return err
}
