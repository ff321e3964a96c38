package auth

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
)

// CommandKind names a change of the accounts.
type CommandKind string

// The kinds of commands (Nacos: the tables users, roles and permissions).
const (
	// SeedAccounts {Book} is what an empty cluster begins with; it does nothing once somebody has made a user, or seeded before.
	SeedAccounts CommandKind = "seed"
	// CreateUser {User, Hash} makes a user.
	CreateUser CommandKind = "user-create"
	// CreateAdmin {User, Hash} makes a user who is the first administrator; refused once there is one.
	CreateAdmin CommandKind = "admin-create"
	// SetPassword {User, Hash} gives a user another password.
	SetPassword CommandKind = "user-password"
	// DeleteUser {User} forgets a user, and who he was; administrators stay. (In Nacos roles stay behind, for the next user of that name.)
	DeleteUser CommandKind = "user-delete"
	// GrantRole {User, Role} gives a user a role other than AdminRole.
	GrantRole CommandKind = "role-grant"
	// RevokeRole {Role, User} takes it from a user, or from all without User. The last administrator stays one.
	RevokeRole CommandKind = "role-revoke"
	// AddRight {Role, Resource, Action} has a role that somebody has permit something; nothing if it does.
	AddRight CommandKind = "right-add"
	// DropRight {Role, Resource, Action} takes that back.
	DropRight CommandKind = "right-drop"
)

// Command is one change of the accounts, as Raft's log holds it. Its JSON form is the log's format: fields may be added, never renamed.
// Passwords are in it as bcrypt hashes only.
type Command struct {
	Kind     CommandKind `json:"kind"`
	User     string      `json:"user,omitempty"`
	Hash     string      `json:"hash,omitempty"`
	Role     string      `json:"role,omitempty"`
	Resource string      `json:"resource,omitempty"`
	Action   string      `json:"action,omitempty"`
	Book     *Book       `json:"book,omitempty"`
}

// Rejection is why the accounts were not changed, in Nacos's words.
type Rejection string

func (r Rejection) Error() string { return string(r) }

// ErrAdminExists refuses to make a first administrator where there is one.
const ErrAdminExists Rejection = "have admin user cannot use it"

func rejected(format string, arguments ...any) error {
	return Rejection(fmt.Sprintf(format, arguments...))
}

// Encode writes the command as the log holds it.
func (c Command) Encode() ([]byte, error) {
	text, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("accounts' command %s: %w", c.Kind, err)
	}
	return text, nil
}

