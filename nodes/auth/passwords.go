package auth

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/crypto/bcrypt"
)

const (
	// passwordsAtOnce is how many passwords are hashed at the same time. Each takes a processor for a twentieth of a second: guessing must
	// not keep the node from its work.
	passwordsAtOnce = 1
	// passwordsWaiting is how many more may wait for their turn, which has come after three or four seconds.
	passwordsWaiting = 72
	// passwordsPerAddress is how many of them may come from one address, so that whoever guesses there does not keep all others out. Behind
	// one address there may be many clients that all begin at once.
	passwordsPerAddress = 24
	// longestPassword is how many bytes of a password bcrypt looks at.
	longestPassword = 72
)

// ErrBusy refuses to check a password because too many are being checked.
var ErrBusy = errors.New("too many passwords are being checked: want a token, or another try in a second")

// passwords hashes passwords, few at a time.
type passwords struct {
	// turns has a place for each that is hashed.
	turns chan struct{}

	mu sync.Mutex
	// inside is how many are hashed or wait, from how many of them come from each address.
	inside int
	from   map[string]int
}

func newPasswords() *passwords {
	return &passwords{turns: make(chan struct{}, passwordsAtOnce), from: map[string]int{}}
}

// inTurn does something that keeps a processor busy when its turn comes, or returns ErrBusy. from is the address that it is done for.
func (p *passwords) inTurn(ctx context.Context, from string, do func() error) error {
	if !p.enter(from) {
		return ErrBusy
	}
	defer p.leave(from)
	select {
	case p.turns <- struct{}{}:
		defer func() { <-p.turns }()
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", ErrBusy, ctx.Err())
	}
	return do()
}

// enter takes a place in the queue, if there is one for that address.
func (p *passwords) enter(from string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.inside >= passwordsAtOnce+passwordsWaiting || p.from[from] >= passwordsPerAddress {
		return false
	}
	p.inside++
	p.from[from]++
	return true
}

func (p *passwords) leave(from string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.inside--
	if p.from[from]--; p.from[from] == 0 {
		delete(p.from, from)
	}
}

// compare returns Unknown if the user is unknown or the password wrong.
func (d *Directory) compare(ctx context.Context, who Credentials) error {
	if who.Name == "" || who.Password == "" {
		return Unknown
	}
	d.mu.RLock()
	hash, known := d.hashes[who.Name]
	if !known {
		hash = nobody(d.strongest)
	}
	d.mu.RUnlock()
	return d.passwords.inTurn(ctx, who.From, func() error {
		if bcrypt.CompareHashAndPassword([]byte(hash), []byte(who.Password)) != nil || !known {
			return Unknown
		}
		return nil
	})
}

// nobody is a hash of no known password, as costly as that of a user: how long an answer takes must not tell which users there are.
func nobody(cost int) string {
	return fmt.Sprintf("$2a$%02d$%s", cost, "abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ01234")
}

// hash is a password as it is kept (Nacos: BCryptPasswordEncoder). Those who may set one share the places of one address.
func (d *Directory) hash(ctx context.Context, password string) (hash string, err error) {
	if len(password) > longestPassword {
		return "", rejected("password: %d bytes; want at most %d, for the others would not count", len(password), longestPassword)
	}
	err = d.passwords.inTurn(ctx, "", func() error {
		text, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.DefaultCost)
		hash = string(text)
		return err
	})
	return hash, err
}
