package live

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"muster/model/run"
)

// readyWithin is how long a node may take from its start to its first answer.
const readyWithin = 30 * time.Second

// lineMax is how much of a line without end is kept together; programs print records of a few hundred bytes, lists of some more.
const lineMax = 1 << 20

// process is a program that can be ended and started again.
type process struct {
	name        string
	arguments   []string
	environment []string
	// since is where true time begins.
	since   time.Time
	printed func(run.LogLine)
	exited  func(t time.Duration, reason string, orderly bool)

	mutex   sync.Mutex
	boot    int
	command *exec.Cmd
	// done is closed when the program has ended and all it printed was taken down.
	done chan struct{}
	// spoke is closed when the program has said something on standard error, ready when that was that it serves.
	spoke, ready         chan struct{}
	spokeOnce, readyOnce *sync.Once
	// expected is true once the stage itself ends the program: then its end is no news.
	expected bool
	used     time.Duration
	// stopThrottling ends the slowing down of the program; nil if it runs at full speed.
	stopThrottling func()
	// stops is how often it was stopped for that.
	stops atomic.Int64
	// lastWords is the last line on standard error, for the message if it dies early.
	lastWords string
}

// start runs the program; again, if it ran before.
func (p *process) start() error {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.runningLocked() {
		return errors.New("it is running already")
	}
	command := exec.Command(p.arguments[0], p.arguments[1:]...)
	command.Env = p.environment
	// A process group of its own keeps the terminal's Ctrl-C away: the stage ends its programs itself, in order.
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	stdout, err := command.StdoutPipe()
	if err != nil {
		return fmt.Errorf("start %s: %w", p.name, err)
	}
	stderr, err := command.StderrPipe()
	if err != nil {
		return fmt.Errorf("start %s: %w", p.name, err)
	}
	if err := command.Start(); err != nil {
		return fmt.Errorf("start %s: %w", p.name, err)
	}
	p.boot++
	p.command, p.done, p.expected = command, make(chan struct{}), false
	p.spoke, p.spokeOnce, p.ready, p.readyOnce = make(chan struct{}), new(sync.Once), make(chan struct{}), new(sync.Once)
	go p.attend(command, p.boot, stdout, stderr, p.done)
	return nil
}

// attend takes down what one boot of the program prints, and its end.
func (p *process) attend(command *exec.Cmd, boot int, stdout, stderr io.Reader, done chan struct{}) {
	defer close(done)
	var pumps sync.WaitGroup
	pumps.Go(func() { p.pump(boot, 1, stdout) })
	pumps.Go(func() { p.pump(boot, 2, stderr) })
	pumps.Wait()
	err := command.Wait()
	at := time.Since(p.since)

	p.mutex.Lock()
	p.used += command.ProcessState.UserTime() + command.ProcessState.SystemTime()
	expected := p.expected
	p.mutex.Unlock()
	if !expected {
		p.exited(at, command.ProcessState.String(), err == nil)
	}
}

// pump takes down the lines of one stream, stamped as they come.
func (p *process) pump(boot, stream int, from io.Reader) {
	lines := bufio.NewReaderSize(from, 1<<16)
	var long strings.Builder
	for {
		part, more, err := lines.ReadLine()
		if err != nil {
			return
		}
		at := time.Since(p.since)
		long.Write(part)
		if more && long.Len() < lineMax {
			continue
		}
		text := long.String()
		long.Reset()
		line := run.LogLine{T: at, Boot: boot, Stream: stream, Text: text}
		p.notice(line)
		p.printed(line)
	}
}

// notice watches for the line with which a node says that it serves.
func (p *process) notice(line run.LogLine) {
	if line.Stream != 2 {
		return
	}
	event, ok := run.ParseNodeEvent(p.name, line)
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.lastWords = line.Text
	p.spokeOnce.Do(func() { close(p.spoke) })
	if ok && event.Name == run.EventNodeReady {
		p.readyOnce.Do(func() { close(p.ready) })
	}
}

