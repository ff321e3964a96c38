package sim

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"

	"muster/sim/disk"
	"muster/sim/machine"
	"muster/sim/trace"
)

// Signal sends the program a signal, which package os/signal has for it. One that neither handles nor ignores it ends with exit code 128
// and the signal's number; that holds for SIGHUP and SIGUSR1, too, as on Linux.
func (m *Machine) Signal(s machine.Signal) error {
	if err := s.Check(); err != nil {
		return m.fail("signal", err)
	}
	if err := m.alive(); err != nil {
		return m.fail("signal", err)
	}
	r := trace.Record{Kind: trace.Signal, Machine: m.name, Text: s.String()}
	if s == machine.Terminate {
		r = trace.Record{Kind: trace.Terminate, Machine: m.name}
	}
	m.world.record(r)
	m.process.Signal(s)
	m.told = true
	m.schedule()
	m.world.settle()
	return nil
}

// Terminate asks the program to end, as SIGTERM does. One that does not handle the signal ends with exit code 143; one that handles it
// may take its time.
func (m *Machine) Terminate() error { return m.Signal(machine.Terminate) }

// RestartAt is a Restart under another address, as a machine, container or pod gets it that is started anew elsewhere with its old disk.
// All machines find the new address under its name; what was on its way to the old one is lost. If address is the zero Addr, the machine
// gets one that nobody has.
func (m *Machine) RestartAt(address netip.Addr, args ...string) error {
	if err := m.down(); err != nil {
		return m.fail("restart", err)
	}
	if !address.IsValid() {
		address = m.world.freeAddress()
	}
	if err := m.world.network.MoveHost(&m.world.queue, m.host, address); err != nil {
		return m.fail("restart", err)
	}
	m.address = address
	m.world.record(trace.Record{Kind: trace.Address, Machine: m.name, Text: address.String()})
	if err := m.takeName(); err != nil {
		return m.fail("restart", err)
	}
	return m.Restart(args...)
}

// freeAddress is an address that no machine has: from the upper half of 10.0.0.0/16, whose lower half Boot fills.
func (w *World) freeAddress() netip.Addr {
	address := netip.AddrFrom4([4]byte{10, 0, 128, 1})
	for slices.ContainsFunc(w.machines, func(m *Machine) bool { return m.address == address }) {
		address = address.Next()
	}
	return address
}

// down tells whether the machine can be given a new program.
func (m *Machine) down() error {
	if err := m.usable(); err != nil {
		return err
	}
	if m.process != nil {
		return errors.New("its program still runs: Crash or Kill it first")
	}
	return nil
}

// SetSlowdown has the program's work take about so many times what it would take on a real processor: while it works its clock goes on,
// what it sends leaves later, and what comes waits. 0, as machines begin, is a processor that takes no time at all.
//
// Work is counted roughly, always alike, and in chunks (restructure.Meter), so a program that does little before it waits may take
// no time. A program that was built with guest.Options.AsCompiled does not count its work and is never slow.
func (m *Machine) SetSlowdown(times float64) error {
	err := m.usable()
	if !(0 <= times && times <= 1e6) {
		err = errors.Join(err, fmt.Errorf("%v times: want 0, for work that takes no time, to a million", times))
	}
	if err != nil {
		return m.fail("slow down", err)
	}
	m.world.record(trace.Record{Kind: trace.Slowdown, Machine: m.name, Text: strconv.FormatFloat(times, 'g', -1, 64)})
	m.slowdown = times
	if m.process != nil {
		m.process.SetSlowdown(times)
	}
	return nil
}

// SetDiskFaults changes what the machine's disk does wrong; the zero value of disk.Faults ends that.
func (m *Machine) SetDiskFaults(f disk.Faults) error {
	if err := errors.Join(m.usable(), f.Check()); err != nil {
		return m.fail("disk faults of", err)
	}
	m.world.record(trace.Record{Kind: trace.DiskFaults, Machine: m.name, Text: f.String()})
	m.disk.SetFaults(f)
	return nil
}

// SetDiskCapacity changes how many bytes of file content the machine's disk has room for; 0: there is no limit. If that is less than what
// is there, nothing is lost, but nothing can be added (ENOSPC). See disk.Disk.Used.
func (m *Machine) SetDiskCapacity(bytes int64) error {
	err := m.usable()
	if bytes < 0 {
		err = errors.Join(err, fmt.Errorf("%d bytes: want 0, which is no limit, or more", bytes))
	}
	if err != nil {
		return m.fail("disk capacity of", err)
	}
	m.world.record(trace.Record{Kind: trace.DiskCapacity, Machine: m.name, Size: bytes})
	m.disk.SetCapacity(bytes)
	return nil
}

// RotDisk flips so many bits of the files whose paths begin with prefix ("/": of all files), and returns which. Only what has been synced
// can rot. If there is nothing to be hit, that is no error.
func (m *Machine) RotDisk(bits int, prefix string) ([]disk.Damage, error) {
	err := m.usable()
	if bits < 1 {
		err = errors.Join(err, fmt.Errorf("%d bits: want at least 1", bits))
	}
	if err != nil {
		return nil, m.fail("rot on the disk of", err)
	}
	hits := m.disk.Rot(bits, prefix)
	for _, hit := range hits {
		m.world.record(trace.Record{Kind: trace.DiskRot, Machine: m.name, Text: hit.String()})
	}
	return hits, nil
}
