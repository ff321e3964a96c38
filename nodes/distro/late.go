package distro

import (
	"math"
	"sync"
	"time"
)

// creep is how far clocks may run apart: one second in so many, which is 1000 ppm.
const creep = 1000

// delays tells how late messages are. What a message says of silence held when it was sent; it may have waited since, in a socket
// while a cut lasted, or in a process that was stopped, and would then seem fresher than it is.
//
// Each message says how long its sender had been running. A message that took no longer than its sender's quickest is not late. Clocks are
// not compared, only how fast they run, and for that there is some allowance.
type delays struct {
	mu      sync.Mutex
	began   time.Time
	senders map[string]sender
}

// sender is what is known of one peer's messages.
type sender struct {
	// boot tells one run of the peer's process from the next.
	boot int64
	// quickest is this node's running time less the sender's, for its quickest message; known as of seen.
	quickest time.Duration
	seen     time.Time
}

// of returns how late a message is that has just come in.
func (d *delays) of(source string, boot int64, running time.Duration) time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	took := now.Sub(d.began) - running
	known, ok := d.senders[source]
	if !ok || known.boot != boot {
		known = sender{boot: boot, quickest: took, seen: now}
	}
	known.quickest = min(took, known.quickest+now.Sub(known.seen)/creep)
	known.seen = now
	d.senders[source] = known
	return took - known.quickest
}

// forget drops what is known of a peer's messages, who is no peer any more.
func (d *delays) forget(source string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.senders, source)
}

// older adds to a silence what has passed since it was measured.
func older(silent, late time.Duration) time.Duration {
	if sum := silent + late; sum >= silent {
		return sum
	}
	return math.MaxInt64
}
