package scenarios

import (
	"fmt"
	"time"

	"muster/model/run"
)

// LyingDisk has disks say that data are synced which the next crash loses.
func LyingDisk(roles ...Role) Fault { return Fault{Kind: run.KindLyingDisk, On: roles} }

// DiskErrors has a share of the writes and fsyncs of a machine's disk fail with EIO.
func DiskErrors(role Role, share float64) Fault {
	return Fault{Kind: run.KindDiskErrors, On: []Role{role}, Measures: Measures{Share: share}}
}

// FullDisk leaves so many bytes of room on a machine's disk.
func FullDisk(role Role, room int64) Fault {
	return Fault{Kind: run.KindFullDisk, On: []Role{role}, Measures: Measures{Room: room}}
}

// SlowDisk has every fsync of a machine take so much longer.
func SlowDisk(role Role, delay time.Duration) Fault {
	return Fault{Kind: run.KindSlowDisk, On: []Role{role}, Measures: Measures{Delay: delay}}
}

// BitRot turns over so many bits of what lies on a machine's disk. Nothing turns them back.
func BitRot(role Role, bits int) Fault {
	return Fault{Kind: run.KindBitRot, On: []Role{role}, Measures: Measures{Bits: bits}}
}

// DiskRepair has disks work as they should.
func DiskRepair(roles ...Role) Fault { return Fault{Kind: run.KindDiskRepair, On: roles} }

var diskForms = map[run.Kind]form{
	run.KindLyingDisk: {words: func(s Strike, list func([]string) string) string {
		return "let the disk of " + list(s.Machines) + " lie about what is synced"
	}},
	run.KindDiskErrors: {check: checkShare, words: func(s Strike, list func([]string) string) string {
		return fmt.Sprintf("fail %s of the writes to the disk of %s", percent(s.Share), list(s.Machines))
	}},
	run.KindFullDisk: {
		check: func(f Fault) error {
			if f.Room < 0 {
				return fmt.Errorf("%d bytes of room: want none or some", f.Room)
			}
			return nil
		},
		words: func(s Strike, list func([]string) string) string {
			return fmt.Sprintf("fill the disk of %s but for %d bytes", list(s.Machines), s.Room)
		},
	},
	run.KindSlowDisk: {check: checkDelay, words: func(s Strike, list func([]string) string) string {
		return fmt.Sprintf("slow each fsync of %s by %v", list(s.Machines), s.Delay)
	}},
	run.KindBitRot: {
		check: func(f Fault) error {
			if f.Bits <= 0 {
				return fmt.Errorf("of %d bits: want one at least", f.Bits)
			}
			return nil
		},
		words: func(s Strike, list func([]string) string) string {
			return fmt.Sprintf("turn over %d bits on the disk of %s", s.Bits, list(s.Machines))
		},
	},
	run.KindDiskRepair: {words: func(s Strike, list func([]string) string) string {
		return "repair the disk of " + list(s.Machines)
	}},
}
