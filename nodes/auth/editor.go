package auth

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// FirstAdmin is the name of the administrator that a cluster without one may make (Nacos: AuthConstants.DEFAULT_USER).
const FirstAdmin = "nacos"

// How long names and permissions may be (the columns of Nacos's tables).
const (
	longestName     = 50
	longestResource = 255
	longestAction   = 8
)

// Editor changes the cluster's accounts. What it returns besides a Rejection, or ErrBusy, is the error with which the cluster did not take
// the change on: then it may yet come true.
type Editor struct {
	*Directory
	// Propose brings a command to the cluster and returns when it is applied; with a Rejection if the directory refused it.
	Propose func(context.Context, Command) error
	// Barrier returns when this node's directory holds all that the cluster agreed on before the call.
	Barrier func(context.Context) error
}

// seenTime is how long a change waits at most for this node to have it, too. What is late is seen later.
const seenTime = time.Second

// change proposes a command and waits until who asked for it sees it here.
func (e *Editor) change(ctx context.Context, c Command) error {
	if err := c.check(); err != nil {
		return err
	}
	if err := e.Propose(ctx, c); err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, seenTime)
	defer cancel()
	_ = e.Barrier(limited) // see seenTime
	return nil
}

// check refuses what is too long to be kept.
func (c Command) check() error {
	for _, field := range []struct {
		name, value string
		longest     int
	}{{"username", c.User, longestName}, {"role", c.Role, longestName}, {"resource", c.Resource, longestResource}, {"action", c.Action, longestAction}} {
		if n := utf8.RuneCountInString(field.value); n > field.longest {
			return rejected("%s: %d characters; want at most %d", field.name, n, field.longest)
		}
	}
	return nil
}

// withPassword proposes a command with a password's hash.
func (e *Editor) withPassword(ctx context.Context, kind CommandKind, name, password string) error {
	hash, err := e.hash(ctx, password)
	if err != nil {
		return err
	}
	return e.change(ctx, Command{Kind: kind, User: name, Hash: hash})
}

// CreateUser makes a user.
func (e *Editor) CreateUser(ctx context.Context, name, password string) error {
	return e.withPassword(ctx, CreateUser, name, password)
}

// CreateAdmin makes the first administrator, FirstAdmin, and returns his password: a random one if none is given. Where there is an
// administrator it is ErrAdminExists.
func (e *Editor) CreateAdmin(ctx context.Context, password string) (string, error) {
	if e.HasAdmin() { // or anybody could have passwords hashed
		return "", ErrAdminExists
	}
	if strings.TrimSpace(password) == "" {
		password = rand.Text()
	}
	return password, e.withPassword(ctx, CreateAdmin, FirstAdmin, password)
}

// SetPassword gives a user another password.
func (e *Editor) SetPassword(ctx context.Context, name, password string) error {
	return e.withPassword(ctx, SetPassword, name, password)
}

// DeleteUser forgets a user.
func (e *Editor) DeleteUser(ctx context.Context, name string) error {
	return e.change(ctx, Command{Kind: DeleteUser, User: name})
}

// GrantRole gives a user a role.
func (e *Editor) GrantRole(ctx context.Context, role, user string) error {
	return e.change(ctx, Command{Kind: GrantRole, Role: role, User: user})
}

// RevokeRole takes a role from a user, or from all if that is "".
func (e *Editor) RevokeRole(ctx context.Context, role, user string) error {
	return e.change(ctx, Command{Kind: RevokeRole, Role: role, User: user})
}

// AddRight has a role permit something.
func (e *Editor) AddRight(ctx context.Context, right Right) error {
	return e.change(ctx, Command{Kind: AddRight, Role: right.Role, Resource: right.Resource, Action: right.Action})
}

// DropRight takes that back.
func (e *Editor) DropRight(ctx context.Context, right Right) error {
	return e.change(ctx, Command{Kind: DropRight, Role: right.Role, Resource: right.Resource, Action: right.Action})
}

// seedRetry is how long to wait before the cluster is asked for its accounts again.
const seedRetry = 250 * time.Millisecond

// Seed returns when this node knows the accounts that the cluster began with: those of the file, if it is the first to propose any.
func (e *Editor) Seed(ctx context.Context, accounts Accounts) error {
	for !e.Seeded() {
		err := e.Barrier(ctx)
		if err == nil && !e.Seeded() {
			err = e.Propose(ctx, accounts.Seed())
		}
		if err == nil && e.Seeded() {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("seed the accounts: %w", cmp.Or(err, ctx.Err()))
		case <-time.After(seedRetry):
		}
	}
	return nil
}
