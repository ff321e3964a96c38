package simulated

import (
	"fmt"

	"muster/model/run"
	"muster/scenarios"
	"muster/sim"
	"muster/sim/disk"
)

// strikeDisks has disks do wrong, on top of what they do wrong already, or repairs them.
func (s *Stage) strikeDisks(now *struck) error {
	strike := now.strike
	return s.each(strike, func(m *sim.Machine) error {
		faults := m.Disk().Faults()
		switch strike.Kind {
		case run.KindLyingDisk:
			faults.SyncLies = 1
		case run.KindDiskErrors:
			faults.WriteFails, faults.SyncFails = strike.Share, strike.Share
		case run.KindSlowDisk:
			faults.SyncTakes = strike.Delay
		case run.KindFullDisk:
			// No capacity at all would be no limit.
			return m.SetDiskCapacity(max(m.Disk().Used()+strike.Room, 1))
		case run.KindBitRot:
			damage, err := m.RotDisk(strike.Bits, dataFolder)
			now.hits += len(damage)
			return err
		case run.KindDiskRepair:
			if err := m.SetDiskCapacity(0); err != nil {
				return err
			}
			faults = disk.Faults{}
		default:
			return unknown(strike)
		}
		return m.SetDiskFaults(faults)
	})
}

// diskEvidence counts what disks did wrong since a strike.
func (s *Stage) diskEvidence(now *struck) scenarios.Evidence {
	counted := func(what func(disk.Counters) uint64, text string) scenarios.Evidence {
		var sum uint64
		for i, name := range now.strike.Machines {
			sum += what(s.world.Machine(name).Disk().Counters()) - what(now.disks[i])
		}
		return scenarios.Evidence{Bit: sum > 0, Text: fmt.Sprintf(text, sum)}
	}
	switch now.strike.Kind {
	case run.KindLyingDisk:
		return counted(func(c disk.Counters) uint64 { return c.Lied }, "%d syncs did nothing")
	case run.KindDiskErrors:
		return counted(func(c disk.Counters) uint64 { return c.Failed }, "%d calls failed")
	case run.KindFullDisk:
		return counted(func(c disk.Counters) uint64 { return c.Full }, "%d writes found no room")
	case run.KindSlowDisk:
		return counted(func(c disk.Counters) uint64 { return c.Slowed }, "%d syncs were slow")
	}
	return scenarios.Evidence{Bit: now.hits > 0, Text: fmt.Sprintf("%d bits turned over", now.hits)}
}
