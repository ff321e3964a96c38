package wire

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"
)

// ErrNotTaken says that a question certainly was not answered: it did not arrive, or was not admitted. Without it, what was asked for may have
// been done.
var ErrNotTaken = errors.New("the question was not taken")

// Question is what members ask each other beside raft. What it means is the caller's business.
type Question struct {
	raft.RPCHeader
	Text []byte
}

// GetRPCHeader says who asks.
func (q *Question) GetRPCHeader() raft.RPCHeader { return q.RPCHeader }

// reply is the answer to a Question.
type reply struct{ text []byte }

// line is a connection for questions. A goroutine reads it all the time, so that its end is noticed while nobody uses it: what is sent to a
// member that is gone may or may not have been done.
type line struct {
	*connection
	// asked: a question is under way.
	asked atomic.Bool
	// ended: it is of no use any more. It is guarded by Transport.mu.
	ended bool
	// answers is closed when the connection has ended, of which broken says why.
	answers chan answer
	broken  error
}

// answer is a frame that came in.
type answer struct {
	what byte
	text []byte
}

// Ask asks a member a question and waits for the answer, until the context ends. A question that was given up does not arrive any more, where
// closing the connections of the Stream drops what they have not sent.
func (t *Transport) Ask(ctx context.Context, id raft.ServerID, question *Question) ([]byte, error) {
	l, err := t.line(ctx, t.address(id, ""))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotTaken, err)
	}
	stay := context.AfterFunc(ctx, func() { l.Close() })
	defer stay()
	l.asked.Store(true)
	if err := l.write(byte(ask), question); err != nil {
		t.hangUp(l)
		return nil, fmt.Errorf("ask %s: %w", id, errors.Join(ctx.Err(), err))
	}
	came, open := <-l.answers
	if !open {
		return nil, fmt.Errorf("ask %s: %w", id, errors.Join(ctx.Err(), l.broken))
	}
	if stay() { // or else it is being closed
		t.keepLine(l)
	}
	if came.what == failed {
		return nil, fmt.Errorf("%w: %s says: %s", ErrNotTaken, id, came.text)
	}
	var told reply
	if err := decode(came.text, &told); err != nil {
		return nil, fmt.Errorf("ask %s: %w", id, err)
	}
	return told.text, nil
}

// line takes a line that nobody uses, or makes one, when few others are being made.
func (t *Transport) line(ctx context.Context, to string) (*line, error) {
	kept, dials := t.keptLine(to)
	if kept != nil {
		return kept, nil
	}
	select {
	case dials <- struct{}{}:
		defer func() { <-dials }()
	case <-ctx.Done():
		return nil, fmt.Errorf("wait to connect to %s: %w", to, ctx.Err())
	case <-t.closed:
		return nil, raft.ErrTransportShutdown
	}
	if kept, _ := t.keptLine(to); kept != nil { // meanwhile
		return kept, nil
	}
	timeout := t.config.Timeout
	if end, ends := ctx.Deadline(); ends {
		timeout = min(timeout, time.Until(end))
	}
	made, err := t.config.Stream.Dial(raft.ServerAddress(to), timeout)
	if err != nil {
		return nil, err
	}
	l := &line{connection: newConnection(made, to), answers: make(chan answer, 1)}
	go t.hear(l)
	return l, nil
}

// keptLine takes a line that nobody uses, nil if there is none, and says who may make one: whoever finds room in dials.
func (t *Transport) keptLine(to string) (kept *line, dials chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.dials[to] == nil {
		t.dials[to] = make(chan struct{}, mostDials)
	}
	kept, _ = takeLast(t.lines, to)
	return kept, t.dials[to]
}

// hear reads a line until it ends.
func (t *Transport) hear(l *line) {
	for {
		what, text, err := l.read()
		switch {
		case err != nil:
		case what != answered && what != failed:
			err = fmt.Errorf("%w: an answer of kind %d; want %d or %d", errForm, what, answered, failed)
		case !l.asked.CompareAndSwap(true, false):
			err = fmt.Errorf("%w: an answer to no question", errForm)
		}
		if err != nil {
			l.broken = err
			t.hangUp(l)
			close(l.answers)
			return
		}
		l.answers <- answer{what, text}
	}
}

// keepLine keeps a line for the next question, if there are not enough, and it has not ended behind its last answer.
func (t *Transport) keepLine(l *line) {
	t.mu.Lock()
	kept := t.idle != nil && !l.ended && len(t.lines[l.to]) < mostLines
	if kept {
		t.lines[l.to] = append(t.lines[l.to], l)
	}
	t.mu.Unlock()
	if !kept {
		l.Close()
	}
}

// hangUp ends a line, and all that nobody uses to the same address: they have probably ended with it.
func (t *Transport) hangUp(l *line) {
	t.mu.Lock()
	l.ended = true
	idle := t.lines[l.to]
	delete(t.lines, l.to)
	t.mu.Unlock()
	l.Close()
	for _, other := range idle {
		other.Close()
	}
}
