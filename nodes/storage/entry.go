package storage

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"time"

	"github.com/hashicorp/raft"
)

// An entry on disk, numbers little-endian:
//
//	checksum   4 bytes, CRC-32C of all that follows
//	index      8
//	term       8
//	type       1
//	appended   8, nanoseconds since 1970, 0 if unknown
//	extension  4 bytes of length, then as many
//	data       the rest
//
// tidwall/wal puts the record's length, a varint, before it.
const (
	checksumSize = 4
	headerSize   = checksumSize + 8 + 8 + 1 + 8 + 4
)

func encodeEntry(entry *raft.Log) []byte {
	record := make([]byte, checksumSize, headerSize+len(entry.Extensions)+len(entry.Data))
	record = binary.LittleEndian.AppendUint64(record, entry.Index)
	record = binary.LittleEndian.AppendUint64(record, entry.Term)
	record = append(record, byte(entry.Type))
	var appended int64
	if !entry.AppendedAt.IsZero() {
		appended = entry.AppendedAt.UnixNano()
	}
	record = binary.LittleEndian.AppendUint64(record, uint64(appended))
	record = binary.LittleEndian.AppendUint32(record, uint32(len(entry.Extensions)))
	record = append(record, entry.Extensions...)
	record = append(record, entry.Data...)
	binary.LittleEndian.PutUint32(record, crc32.Checksum(record[checksumSize:], castagnoli))
	return record
}

// decodeEntry reads a record; the entry's data aliases it.
func decodeEntry(record []byte, index uint64, into *raft.Log) error {
	if err := checkRecord(record); err != nil {
		return err
	}
	body := record[checksumSize:]
	if stored := binary.LittleEndian.Uint64(body); stored != index {
		return fmt.Errorf("the record says that it is entry %d", stored)
	}
	*into = raft.Log{Index: index, Term: binary.LittleEndian.Uint64(body[8:]), Type: raft.LogType(body[16])}
	if appended := int64(binary.LittleEndian.Uint64(body[17:])); appended != 0 {
		into.AppendedAt = time.Unix(0, appended)
	}
	extension, rest := binary.LittleEndian.Uint32(body[25:]), body[29:]
	if uint64(extension) > uint64(len(rest)) {
		return fmt.Errorf("its extension claims %d bytes where %d are left", extension, len(rest))
	}
	if extension > 0 {
		into.Extensions = rest[:extension:extension]
	}
	into.Data = rest[extension:]
	return nil
}

func checkRecord(record []byte) error {
	if len(record) < headerSize {
		return fmt.Errorf("%d bytes are too few for an entry", len(record))
	}
	if crc32.Checksum(record[checksumSize:], castagnoli) != binary.LittleEndian.Uint32(record) {
		return errors.New("the checksum does not match")
	}
	return nil
}

// frameSize is the space that a record takes in a segment.
func frameSize(record []byte) int {
	var length [binary.MaxVarintLen64]byte
	return binary.PutUvarint(length[:], uint64(len(record))) + len(record)
}
