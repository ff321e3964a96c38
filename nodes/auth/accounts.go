package auth

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/crypto/bcrypt"
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
	// Users and Roles are those that an empty cluster begins with. There may be none: then somebody makes the first administrator.
	Users []User `json:"users"`
	Roles []Role `json:"roles"`
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
	// Resource is what it is about; see the package documentation.
	Resource string `json:"resource"`
	// Action is "r", "w" or "rw".
	Action string `json:"action"`
}

// ReadAccounts reads the file of accounts.
func ReadAccounts(path string) (Accounts, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Accounts{}, fmt.Errorf("read the accounts: %w", err)
	}
	accounts, err := ParseAccounts(text)
	if err != nil {
		return Accounts{}, fmt.Errorf("accounts of %s: %w", path, err)
	}
	return accounts, nil
}

// ParseAccounts reads accounts and says what is wrong with them, and what would be right. Fields that it does not know are an error: a
// misspelt one must not leave a door open.
func ParseAccounts(text []byte) (accounts Accounts, err error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&accounts); err != nil {
		return accounts, fmt.Errorf("want a JSON object with secret_key, identity, users and roles: %w", err)
	}
	return accounts, accounts.check()
}

func (a Accounts) check() error {
	if _, err := a.key(); err != nil {
		return err
	}
	if a.Identity.Key == "" || a.Identity.Value == "" {
		return errors.New("identity: want a key and a value by which members know each other")
	}
	if a.TokenSeconds < 0 {
		return fmt.Errorf("token_seconds: %d; want a positive number", a.TokenSeconds)
	}
	roles := map[string]bool{AdminRole: true}
	for _, role := range a.Roles {
		if role.Name == "" || roles[role.Name] {
			return fmt.Errorf("role %q: want a name of its own other than %s", role.Name, AdminRole)
		}
		roles[role.Name] = true
		for _, p := range role.Permissions {
			if strings.Trim(p.Action, "rw") != "" || p.Action == "" {
				return fmt.Errorf("role %q: action %q; want r, w or rw", role.Name, p.Action)
			}
		}
	}
	users, admin := map[string]bool{"": true}, len(a.Users) == 0
	for _, user := range a.Users {
		if users[user.Name] {
			return fmt.Errorf("user %q: want a name of its own", user.Name)
		}
		users[user.Name] = true
		if _, err := bcrypt.Cost([]byte(user.Password)); err != nil {
			return fmt.Errorf("user %q: password: want its bcrypt hash, for example of `htpasswd -nbB %[1]s PASSWORD`: %w", user.Name, err)
		}
		for _, role := range user.Roles {
			if !roles[role] {
				return fmt.Errorf("user %q: role %q: want %s or one of roles", user.Name, role, AdminRole)
			}
			admin = admin || role == AdminRole
		}
	}
	if !admin {
		return fmt.Errorf("users: want one with %s, or none at all: where there is no administrator anybody may make himself one", AdminRole)
	}
	return nil
}

// key is the secret key's bytes.
func (a Accounts) key() ([]byte, error) {
	key, err := base64.StdEncoding.DecodeString(a.SecretKey)
	if err != nil || len(key) < leastKeyBytes {
		return nil, fmt.Errorf("secret_key: want at least %d random bytes in Base64, for example of `openssl rand -base64 %[1]d`", leastKeyBytes)
	}
	return key, nil
}

// life is how long tokens hold.
func (a Accounts) life() time.Duration {
	if a.TokenSeconds == 0 {
		return DefaultTokenSeconds * time.Second
	}
	return time.Duration(a.TokenSeconds) * time.Second
}

// Seed is the command that has an empty cluster begin with the file's users and roles.
func (a Accounts) Seed() Command {
	book := Book{Users: []Account{}}
	for _, user := range a.Users {
		book.Users = append(book.Users, Account{Name: user.Name, Hash: user.Password})
		for _, role := range user.Roles {
			book.Grants = append(book.Grants, Grant{Role: role, User: user.Name})
		}
	}
	for _, role := range a.Roles {
		for _, p := range role.Permissions {
			book.Rights = append(book.Rights, Right{Role: role.Name, Resource: p.Resource, Action: p.Action})
		}
	}
	return Command{Kind: SeedAccounts, Book: &book}
}
