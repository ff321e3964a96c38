package auth_test

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"

	"muster/nodes/auth"
)

// hashOf is a password's hash, a cheap one.
func hashOf(t testing.TB, password string) string {
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	require.NoError(t, err)
	return string(hash)
}

func accounts(t testing.TB) auth.Accounts {
	return auth.Accounts{
		SecretKey: base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", 32))),
		Identity:  auth.Identity{Key: "member", Value: "secret"},
		Users: []auth.User{
			{Name: "nacos", Password: hashOf(t, "admin"), Roles: []string{auth.AdminRole}},
			{Name: "shop", Password: hashOf(t, "pass"), Roles: []string{"orders", "looks"}},
			{Name: "idle", Password: hashOf(t, "pass")},
		},
		Roles: []auth.Role{
			{Name: "orders", Permissions: []auth.Permission{{Resource: ":DEFAULT_GROUP:naming/orders", Action: "rw"}}},
			{Name: "looks", Permissions: []auth.Permission{{Resource: "dev:*:naming/*", Action: "r"}, {Resource: "/v2/ns/ops/m.trics", Action: "r"}}},
		},
	}
}

// apply has a directory apply commands, and returns the last one's answer.
func apply(t testing.TB, d *auth.Directory, commands ...auth.Command) (answer any) {
	for _, c := range commands {
		text, err := c.Encode()
		require.NoError(t, err)
		answer = d.ApplyCommand(text)
	}
	return answer
}

// guard is one with the accounts, and its directory.
func guard(t testing.TB) (*auth.Guard, *auth.Directory) {
	given, d := accounts(t), auth.NewDirectory()
	require.Nil(t, apply(t, d, given.Seed()))
	g, err := auth.New(given, d)
	require.NoError(t, err)
	return g, d
}

func TestPermissions(t *testing.T) {
	g, _ := guard(t)
	orders := auth.Resource{Group: "DEFAULT_GROUP", Service: "orders"}
	for _, test := range []struct {
		name, password string
		action         auth.Action
		resource       auth.Resource
		want           error
	}{
		{"nacos", "admin", auth.Write, auth.Resource{Command: "/v2/core/ops/raft"}, nil},
		{"shop", "pass", auth.Write, orders, nil},
		{"shop", "pass", auth.Write, auth.Resource{Namespace: "public", Group: "DEFAULT_GROUP", Service: "orders"}, nil},
		{"shop", "pass", auth.Write, auth.Resource{Group: "DEFAULT_GROUP", Service: "orders2"}, auth.NotPermitted},
		{"shop", "pass", auth.Read, auth.Resource{Namespace: "dev", Group: "g", Service: "any"}, nil},
		{"shop", "pass", auth.Read, auth.Resource{Namespace: "dev"}, nil},
		{"shop", "pass", auth.Write, auth.Resource{Namespace: "dev", Group: "g", Service: "any"}, auth.NotPermitted},
		{"shop", "pass", auth.Read, auth.Resource{Namespace: "prod", Group: "g", Service: "any"}, auth.NotPermitted},
		{"shop", "pass", auth.Read, auth.Resource{Namespace: "xdev", Group: "g", Service: "any"}, auth.NotPermitted},
		{"shop", "pass", auth.Read, auth.Resource{Command: "/v2/ns/ops/metrics"}, auth.NotPermitted}, // a point is a point
		{"idle", "pass", auth.Read, orders, auth.NotPermitted},
		{"shop", "wrong", auth.Read, orders, auth.Unknown},
		{"nobody", "pass", auth.Read, orders, auth.Unknown},
		{"nobody", "nobody", auth.Read, orders, auth.Unknown},
		{"", "", auth.Read, orders, auth.Unknown},
	} {
		err := g.Permit(t.Context(), auth.Credentials{Name: test.name, Password: test.password}, test.action, test.resource)
		require.Equal(t, test.want, err, "%+v", test)
	}
}

