package scenarios

import "muster/model/run"

// Accounts have a cluster's nodes know who asks, and its clients log in.
type Accounts struct {
	// File is what the nodes read as --accounts.
	File string `json:"file"`
	// Login is the clients' name and password.
	Login Login `json:"login"`
}

// Login is a name and a password.
type Login struct {
	Name     string `json:"name"`
	Password string `json:"password"`
}

// Environment tells it to a workload; nothing without a name.
func (l Login) Environment() []string {
	if l.Name == "" {
		return nil
	}
	return []string{run.EnvUsername + "=" + l.Name, run.EnvPassword + "=" + l.Password}
}

// WithAccounts returns the cluster with an administrator and a user as whom all clients log in, who may do anything in the public
// namespace. Their passwords are their names. Tokens hold for so few seconds that each client has to log in several times.
func (c Cluster) WithAccounts() Cluster {
	c.Accounts = &Accounts{Login: Login{Name: "clients", Password: "clients"}, File: `{
  "secret_key": "bXVzdGVyJ3MgYWNjb3VudHMgaW4gc2NlbmFyaW9zISE=", "token_seconds": 12, "identity": {"key": "muster-member", "value": "known"},
  "users": [
    {"name": "nacos", "password": "$2a$04$Tc.1F87mt2Qk.R6NlWQe2uh7ttT4eyApAecoLFDGICRksKZWe2VQW", "roles": ["ROLE_ADMIN"]},
    {"name": "clients", "password": "$2a$04$aHVy0QizVyXiwfvrDlKwn.R7EwAmV7qoUph/beYJEDYtTL7HMJDnO", "roles": ["publishers"]}
  ],
  "roles": [{"name": "publishers", "permissions": [{"resource": ":*:naming/*", "action": "rw"}]}]
}
`}
	return c
}
