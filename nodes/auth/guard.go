package auth

import (
	"cmp"
	"crypto/subtle"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/bcrypt"

	"muster/model"
)

// passwordsAtOnce is how many passwords are compared at the same time. Each takes a processor for a twentieth of a second: guessing must
// not keep the node from its work.
const passwordsAtOnce = 1

// Guard knows the accounts. It is safe for concurrent use; nil permits everything.
type Guard struct {
	key       []byte
	life      time.Duration
	identity  Identity
	users     map[string]User
	roles     map[string][]permission
	comparing chan struct{}
	// nobody is the hash that stands for unknown users': how long an answer takes must not tell which users there are.
	nobody []byte
}

type permission struct {
	resource *regexp.Regexp
	action   string
}

// Refusal is why somebody may not, in Nacos's words.
type Refusal string

func (r Refusal) Error() string { return string(r) }

// The reasons (Nacos: AbstractAuthenticationManager, NacosSignatureAlgorithm).
const (
	Unknown      Refusal = "User not found! Please check user exist or password is right!"
	NotPermitted Refusal = "authorization failed!"
	TokenInvalid Refusal = "token invalid!"
	TokenExpired Refusal = "token expired!"
)

// Action is what somebody wants to do.
type Action string

// The actions (Nacos: ActionTypes).
const (
	Read  Action = "r"
	Write Action = "w"
)

// Resource is what they want to do it with: a service, or else an operator's command.
type Resource struct {
	// Namespace, Group and Service name a service; what is blank stands for all there are, a blank namespace for the public one.
	Namespace, Group, Service string
	// Command is the path of an operator's command.
	Command string
}

// String is the resource as permissions name it.
func (r Resource) String() string {
	if r.Command != "" {
		return r.Command
	}
	return cmp.Or(r.Namespace, model.DefaultNamespace) + ":" + cmp.Or(r.Group, "*") + ":naming/" + cmp.Or(r.Service, "*")
}

// Credentials are what somebody shows: a token, or else a name and a password.
type Credentials struct{ Token, Name, Password string }

// On says whether authentication is on.
func (g *Guard) On() bool { return g != nil }

// Permit returns a Refusal if whoever shows these credentials may not do that.
func (g *Guard) Permit(who Credentials, action Action, resource Resource) error {
	if g == nil {
		return nil
	}
	user, err := g.authenticate(who)
	if err != nil {
		return err
	}
	if g.IsAdmin(user) {
		return nil
	}
	name := resource.String()
	for _, role := range g.users[user].Roles {
		for _, p := range g.roles[role] {
			if strings.Contains(p.action, string(action)) && p.resource.MatchString(name) {
				return nil
			}
		}
	}
	return NotPermitted
}

// authenticate is the name of whoever shows these credentials.
func (g *Guard) authenticate(who Credentials) (string, error) {
	if who.Token == "" {
		return who.Name, g.compare(who.Name, who.Password)
	}
	name, err := g.read(who.Token)
	if err != nil {
		return "", err
	}
	if _, known := g.users[name]; !known {
		return "", Unknown
	}
	return name, nil
}

// compare returns Unknown if the user is unknown or the password wrong.
func (g *Guard) compare(name, password string) error {
	if name == "" || password == "" {
		return Unknown
	}
	user, known := g.users[name]
	hash := []byte(user.Password)
	if !known {
		hash = g.nobody
	}
	g.comparing <- struct{}{}
	err := bcrypt.CompareHashAndPassword(hash, []byte(password))
	<-g.comparing
	if err != nil || !known {
		return Unknown
	}
	return nil
}

// Session is what a login brings.
type Session struct {
	Token string
	// Life is how long the token holds.
	Life  time.Duration
	Name  string
	Admin bool
}

// Login makes a token for somebody who knows the password, or who has a token already.
func (g *Guard) Login(who Credentials) (Session, error) {
	if g == nil { // as in Nacos, whose clients log in without asking whether they must
		return Session{Token: "AUTH_DISABLED", Life: DefaultTokenSeconds * time.Second, Name: who.Name}, nil
	}
	name, err := g.authenticate(who)
	if err != nil {
		return Session{}, err
	}
	token, err := g.sign(name)
	if err != nil {
		return Session{}, err
	}
	return Session{Token: token, Life: g.life, Name: name, Admin: g.IsAdmin(name)}, nil
}

// IsAdmin says whether a user may do everything.
func (g *Guard) IsAdmin(name string) bool { return slices.Contains(g.users[name].Roles, AdminRole) }

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