// ApplyCommand applies one entry of Raft's log, which depends on nothing but the commands before it. The answer is nil, or an error: the
// command was refused and changed nothing.
func (d *Directory) ApplyCommand(text []byte) any {
	var c Command
	if err := json.Unmarshal(text, &c); err != nil {
		return fmt.Errorf("accounts' command: %w", err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	changed := d.book.clone()
	if err := changed.apply(c); err != nil {
		return err
	}
	d.use(changed)
	return nil
}

func (b *Book) apply(c Command) error {
	switch c.Kind {
	case SeedAccounts:
		return b.seed(c.Book)
	case CreateUser, CreateAdmin, SetPassword, DeleteUser:
		return b.applyUser(c)
	case GrantRole:
		return b.grant(Grant{Role: c.Role, User: c.User})
	case RevokeRole:
		return b.revoke(c.Role, c.User)
	case AddRight:
		right := Right{Role: c.Role, Resource: c.Resource, Action: c.Action}
		if !slices.ContainsFunc(b.Grants, func(g Grant) bool { return g.Role == c.Role }) {
			return rejected("role %s not found!", c.Role)
		}
		if !slices.Contains(b.Rights, right) {
			b.Rights = append(b.Rights, right)
		}
	case DropRight:
		right := Right{Role: c.Role, Resource: c.Resource, Action: c.Action}
		b.Rights = slices.DeleteFunc(b.Rights, func(r Right) bool { return r == right })
	default:
		return fmt.Errorf("accounts' command kind %q: unknown to this build", c.Kind)
	}
	return nil
}

func (b *Book) seed(seed *Book) error {
	if seed == nil {
		return fmt.Errorf("accounts' command %s: no book", SeedAccounts)
	}
	if !b.Seeded && len(b.Users) == 0 {
		*b = seed.clone()
	}
	b.Seeded = true
	return nil
}

func (b *Book) applyUser(c Command) error {
	at := slices.IndexFunc(b.Users, func(u Account) bool { return u.Name == c.User })
	switch {
	case c.Kind == CreateAdmin && b.hasAdmin():
		return ErrAdminExists
	case (c.Kind == CreateUser || c.Kind == CreateAdmin) && at >= 0:
		return rejected("user '%s' already exist!", c.User)
	case c.Kind == SetPassword && at < 0:
		return rejected("user %s not exist!", c.User)
	case c.Kind == DeleteUser && slices.Contains(b.Grants, Grant{AdminRole, c.User}):
		return rejected("cannot delete admin: %s", c.User)
	}
	switch c.Kind {
	case CreateAdmin:
		b.Grants = append(b.Grants, Grant{AdminRole, c.User})
		fallthrough
	case CreateUser:
		b.Users = append(b.Users, Account{c.User, c.Hash})
	case SetPassword:
		b.Users[at].Hash = c.Hash
	case DeleteUser:
		b.Users = slices.DeleteFunc(b.Users, func(u Account) bool { return u.Name == c.User })
		b.Grants = slices.DeleteFunc(b.Grants, func(g Grant) bool { return g.User == c.User })
	}
	return nil
}

func (b *Book) grant(g Grant) error {
	switch {
	case !slices.ContainsFunc(b.Users, func(u Account) bool { return u.Name == g.User }):
		return rejected("user '%s' not found!", g.User)
	case g.Role == AdminRole:
		return rejected("role '%s' is not permitted to create!", g.Role)
	case slices.Contains(b.Grants, g):
		return rejected("user '%s' already bound to the role '%s'!", g.User, g.Role)
	}
	b.Grants = append(b.Grants, g)
	return nil
}

func (b *Book) revoke(role, user string) error {
	hadAdmin := b.hasAdmin()
	b.Grants = slices.DeleteFunc(b.Grants, func(g Grant) bool { return g.Role == role && (user == "" || g.User == user) })
	if hadAdmin && !b.hasAdmin() {
		return rejected("role '%s' is the last administrator's: nobody could give it back", role)
	}
	return nil
}

func (b *Book) hasAdmin() bool {
	return slices.ContainsFunc(b.Grants, func(g Grant) bool { return g.Role == AdminRole })
}

// Snapshot writes the whole state. Directories that applied the same commands write the same bytes: none before the first command.
func (d *Directory) Snapshot() ([]byte, error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if d.book.empty() {
		return nil, nil
	}
	text, err := json.Marshal(struct {
		Format int `json:"format"`
		Book
	}{bookFormat, d.book})
	if err != nil {
		return nil, fmt.Errorf("snapshot of the accounts: %w", err)
	}
	return text, nil
}

const bookFormat = 1

// Restore puts a snapshot in place of the state.
func (d *Directory) Restore(from io.Reader) error {
	text, err := io.ReadAll(from)
	if err != nil {
		return fmt.Errorf("snapshot of the accounts: %w", err)
	}
	state := struct {
		Format int `json:"format"`
		Book
	}{Format: bookFormat}
	if len(text) > 0 {
		if err := json.Unmarshal(text, &state); err != nil {
			return fmt.Errorf("snapshot of the accounts: %w", err)
		}
	}
	if state.Format != bookFormat {
		return fmt.Errorf("snapshot of the accounts: format %d: this build reads format %d", state.Format, bookFormat)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.use(state.Book)
	return nil
}