func TestTokens(t *testing.T) {
	g, _ := guard(t)
	session, err := g.Login(t.Context(), auth.Credentials{Name: "shop", Password: "pass"})
	require.NoError(t, err)
	require.Equal(t, "shop", session.Name)
	require.False(t, session.Admin)
	require.Equal(t, 5*time.Hour, session.Life)
	require.True(t, strings.HasPrefix(session.Token, "eyJhbGciOiJIUzI1NiJ9."), "the header that Nacos knows: %s", session.Token)
	permit := func(token string) error {
		return g.Permit(t.Context(), auth.Credentials{Token: token}, auth.Read, auth.Resource{Group: "DEFAULT_GROUP", Service: "orders"})
	}
	require.NoError(t, permit(session.Token))
	require.Equal(t, auth.TokenForged, permit(session.Token+"x"))
	require.Equal(t, auth.TokenInvalid, permit("word"))
	require.Equal(t, auth.TokenForeign, permit("a.b.c"))
	again, err := g.Login(t.Context(), auth.Credentials{Token: session.Token})
	require.NoError(t, err)
	require.Equal(t, session.Token, again.Token, "nobody lives longer by asking")
	require.LessOrEqual(t, again.Life, session.Life)

	sign := func(method jwt.SigningMethod, key any, claims jwt.RegisteredClaims) string {
		text, err := jwt.NewWithClaims(method, claims).SignedString(key)
		require.NoError(t, err)
		return text
	}
	key, later := []byte(strings.Repeat("k", 32)), jwt.NewNumericDate(time.Now().Add(time.Hour))
	require.NoError(t, permit(sign(jwt.SigningMethodHS256, key, jwt.RegisteredClaims{Subject: "nacos", ExpiresAt: later})), "of another member")
	for name, c := range map[string]struct {
		token string
		want  error
	}{
		"expired":           {sign(jwt.SigningMethodHS256, key, jwt.RegisteredClaims{Subject: "nacos", ExpiresAt: jwt.NewNumericDate(time.Now().Add(-time.Hour))}), auth.TokenExpired},
		"never expires":     {sign(jwt.SigningMethodHS256, key, jwt.RegisteredClaims{Subject: "nacos"}), auth.TokenInvalid},
		"another key":       {sign(jwt.SigningMethodHS256, []byte("other"), jwt.RegisteredClaims{Subject: "nacos", ExpiresAt: later}), auth.TokenForged},
		"no signature":      {sign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, jwt.RegisteredClaims{Subject: "nacos", ExpiresAt: later}), auth.TokenInvalid},
		"another algorithm": {sign(jwt.SigningMethodHS512, key, jwt.RegisteredClaims{Subject: "nacos", ExpiresAt: later}), auth.TokenForeign},
		"somebody unknown":  {sign(jwt.SigningMethodHS256, key, jwt.RegisteredClaims{Subject: "gone", ExpiresAt: later}), auth.NotPermitted},
	} {
		require.Equal(t, c.want, permit(c.token), name)
	}
}

func TestMembersKnowEachOther(t *testing.T) {
	g, _ := guard(t)
	header := func(name, value string) func(string) string {
		return func(asked string) string { return map[string]string{name: value}[asked] }
	}
	require.True(t, g.FromMember(header("member", "secret")))
	require.False(t, g.FromMember(header("member", "guess")))
	require.False(t, g.FromMember(header("other", "secret")))
}

func TestWithoutAGuardEverythingIsPermitted(t *testing.T) {
	var g *auth.Guard
	require.False(t, g.On())
	require.NoError(t, g.Permit(t.Context(), auth.Credentials{}, auth.Write, auth.Resource{Command: "/x"}))
	session, err := g.Login(t.Context(), auth.Credentials{Name: "anybody", Password: "any"})
	require.NoError(t, err)
	require.Equal(t, "AUTH_DISABLED", session.Token)
	require.False(t, g.FromMember(func(string) string { return "" }))
}

func TestWrongAccounts(t *testing.T) {
	for problem, change := range map[string]func(*auth.Accounts){
		"secret_key: want at least 32 random bytes":   func(a *auth.Accounts) { a.SecretKey = "c2hvcnQ=" },
		"identity: want a key and a value":            func(a *auth.Accounts) { a.Identity.Value = "" },
		"token_seconds: -1; want a positive number":   func(a *auth.Accounts) { a.TokenSeconds = -1 },
		`user "idle": password: want its bcrypt hash`: func(a *auth.Accounts) { a.Users[2].Password = "pass" },
		`user "idle": role "none": want ROLE_ADMIN`:   func(a *auth.Accounts) { a.Users[2].Roles = []string{"none"} },
		`user "shop": want a name of its own`:         func(a *auth.Accounts) { a.Users[2].Name = "shop" },
		"users: want one with ROLE_ADMIN":             func(a *auth.Accounts) { a.Users[0].Roles = nil },
		`role "ROLE_ADMIN": want a name of its own`:   func(a *auth.Accounts) { a.Roles[0].Name = auth.AdminRole },
		`role "orders": action "x"; want r, w or rw`:  func(a *auth.Accounts) { a.Roles[0].Permissions[0].Action = "x" },
	} {
		given := accounts(t)
		change(&given)
		_, err := auth.New(given, auth.NewDirectory())
		require.ErrorContains(t, err, problem)
	}
	path := filepath.Join(t.TempDir(), "accounts.json")
	_, err := auth.ReadAccounts(path)
	require.ErrorContains(t, err, "read the accounts")
	require.NoError(t, os.WriteFile(path, []byte(`{"secretkey":""}`), 0o600))
	_, err = auth.ReadAccounts(path)
	require.ErrorContains(t, err, `unknown field "secretkey"`)
}

func FuzzToken(f *testing.F) {
	g, _ := guard(f)
	session, err := g.Login(f.Context(), auth.Credentials{Name: "idle", Password: "pass"})
	require.NoError(f, err)
	for _, text := range []string{session.Token, "", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", strings.Repeat(".", 100)} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		err := g.Permit(t.Context(), auth.Credentials{Token: text}, auth.Read, auth.Resource{Service: "x"})
		require.Error(t, err, "nobody who may do that has a token")
	})
}

func FuzzAccounts(f *testing.F) {
	f.Add([]byte(`{"secret_key":"a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=","identity":{"key":"k","value":"v"},"roles":[{"name":"r","permissions":[{"resource":"a*(","action":"rw"}]}]}`))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if given, err := auth.ParseAccounts(text); err == nil {
			_, _ = auth.New(given, auth.NewDirectory())
			given.Seed()
		}
	})
}
