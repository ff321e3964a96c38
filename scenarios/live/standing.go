package live

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"muster/model/run"
	"muster/scenarios"
)

// standing is how a program stands by the kernel's word.
type standing struct {
	// stopped says that it does not run, as after SIGSTOP.
	stopped bool
	// used is the processor time that it has used since it was started.
	used time.Duration
}

// standing asks the kernel. It fails where there is no /proc, and if the program does not run.
func (p *process) standing() (standing, error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if !p.runningLocked() {
		return standing{}, fmt.Errorf("%s does not run", p.name)
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.command.Process.Pid))
	if err != nil {
		return standing{}, err
	}
	return parseStanding(string(text))
}

// Fields of /proc/PID/stat (proc_pid_stat(5)), counted from the state on: what stands before it may hold anything.
const (
	statState  = 0
	statUser   = 11
	statSystem = 12
	// statTick is the unit of its times, whatever the kernel's own is.
	statTick = 10 * time.Millisecond
)

func parseStanding(text string) (standing, error) {
	fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
	if len(fields) <= statSystem {
		return standing{}, fmt.Errorf("/proc/PID/stat %q: want %d fields after the name", text, statSystem+1)
	}
	found := standing{stopped: fields[statState] == "T"}
	for _, field := range fields[statUser : statSystem+1] {
		ticks, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return standing{}, fmt.Errorf("/proc/PID/stat %q: processor time: %w", text, err)
		}
		found.used += time.Duration(ticks) * statTick
	}
	return found, nil
}

// hold is what is noted of a program when it is paused or slowed down.
type hold struct {
	at    time.Duration
	used  time.Duration
	stops int64
}

// note notes how a strike's programs stand when it strikes.
func (s *Stage) note(strike scenarios.Strike) map[string]hold {
	if strike.Kind != run.KindPause && strike.Kind != run.KindSlowCPU {
		return nil
	}
	holds := map[string]hold{}
	for _, name := range strike.Machines {
		p := s.processes[name]
		if now, err := p.standing(); err == nil {
			holds[name] = hold{s.Now(), now.used, p.stops.Load()}
		}
	}
	return holds
}

// holdEvidence says of programs that were paused or slowed down whether they stand still or were stopped since, and what they got of a
// processor.
func (s *Stage) holdEvidence(state *strikeState) scenarios.Evidence {
	var evidence scenarios.Evidence
	var said []string
	for _, name := range state.strike.Machines {
		before, noted := state.holds[name]
		now, err := s.processes[name].standing()
		if err != nil || !noted {
			said = append(said, name+": the kernel does not say how it stands")
			continue
		}
		if now.used < before.used {
			before.used = 0 // it was started again since
		}
		got := fmt.Sprintf("%v of a processor in %v", now.used-before.used, (s.Now() - before.at).Round(time.Millisecond))
		if state.strike.Kind == run.KindSlowCPU {
			stops := s.processes[name].stops.Load() - before.stops
			evidence.Bit = evidence.Bit || stops > 0
			said = append(said, fmt.Sprintf("%s was stopped %d times and got %s", name, stops, got))
			continue
		}
		evidence.Bit = evidence.Bit || now.stopped
		how := "is not stopped"
		if now.stopped {
			how = "stands still"
		}
		said = append(said, fmt.Sprintf("%s %s and got %s", name, how, got))
	}
	evidence.Text = strings.Join(said, "; ")
	return evidence
}
