package auth

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"time"

	"golang.org/x/crypto/bcrypt"

	"muster/model"
)

// AdminRole may do everything (Nacos: AuthConstants.GLOBAL_ADMIN_ROLE).
const AdminRole = "ROLE_ADMIN"

// DefaultTokenSeconds is how long a token holds (Nacos: nacos.core.auth.plugin.nacos.token.expire.seconds).
const DefaultTokenSeconds = 18000

// leastKeyBytes is how long the secret key of the tokens must be (RFC 7518, section 3.2).
const leastKeyBytes = 32

// Accounts are what the file of accounts holds, as JSON.
type Accounts struct {
	// SecretKey signs tokens: at least 32 random bytes in Base64 (nacos.core.auth.plugin.nacos.token.secret.key).
	SecretKey string `json:"secret_key"`
	// TokenSeconds is how long a token holds; 0 stands for DefaultTokenSeconds.
	TokenSeconds int `json:"token_seconds"`
	// Identity is the header by which members know each other (nacos.core.auth.server.identity.key and .value).
	Identity Identity `json:"identity"`
	Users    []User   `json:"users"`
	Roles    []Role   `json:"roles"`
}

// Identity is a header of requests between members: its name, and a secret that only they know.
type Identity struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// User is somebody with a password.
type User struct {
	Name string `json:"name"`
	// Password is its bcrypt hash, for example of `htpasswd -nbB NAME PASSWORD`.
	Password string `json:"password"`
	// Roles are names of roles, or AdminRole.
	Roles []string `json:"roles"`
}

// Role is what its users may do.
type Role struct {
	Name        string       `json:"name"`
	Permissions []Permission `json:"permissions"`
}

// Permission allows an action.
type Permission struct {
	// Resource is "namespace:group:naming/service", or the path of an operator's command. * stands for any text; an empty namespace is
	// the public one.
	Resource string `json:"resource"`
	// Action is "r", "w" or "rw".
	Action string `json:"action"`
}

// ReadAccounts reads the file of accounts and makes a Guard of it.
func ReadAccounts(path string) (*Guard, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the accounts: %w", err)
	}
	accounts, err := ParseAccounts(text)
	if err != nil {
		return nil, fmt.Errorf("accounts of %s: %w", path, err)
	}
	return New(accounts)
}

// ParseAccounts reads accounts. Fields that it does not know are an error: a misspelt one must not leave a door open.
func ParseAccounts(text []byte) (accounts Accounts, err error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&accounts); err != nil {
		return accounts, fmt.Errorf("want a JSON object with secret_key, identity, users and roles: %w", err)
	}
	return accounts, nil
}

// New makes a Guard. The error says what is wrong with the accounts, and what would be right.
func New(accounts Accounts) (*Guard, error) {
	key, err := base64.StdEncoding.DecodeString(accounts.SecretKey)
	if err != nil || len(key) < leastKeyBytes {
		return nil, fmt.Errorf("secret_key: want at least %d random bytes in Base64, for example of `openssl rand -base64 %[1]d`", leastKeyBytes)
	}
	if accounts.Identity.Key == "" || accounts.Identity.Value == "" {
		return nil, errors.New("identity: want a key and a value by which members know each other")
	}
	if accounts.TokenSeconds == 0 {
		accounts.TokenSeconds = DefaultTokenSeconds
	}
	if accounts.TokenSeconds < 0 {
		return nil, fmt.Errorf("token_seconds: %d; want a positive number", accounts.TokenSeconds)
	}
	g := &Guard{
		key: key, life: time.Duration(accounts.TokenSeconds) * time.Second, identity: accounts.Identity, users: map[string]User{},
		roles: map[string][]permission{}, comparing: make(chan struct{}, passwordsAtOnce),
	}
	for _, role := range accounts.Roles {
		if role.Name == "" || role.Name == AdminRole || g.roles[role.Name] != nil {
			return nil, fmt.Errorf("role %q: want a name of its own other than %s", role.Name, AdminRole)
		}
		g.roles[role.Name] = []permission{}
		for _, p := range role.Permissions {
			if strings.Trim(p.Action, "rw") != "" || p.Action == "" {
				return nil, fmt.Errorf("role %q: action %q; want r, w or rw", role.Name, p.Action)
			}
			g.roles[role.Name] = append(g.roles[role.Name], permission{patternOf(p.Resource), p.Action})
		}
	}
	strongest := bcrypt.MinCost
	for _, user := range accounts.Users {
		if _, twice := g.users[user.Name]; twice || user.Name == "" {
			return nil, fmt.Errorf("user %q: want a name of its own", user.Name)
		}
		cost, err := bcrypt.Cost([]byte(user.Password))
		if err != nil {
			return nil, fmt.Errorf("user %q: password: want its bcrypt hash, for example of `htpasswd -nbB %[1]s PASSWORD`: %w", user.Name, err)
		}
		strongest = max(strongest, cost)
		for _, role := range user.Roles {
			if g.roles[role] == nil && role != AdminRole {
				return nil, fmt.Errorf("user %q: role %q: want %s or one of roles", user.Name, role, AdminRole)
			}
		}
		g.users[user.Name] = user
	}
	if g.nobody, err = bcrypt.GenerateFromPassword([]byte("nobody"), strongest); err != nil {
		return nil, fmt.Errorf("hash a password: %w", err)
	}
	return g, nil
}

// patternOf is what a permission's resource matches, the whole of it.
func patternOf(resource string) *regexp.Regexp {
	if strings.HasPrefix(resource, ":") {
		resource = model.DefaultNamespace + resource
	}
	parts := strings.Split(resource, "*")
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	return regexp.MustCompile("^(?s:" + strings.Join(parts, ".*") + ")$")
}
