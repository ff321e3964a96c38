package trace

import "fmt"

// Kind says what a record is about.
type Kind uint8

// The kinds of records. Their numbers are part of the hash: add new ones at the end.
const (
	Boot             Kind = iota // a program starts; Number is the machine's boot number, Text the arguments
	Exit                         // a program ended; Number is its exit code, Text what stopped it if it did not end by itself
	Crash                        // a machine lost its power
	Kill                         // a program was killed
	Pause                        // a machine was stopped
	Resume                       // a machine goes on
	Clock                        // a machine's clock was tampered with; Text says how, Number is the new skew in nanoseconds
	Cut                          // packets from Machine to Peer vanish from now on
	Uncut                        // and no longer
	Link                         // packets from Machine to Peer travel in another way; Text says how
	Console                      // a program printed a line; Number is the stream (1 or 2), Text the line
	Connect                      // a program begins to connect
	Established                  // its connection is open
	Refused                      // its connection was refused
	Accept                       // a program accepted a connection
	Reset                        // a machine heard that its connection was reset
	TimedOut                     // a machine gave up a connection, or an attempt at one
	Finished                     // a machine heard that the other side sends no more
	Wake                         // a program goes on; Number counts its wake-ups since it started
	Send                         // a program sent Size bytes; Number is the file descriptor
	Write                        // a program wrote Size bytes to a file; Number is the file's inode
	Sync                         // a program synced a file or directory; Number is its inode
	Disk                         // a program changed a directory; Text says how
	Delivered                    // a packet reached a socket
	DroppedByCut                 // a packet vanished in a cut
	DroppedByChance              // a packet was lost
	Rejected                     // a packet was rejected on its way
	Unheard                      // a packet came to a machine that is down
	Discarded                    // a packet came and was thrown away: nobody took it, or there was no room
	Retransmit                   // a packet is sent again
	Terminate                    // a program was asked to end
	Clog                         // packets from Machine to Peer wait from now on
	Unclog                       // and no longer: what has waited travels on
	ResetConnections             // all connections between Machine and Peer are reset; Number is how many sides heard of it
	DefaultLink                  // packets travel in another way wherever Link says nothing; Text says how
	Clogged                      // a packet waits in a clog
	Signal                       // a program was sent another signal; Text is its name
	DiskFaults                   // a disk does other things wrong from now on; Text says which
	DiskCapacity                 // a disk has another capacity; Size is it, 0: without limit
	DiskRot                      // a bit on a disk flipped; Text says which
	Address                      // a machine has another address; Text is it
	Name                         // a name stands for other addresses from now on; Text says for which
	Resolver                     // a machine's resolver treats questions in another way; Text says how
	Slowdown                     // a machine has another processor; Text says how many times slower than a real one, 0 being one that takes no time
	kinds
)

var names = [kinds]string{
	"boot", "exit", "crash", "kill", "pause", "resume", "clock", "cut", "uncut", "link", "console", "connect", "established", "refused",
	"accept", "reset", "timed-out", "finished", "wake", "send", "write", "sync", "disk", "delivered", "dropped-by-cut", "dropped-by-chance",
	"rejected", "unheard", "discarded", "retransmit", "terminate", "clog", "unclog", "reset-connections", "default-link", "clogged",
	"signal", "disk-faults", "disk-capacity", "disk-rot", "address", "name", "resolver", "slowdown",
}

// String is the kind's name in trace files.
func (k Kind) String() string {
	if k < kinds {
		return names[k]
	}
	return fmt.Sprintf("kind-%d", uint8(k))
}

// MarshalText writes the kind's name.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads a kind's name.
func (k *Kind) UnmarshalText(text []byte) error {
	for i, name := range names {
		if name == string(text) {
			*k = Kind(i)
			return nil
		}
	}
	return fmt.Errorf("trace record of unknown kind %q", text)
}

// Level says how much of a trace is written out. The hash covers all of it at every level.
type Level int8

// The levels, each including those before it. The zero value is Normal.
const (
	// None: only the hash and the number of all records.
	None Level = iota - 2
	// Faults: machines that start and end, and faults.
	Faults
	// Normal: also connections, and what programs print.
	Normal
	// Full: also each packet, wake-up and change of a disk.
	Full
)

var levelNames = [...]string{"none", "faults", "normal", "full"}

// Levels are all levels, each including those before it.
func Levels() []Level { return []Level{None, Faults, Normal, Full} }

// LevelNames lists the levels' names, for usage texts and errors.
func LevelNames() string { return "none, faults, normal or full" }

// String is the level's name in trace files and flags.
func (l Level) String() string {
	if l < None || l > Full {
		return fmt.Sprintf("level-%d", int8(l))
	}
	return levelNames[l-None]
}

// ParseLevel reads a level's name.
func ParseLevel(name string) (Level, error) {
	for i, known := range levelNames {
		if name == known {
			return None + Level(i), nil
		}
	}
	return Normal, fmt.Errorf("trace level %q: want %s", name, LevelNames())
}

// Level is the lowest level at which records of this kind are written out.
func (k Kind) Level() Level {
	switch {
	case Wake <= k && k <= Retransmit || k == Clogged:
		return Full
	case Console <= k && k <= Finished:
		return Normal
	}
	return Faults
}
