package auth

import (
	"context"
	"crypto/subtle"
	"errors"
	"time"
)

// Guard knows who may do what. It is safe for concurrent use; nil permits everything.
type Guard struct {
	key       []byte
	life      time.Duration
	identity  Identity
	directory *Directory
}

// Refusal is why somebody may not, in Nacos's words.
type Refusal string

func (r Refusal) Error() string { return string(r) }

// The reasons (Nacos: AbstractAuthenticationManager, NacosSignatureAlgorithm).
const (
	Unknown      Refusal = "user not found!"
	NotPermitted Refusal = "authorization failed!"
	TokenInvalid Refusal = "token invalid!"
	TokenExpired Refusal = "token expired!"
	// TokenForged: somebody else signed it.
	TokenForged Refusal = "Invalid signature"
	// TokenForeign: it is signed in a way that this cluster's tokens are not.
	TokenForeign Refusal = "unsupported signature algorithm"
)

// ErrNotReady refuses everybody, for who may do what is not known.
var ErrNotReady = errors.New("the accounts are not known yet: this node has heard of no leader since it started")

// Action is what somebody wants to do.
type Action string

// The actions (Nacos: ActionTypes).
const (
	Read  Action = "r"
	Write Action = "w"
)

// Credentials are what somebody shows: a token, or else a name and a password.
type Credentials struct {
	Token, Name, Password string
	// From is the address that they come from.
	From string
}

// New makes a Guard who asks a directory. The error says what is wrong with the accounts, and what would be right.
func New(accounts Accounts, directory *Directory) (*Guard, error) {
	if err := accounts.check(); err != nil {
		return nil, err
	}
	key, err := accounts.key()
	if err != nil {
		return nil, err
	}
	return &Guard{key: key, life: accounts.life(), identity: accounts.Identity, directory: directory}, nil
}

// On says whether authentication is on.
func (g *Guard) On() bool { return g != nil }

// Permit returns an error if whoever shows these credentials may not do that: a Refusal, or ErrBusy or ErrNotReady.
func (g *Guard) Permit(ctx context.Context, who Credentials, action Action, resource Resource) error {
	name, err := g.Identify(ctx, who)
	if err != nil {
		return err
	}
	if !g.May(name, action, resource) {
		return NotPermitted
	}
	return nil
}

// Identify is the name of whoever shows these credentials, and errors are those of Permit. The token of a user who was deleted still says
// his name, who may do nothing.
func (g *Guard) Identify(ctx context.Context, who Credentials) (string, error) {
	switch {
	case g == nil:
		return who.Name, nil
	case !g.directory.Seeded():
		return "", ErrNotReady
	case who.Token == "":
		return who.Name, g.directory.compare(ctx, who)
	}
	name, _, err := g.read(who.Token)
	return name, err
}

// May says whether a user, whom Identify named, may do that.
func (g *Guard) May(name string, action Action, resource Resource) bool {
	return g == nil || g.directory.may(name, action, resource)
}

// IsAdmin says whether a user may do everything.
func (g *Guard) IsAdmin(name string) bool { return g == nil || g.directory.IsAdmin(name) }

// Session is what a login brings.
type Session struct {
	Token string
	// Life is how long the token holds from now on.
	Life  time.Duration
	Name  string
	Admin bool
}

// Login makes a token for somebody who knows the password. Who has a token already gets it back, and no longer life for it.
func (g *Guard) Login(ctx context.Context, who Credentials) (Session, error) {
	if g == nil { // as in Nacos, whose clients log in without asking whether they must
		return Session{Token: "AUTH_DISABLED", Life: DefaultTokenSeconds * time.Second, Name: who.Name}, nil
	}
	name, err := g.Identify(ctx, who)
	if err != nil {
		return Session{}, err
	}
	session := Session{Token: who.Token, Life: g.life, Name: name, Admin: g.IsAdmin(name)}
	if who.Token == "" {
		session.Token, err = g.sign(name)
		return session, err
	}
	if !g.directory.knows(name) {
		return Session{}, Unknown
	}
	_, until, err := g.read(who.Token)
	session.Life = time.Until(until)
	return session, err
}

// Identity is the header that requests between members carry; both are empty if authentication is off.
func (g *Guard) Identity() (key, value string) {
	if g == nil {
		return "", ""
	}
	return g.identity.Key, g.identity.Value
}

// FromMember says whether a request comes from a member, by its header of that name.
func (g *Guard) FromMember(header func(name string) string) bool {
	return g != nil && subtle.ConstantTimeCompare([]byte(header(g.identity.Key)), []byte(g.identity.Value)) == 1
}