// awaitReady waits until a node says that it serves.
func (p *process) awaitReady(ctx context.Context) error {
	p.mutex.Lock()
	ready, done := p.ready, p.done
	p.mutex.Unlock()
	timer := time.NewTimer(readyWithin)
	defer timer.Stop()
	select {
	case <-ready:
		return nil
	case <-done:
		return fmt.Errorf("%s ended before it served: %s", p.name, p.last())
	case <-timer.C:
		return fmt.Errorf("%s did not serve within %v: %s", p.name, readyWithin, p.last())
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *process) last() string {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.lastWords == "" {
		return "it said nothing"
	}
	return "its last words: " + p.lastWords
}

// running says whether the program runs, paused or not.
func (p *process) running() bool {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.runningLocked()
}

func (p *process) runningLocked() bool {
	if p.command == nil {
		return false
	}
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// kill ends the program at once, as SIGKILL does, and waits until it has.
func (p *process) kill() error {
	p.unthrottle()
	p.mutex.Lock()
	if !p.runningLocked() {
		p.mutex.Unlock()
		return nil
	}
	p.expected = true
	done := p.done
	err := p.command.Process.Kill()
	p.mutex.Unlock()
	if err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	<-done
	return nil
}

// pause stops the program from running; resume lets it run on.
func (p *process) pause() error  { return p.signal(syscall.SIGSTOP) }
func (p *process) resume() error { return p.signal(syscall.SIGCONT) }

// throttlePeriod is how often a program that is slowed down is stopped and lets go.
const throttlePeriod = 50 * time.Millisecond

// throttle leaves the program a share of the time, as a quota of its processor would, until unthrottle.
func (p *process) throttle(share float64) {
	p.unthrottle()
	stop, stopped := make(chan struct{}), make(chan struct{})
	runs := time.Duration(share * float64(throttlePeriod))
	go func() {
		defer close(stopped)
		for {
			for _, phase := range []struct {
				signal os.Signal
				lasts  time.Duration
			}{{syscall.SIGSTOP, throttlePeriod - runs}, {syscall.SIGCONT, runs}} {
				// While the program does not run there is nothing to slow down.
				if p.signal(phase.signal) == nil && phase.signal == syscall.SIGSTOP {
					p.stops.Add(1)
				}
				select {
				case <-stop:
					_ = p.signal(syscall.SIGCONT)
					return
				case <-time.After(phase.lasts):
				}
			}
		}
	}()
	p.stopThrottling = func() { close(stop); <-stopped }
}

// unthrottle lets the program run at full speed.
func (p *process) unthrottle() {
	if p.stopThrottling != nil {
		p.stopThrottling()
		p.stopThrottling = nil
	}
}

// terminate asks the program to end, and does not wait.
func (p *process) terminate() error {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if !p.runningLocked() {
		return errors.New("it is not running")
	}
	p.expected = true
	return p.command.Process.Signal(syscall.SIGTERM)
}

func (p *process) signal(signal os.Signal) error {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if !p.runningLocked() {
		return errors.New("it is not running")
	}
	return p.command.Process.Signal(signal)
}

// reread has a node that runs read its files again. It takes signals from its first line on, and would end of one that comes before.
func (p *process) reread() error {
	p.mutex.Lock()
	running, spoke, done := p.runningLocked(), p.spoke, p.done
	p.mutex.Unlock()
	if !running {
		return nil // it reads them when it starts
	}
	select {
	case <-spoke:
	case <-done:
		return nil
	case <-time.After(readyWithin):
		return fmt.Errorf("%s said nothing within %v of its start: it cannot be told to read its files again", p.name, readyWithin)
	}
	if err := p.signal(syscall.SIGHUP); err != nil && !errors.Is(err, os.ErrProcessDone) && p.running() {
		return fmt.Errorf("have %s read its files again: %w", p.name, err)
	}
	return nil
}

// end asks the program to end, and kills it if it takes longer than patience.
func (p *process) end(patience time.Duration) error {
	p.unthrottle()
	p.mutex.Lock()
	if !p.runningLocked() {
		p.mutex.Unlock()
		return nil
	}
	p.expected = true
	done := p.done
	err := p.command.Process.Signal(syscall.SIGTERM)
	if err == nil {
		err = p.command.Process.Signal(syscall.SIGCONT)
	}
	p.mutex.Unlock()
	if err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("end %s: %w", p.name, err)
	}
	select {
	case <-done:
		return nil
	case <-time.After(patience):
		return errors.Join(fmt.Errorf("%s did not end within %v of SIGTERM", p.name, patience), p.kill())
	}
}

// spent is the processor time of all boots that have ended.
func (p *process) spent() time.Duration {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.used
}
