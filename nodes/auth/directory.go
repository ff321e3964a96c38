package auth

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"sync"

	"golang.org/x/crypto/bcrypt"

	"muster/model"
)

// Account is a user, and the bcrypt hash of his password.
type Account struct {
	Name string `json:"name"`
	Hash string `json:"hash"`
}

// Grant says that a user has a role. Roles are there as long as somebody has them.
type Grant struct {
	Role string `json:"role"`
	User string `json:"user"`
}

// Right is what a role permits.
type Right struct {
	Role string `json:"role"`
	// Resource may hold *, for any text.
	Resource string `json:"resource"`
	// Action holds the letters of what is permitted.
	Action string `json:"action"`
}

// Book holds all accounts, in the order in which they came.
type Book struct {
	// Seeded says that the cluster has its first accounts, if only none.
	Seeded bool      `json:"seeded,omitempty"`
	Users  []Account `json:"users"`
	Grants []Grant   `json:"grants,omitempty"`
	Rights []Right   `json:"rights,omitempty"`
}

func (b Book) clone() Book {
	b.Users, b.Grants, b.Rights = slices.Clone(b.Users), slices.Clone(b.Grants), slices.Clone(b.Rights)
	return b
}

func (b Book) empty() bool { return !b.Seeded && len(b.Users)+len(b.Grants)+len(b.Rights) == 0 }

// Directory holds the cluster's users, roles and permissions. It is a state machine: changed by ApplyCommand and Restore alone, so that it
// is the same on every node that applied the same commands. It is safe for concurrent use.
type Directory struct {
	passwords *passwords

	mu   sync.RWMutex
	book Book
	// What follows is made of the book.
	hashes map[string]string
	// roles are users' by their names, rights roles' by theirs.
	roles  map[string][]string
	rights map[string][]permission
	// strongest is the greatest cost of the passwords' hashes.
	strongest int
}

type permission struct {
	resource *regexp.Regexp
	action   string
}

// NewDirectory makes an empty one.
func NewDirectory() *Directory {
	d := &Directory{passwords: newPasswords()}
	d.use(Book{})
	return d
}

// use has the directory hold these accounts. The lock is held.
func (d *Directory) use(book Book) {
	d.book = book
	d.hashes, d.roles, d.rights = map[string]string{}, map[string][]string{}, map[string][]permission{}
	d.strongest = bcrypt.MinCost
	for _, user := range book.Users {
		d.hashes[user.Name] = user.Hash
		if cost, err := bcrypt.Cost([]byte(user.Hash)); err == nil {
			d.strongest = max(d.strongest, cost)
		}
	}
	for _, grant := range book.Grants {
		d.roles[grant.User] = append(d.roles[grant.User], grant.Role)
	}
	for _, right := range book.Rights {
		d.rights[right.Role] = append(d.rights[right.Role], permission{patternOf(right.Resource), right.Action})
	}
}

// Seeded says whether this node knows the accounts that the cluster began with.
func (d *Directory) Seeded() bool {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.book.Seeded
}

// Book returns a copy of all accounts.
func (d *Directory) Book() Book {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.book.clone()
}

// IsAdmin says whether a user may do everything.
func (d *Directory) IsAdmin(name string) bool {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.isAdmin(name)
}

// HasAdmin says whether there is an administrator.
func (d *Directory) HasAdmin() bool {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.book.hasAdmin()
}

func (d *Directory) isAdmin(name string) bool {
	_, known := d.hashes[name]
	return known && slices.Contains(d.roles[name], AdminRole)
}

func (d *Directory) knows(name string) bool {
	d.mu.RLock()
	defer d.mu.RUnlock()
	_, known := d.hashes[name]
	return known
}

// may says whether a user may do that.
func (d *Directory) may(name string, action Action, resource Resource) bool {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if _, known := d.hashes[name]; !known {
		return false
	}
	if d.isAdmin(name) {
		return true
	}
	if resource.Accounts {
		return false
	}
	text := resource.String()
	for _, role := range d.roles[name] {
		for _, p := range d.rights[role] {
			if strings.Contains(p.action, string(action)) && p.resource.MatchString(text) {
				return true
			}
		}
	}
	return false
}

// Resource is what somebody wants to do something with: a service, or an operator's command, or accounts.
type Resource struct {
	// Namespace, Group and Service name a service; what is blank stands for all there are, a blank namespace for the public one.
	Namespace, Group, Service string
	// Command is the path of an operator's command.
	Command string
	// Accounts are for administrators only, whatever others are permitted (Nacos: resources that begin with console/).
	Accounts bool
}

// String is the resource as permissions name it.
func (r Resource) String() string {
	if r.Command != "" {
		return r.Command
	}
	return escaped(cmp.Or(r.Namespace, model.DefaultNamespace)) + ":" + escaped(cmp.Or(r.Group, "*")) + ":naming/" + escaped(cmp.Or(r.Service, "*"))
}

// escaped is a name that cannot be taken for two.
func escaped(name string) string { return colons.Replace(name) }

var colons = strings.NewReplacer("%", "%25", ":", "%3A")

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
