package storage

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
)

// maxBatch is how many entries raft appends in one synced write at most, generously counted: so far behind a torn one may another
// of the same write stand.
const maxBatch = 1 << 12

// segment is one file of the log, named by its first index.
type segment struct {
	path  string
	index uint64
}

func segmentName(index uint64) string { return fmt.Sprintf("%020d", index) }

// listSegments returns the log's files in order. Files of an interrupted truncation (.START, .END) are tidwall/wal's business.
func listSegments(path string) ([]segment, error) {
	names, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	var segments []segment
	for _, name := range names {
		index, err := strconv.ParseUint(name.Name(), 10, 64)
		if err == nil && name.Name() == segmentName(index) {
			segments = append(segments, segment{filepath.Join(path, name.Name()), index})
		}
	}
	return segments, nil
}

// repair cuts off the torn end of the newest segment. Older ones were synced before the newest was begun, so that damage in
// them is the disk's doing; it is found when they are read.
func repair(path string, logger *slog.Logger) error {
	segments, err := listSegments(path)
	if err != nil || len(segments) == 0 {
		return err
	}
	newest := segments[len(segments)-1]
	content, err := os.ReadFile(newest.path)
	if err != nil {
		return fmt.Errorf("read the newest segment of the log: %w", err)
	}
	sound, next, damage := scan(content, newest.index)
	if damage == nil {
		return nil
	}
	if at, index, found := findEntry(content[sound:], next); found {
		return fmt.Errorf("%s is damaged at byte %d, entry %d: %w; entry %d stands intact %d bytes further, so this is no torn write "+
			"and cutting it off could lose acknowledged entries: %s",
			newest.path, sound, next, damage, index, at, wayOut)
	}
	logger.Warn("cut off the log's torn tail",
		"file", newest.path, "at", sound, "bytes", len(content)-sound, "entry", next, "damage", damage.Error())
	return replaceFile(newest.path, content[:sound])
}

// cutBefore shortens a segment, in place for the disk may be full, so that it ends before the entry of an index.
func cutBefore(segment segment, index uint64) (err error) {
	file, err := os.OpenFile(segment.path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	content, err := io.ReadAll(file)
	if err != nil {
		return err
	}
	size := 0
	for at := segment.index; at < index; at++ {
		frame, err := frameAt(content[size:], at)
		if err != nil {
			return fmt.Errorf("%s is damaged at byte %d, entry %d: %w", segment.path, size, at, err)
		}
		size += frame
	}
	return errors.Join(file.Truncate(int64(size)), file.Sync())
}

// scan goes through a segment that begins with the given entry. It returns how many bytes are sound, which entry should stand
// there, and what is wrong with it; no damage means that the segment is sound to its end.
func scan(content []byte, index uint64) (sound int, next uint64, damage error) {
	for sound < len(content) {
		size, err := frameAt(content[sound:], index)
		if err != nil {
			return sound, index, err
		}
		sound += size
		index++
	}
	return sound, index, nil
}

// frameAt checks the frame at the beginning of content and returns its size.
func frameAt(content []byte, index uint64) (int, error) {
	length, n := binary.Uvarint(content)
	if n <= 0 || length > uint64(len(content)-n) {
		return 0, fmt.Errorf("%d bytes are left, the entry is longer", len(content))
	}
	record := content[n : n+int(length)]
	if err := checkRecord(record); err != nil {
		return 0, err
	}
	if stored := binary.LittleEndian.Uint64(record[checksumSize:]); stored != index {
		return 0, fmt.Errorf("the record says that it is entry %d", stored)
	}
	return n + int(length), nil
}

// findEntry looks behind a damaged entry for an intact one, at any offset. A torn write has none: its later pages are missing.
func findEntry(content []byte, damaged uint64) (at int, index uint64, found bool) {
	for at := 1; at < len(content); at++ {
		length, n := binary.Uvarint(content[at:])
		if n <= 0 || length < headerSize || length > uint64(len(content)-at-n) {
			continue
		}
		record := content[at+n : at+n+int(length)]
		index := binary.LittleEndian.Uint64(record[checksumSize:])
		if index > damaged && index-damaged < maxBatch && checkRecord(record) == nil {
			return at, index, true
		}
	}
	return 0, 0, false
}
