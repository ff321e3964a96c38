package auth

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/crypto/bcrypt"
)

const (
	// passwordsAtOnce is how many passwords are hashed at the same time. Each takes a processor for a twentieth of a second: guessing must
	// not keep the node from its work.
	passwordsAtOnce = 1
	// passwordsWaiting is how many more may wait for their turn, which is over in one or two seconds.
	passwordsWaiting = 24
	// longestPassword is how many bytes of a password bcrypt looks at.
	longestPassword = 72
)

// ErrBusy refuses to check a password because too many are being checked.
var ErrBusy = errors.New("too many passwords are being checked: want a token, or another try in a second")

// passwords hashes passwords, few at a time.
type passwords struct {
	// queue has a place for each that is hashed or waits, turns one for each that is hashed.
	queue, turns chan struct{}
}

func newPasswords() *passwords {
	return &passwords{queue: make(chan struct{}, passwordsAtOnce+passwordsWaiting), turns: make(chan struct{}, passwordsAtOnce)}
}

// inTurn does something that keeps a processor busy when its turn comes, or returns ErrBusy.
func (p *passwords) inTurn(ctx context.Context, do func() error) error {
	select {
	case p.queue <- struct{}{}:
		defer func() { <-p.queue }()
	default:
		return ErrBusy
	}
	select {
	case p.turns <- struct{}{}:
		defer func() { <-p.turns }()
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", ErrBusy, ctx.Err())
	}
	return do()
}

// compare returns Unknown if the user is unknown or the password wrong.
func (d *Directory) compare(ctx context.Context, name, password string) error {
	if name == "" || password == "" {
		return Unknown
	}
	d.mu.RLock()
	hash, known := d.hashes[name]
	if !known {
		hash = nobody(d.strongest)
	}
	d.mu.RUnlock()
	err := d.passwords.inTurn(ctx, func() error {
		if bcrypt.CompareHashAndPassword([]byte(hash), []byte(password)) != nil || !known {
			return Unknown
		}
		return nil
	})
	return err
}

// nobody is a hash of no known password, as costly as that of a user: how long an answer takes must not tell which users there are.
func nobody(cost int) string {
	return fmt.Sprintf("$2a$%02d$%s", cost, "abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ01234")
}

// hash is a password as it is kept (Nacos: BCryptPasswordEncoder).
func (d *Directory) hash(ctx context.Context, password string) (hash string, err error) {
	if len(password) > longestPassword {
		return "", rejected("password: %d bytes; want at most %d, for the others would not count", len(password), longestPassword)
	}
	err = d.passwords.inTurn(ctx, func() error {
		text, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.DefaultCost)
		hash = string(text)
		return err
	})
	return hash, err
}
