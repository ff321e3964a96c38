package machine

import "fmt"

// Signal is a signal that can be sent to a program, by the number that Linux and WASI agree on.
type Signal uint8

// The signals that programs are sent from outside.
const (
	Hangup    Signal = 1  // SIGHUP
	Interrupt Signal = 2  // SIGINT
	User1     Signal = 10 // SIGUSR1
	User2     Signal = 12 // SIGUSR2
	Terminate Signal = 15 // SIGTERM
)

// signalNames are the signals that Process.Signal takes.
var signalNames = map[Signal]string{Hangup: "SIGHUP", Interrupt: "SIGINT", User1: "SIGUSR1", User2: "SIGUSR2", Terminate: "SIGTERM"}

// String is the name of the signal on Linux.
func (s Signal) String() string {
	if name, ok := signalNames[s]; ok {
		return name
	}
	return fmt.Sprintf("signal %d", uint8(s))
}

// Check tells whether programs can be sent the signal.
func (s Signal) Check() error {
	if _, ok := signalNames[s]; !ok {
		return fmt.Errorf("%s: want SIGHUP, SIGINT, SIGUSR1, SIGUSR2 or SIGTERM", s)
	}
	return nil
}

// Signal sends the program a signal, which it finds when it is run next. A program that neither handles nor ignores it ends with the
// code 128 plus the signal's number. A signal that is sent again before it was found is found once, as on Linux.
func (p *Process) Signal(s Signal) { p.signals |= 1 << s }

// deliverSignals tells a program that has paused of its signals. Earlier it would not look.
func (p *Process) deliverSignals() {
	if p.signals != 0 && p.words != 0 {
		p.putUint64(p.words+wordSignal, p.signals)
		p.signals = 0
	}
}
