package simulated

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"

	"muster/model/run"
	"muster/scenarios"
	"muster/sim"
	"muster/sim/plain"
)

// Fork returns a stage of the same past. Several forks of one moment cost little more than one.
func (s *Stage) Fork(seed uint64, folder run.Folder, recorder *scenarios.Recorder) (scenarios.Stage, error) {
	if s.world == nil {
		return nil, errors.New("nothing has been booted yet")
	}
	if s.past == nil {
		past, err := s.world.Snapshot()
		if err != nil {
			return nil, err
		}
		s.past = past
	}
	spent := s.shared + s.meter.stop()
	f := New(s.programs, s.options)
	f.shared = spent
	f.meter.start()
	remembered, err := new(plain.Codec).Append(nil, &s.memory)
	if err != nil {
		return nil, err
	}
	if err := f.take(s.past, seed, remembered, recorder); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if err := f.continueTrace(s, folder); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if err := f.world.SetTrace(f.trace); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	f.meter.stop()
	return f, nil
}

// take makes the stage's world that of a snapshot, and its memory that which was written.
func (s *Stage) take(past *sim.Snapshot, seed uint64, remembered []byte, recorder *scenarios.Recorder) error {
	var m memory
	if _, err := new(plain.Codec).Read(remembered, &m); err != nil {
		return err
	}
	world, err := past.Fork(seed)
	if err != nil {
		return err
	}
	s.memory, s.world, s.recorder, s.machines = m, world, recorder, world.Machines()
	world.SetOutput(s.printed)
	return nil
}

// goOn says that the world is about to change.
func (s *Stage) goOn() {
	s.forget()
	s.meter.start()
}

// Rest ends the measurement of what the run costs until it goes on. Whoever has run the stage calls it before others fork it.
func (s *Stage) Rest() { s.meter.stop() }

// forget lets go of the snapshot that forks are made of.
func (s *Stage) forget() {
	if s.past != nil {
		s.past.Close()
		s.past = nil
	}
}

// checkpoint is the line that a kept stage begins with.
type checkpoint struct {
	// Build is the hash of the program that wrote it. Another build may have the world go on differently.
	Build string `json:"build"`
	// Memory is the stage's.
	Memory []byte `json:"memory"`
}

// Keep writes how the world stands, for Restore by the same build.
func (s *Stage) Keep(w io.Writer) error {
	if s.world == nil {
		return errors.New("nothing has been booted yet")
	}
	build, err := ownHash()
	if err != nil {
		return err
	}
	remembered, err := new(plain.Codec).Append(nil, &s.memory)
	if err != nil {
		return err
	}
	if err := json.NewEncoder(w).Encode(checkpoint{Build: build, Memory: remembered}); err != nil {
		return err
	}
	past, err := s.world.Snapshot()
	if err != nil {
		return err
	}
	defer past.Close()
	return past.Write(w)
}

// Restore goes on from what Keep wrote. The trace in the run folder begins there, unless the deployment says where that of the time
// before is.
func (s *Stage) Restore(r io.Reader, deployment scenarios.Deployment, recorder *scenarios.Recorder) error {
	s.meter.start()
	in := bufio.NewReaderSize(r, 1<<16)
	line, err := in.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("reading the checkpoint: %w", err)
	}
	var c checkpoint
	if err := json.Unmarshal(line, &c); err != nil {
		return fmt.Errorf("reading the checkpoint: %w", err)
	}
	build, err := ownHash()
	if err != nil {
		return err
	}
	if c.Build != build {
		return fmt.Errorf("another build of this program wrote the checkpoint: %.12s, and this is %.12s", c.Build, build)
	}
	programs := []sim.Program{s.programs.registry, s.programs.workload}
	if slices.Contains(deployment.Faults, run.KindUpgrade) {
		next, _, err := s.programs.next.get(context.Background())
		if err != nil {
			return err
		}
		programs = append(programs, next)
	}
	past, err := sim.ReadSnapshot(in, programs...)
	if err != nil {
		return err
	}
	defer past.Close()
	if err := s.take(past, past.Seed(), c.Memory, recorder); err != nil {
		return err
	}
	if deployment.Past == "" {
		err = s.createTrace(deployment)
	} else {
		err = s.copyTrace(deployment, s.world.TraceRecords())
	}
	if err != nil {
		return err
	}
	return s.world.SetTrace(s.trace)
}

// World is the world on stage, for looking at; nil before Boot.
func (s *Stage) World() *sim.World { return s.world }

// ownHash is the hash of the program that runs.
var ownHash = sync.OnceValues(func() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", err
	}
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
})
