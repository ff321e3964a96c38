package auth_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"muster/nodes/auth"
)

func TestCommandsAndTheirRejections(t *testing.T) {
	_, d := guard(t)
	user := func(kind auth.CommandKind, name string) auth.Command {
		return auth.Command{Kind: kind, User: name, Hash: hashOf(t, "new")}
	}
	role := func(kind auth.CommandKind, role, user string) auth.Command {
		return auth.Command{Kind: kind, Role: role, User: user}
	}
	right := func(kind auth.CommandKind, role, resource string) auth.Command {
		return auth.Command{Kind: kind, Role: role, Resource: resource, Action: "r"}
	}
	for _, c := range []struct {
		command  auth.Command
		rejected string
	}{
		{user(auth.CreateUser, "new"), ""},
		{user(auth.CreateUser, "new"), "user 'new' already exist!"},
		{user(auth.SetPassword, "new"), ""},
		{user(auth.SetPassword, "nobody"), "user nobody not exist!"},
		{user(auth.CreateAdmin, "another"), "have admin user cannot use it"},
		{role(auth.GrantRole, "looks", "new"), ""},
		{role(auth.GrantRole, "looks", "new"), "user 'new' already bound to the role 'looks'!"},
		{role(auth.GrantRole, "looks", "nobody"), "user 'nobody' not found!"},
		{role(auth.GrantRole, auth.AdminRole, "new"), "role 'ROLE_ADMIN' is not permitted to create!"},
		{right(auth.AddRight, "looks", "x"), ""},
		{right(auth.AddRight, "looks", "x"), ""},
		{right(auth.AddRight, "none", "x"), "role none not found!"},
		{right(auth.DropRight, "looks", "y"), ""},
		{role(auth.RevokeRole, auth.AdminRole, "nacos"), "role 'ROLE_ADMIN' is the last administrator's: nobody could give it back"},
		{role(auth.RevokeRole, auth.AdminRole, ""), "role 'ROLE_ADMIN' is the last administrator's: nobody could give it back"},
		{user(auth.DeleteUser, "nacos"), "cannot delete admin: nacos"},
		{user(auth.DeleteUser, "nobody"), ""},
		{auth.Command{Kind: "none"}, `accounts' command kind "none": unknown to this build`},
		{auth.Command{Kind: auth.SeedAccounts}, "accounts' command seed: no book"},
	} {
		before := d.Book()
		answer := apply(t, d, c.command)
		if c.rejected == "" {
			require.Nil(t, answer, "%+v", c.command)
			continue
		}
		require.EqualError(t, answer.(error), c.rejected)
		require.Equal(t, before, d.Book(), "what is rejected changes nothing")
	}
	book := d.Book()
	require.Len(t, book.Rights, 4, "the same right is there once")
	require.Contains(t, book.Grants, auth.Grant{Role: "looks", User: "new"})
	require.Error(t, d.ApplyCommand([]byte("{")).(error))
}

func TestWhoIsMadeAgainBeginsAnew(t *testing.T) {
	g, d := guard(t)
	require.True(t, g.May("shop", auth.Write, auth.Resource{Group: "DEFAULT_GROUP", Service: "orders"}))
	require.Nil(t, apply(t, d, auth.Command{Kind: auth.DeleteUser, User: "shop"}, auth.Command{Kind: auth.CreateUser, User: "shop", Hash: hashOf(t, "x")}))
	require.False(t, g.May("shop", auth.Write, auth.Resource{Group: "DEFAULT_GROUP", Service: "orders"}))
}

func TestTheFileSeedsAnEmptyClusterOnce(t *testing.T) {
	d := auth.NewDirectory()
	g, err := auth.New(accounts(t), d)
	require.NoError(t, err)
	_, err = g.Login(t.Context(), auth.Credentials{Name: "shop", Password: "pass"})
	require.Equal(t, auth.ErrNotReady, err, "nobody is known yet")
	require.Nil(t, apply(t, d, accounts(t).Seed(), auth.Command{Kind: auth.DeleteUser, User: "idle"}, accounts(t).Seed()))
	_, err = g.Login(t.Context(), auth.Credentials{Name: "shop", Password: "pass"})
	require.NoError(t, err)
	require.Len(t, d.Book().Users, 2, "who was deleted does not come back")

	made := auth.NewDirectory()
	require.Nil(t, apply(t, made, auth.Command{Kind: auth.CreateUser, User: "first", Hash: hashOf(t, "x")}, accounts(t).Seed()))
	require.True(t, made.Seeded())
	require.Equal(t, []string{"first"}, []string{made.Book().Users[0].Name}, "what the cluster keeps wins")
	require.Len(t, made.Book().Users, 1)
}

func TestSnapshots(t *testing.T) {
	g, d := guard(t)
	text, err := d.Snapshot()
	require.NoError(t, err)
	copied := auth.NewDirectory()
	empty, err := copied.Snapshot()
	require.NoError(t, err)
	require.Empty(t, empty, "nothing is written of no accounts")
	require.NoError(t, copied.Restore(bytes.NewReader(text)))
	again, err := copied.Snapshot()
	require.NoError(t, err)
	require.Equal(t, string(text), string(again))
	other, err := auth.New(accounts(t), copied)
	require.NoError(t, err)
	orders := auth.Resource{Group: "DEFAULT_GROUP", Service: "orders"}
	require.Equal(t, g.May("shop", auth.Write, orders), other.May("shop", auth.Write, orders))
	require.NoError(t, copied.Restore(bytes.NewReader(nil)))
	require.Empty(t, copied.Book().Users)
	require.ErrorContains(t, copied.Restore(strings.NewReader(`{"format":2}`)), "format 2: this build reads format 1")
	require.ErrorContains(t, copied.Restore(strings.NewReader(`{`)), "snapshot of the accounts")
}

func TestNamesCannotBeTakenForTwo(t *testing.T) {
	g, d := guard(t)
	require.Nil(t, apply(t, d,
		auth.Command{Kind: auth.GrantRole, Role: "any-group", User: "idle"},
		auth.Command{Kind: auth.AddRight, Role: "any-group", Resource: "dev:*:naming/orders", Action: "rw"},
		auth.Command{Kind: auth.AddRight, Role: "any-group", Resource: "dev:a%3Ab:naming/x", Action: "r"}))
	for _, c := range []struct {
		resource auth.Resource
		may      bool
	}{
		{auth.Resource{Namespace: "dev", Group: "a:b", Service: "orders"}, true},
		{auth.Resource{Namespace: "dev", Group: "a", Service: "b:naming/orders"}, false},
		{auth.Resource{Namespace: "dev:a", Group: "naming/orders", Service: "orders"}, false},
		{auth.Resource{Namespace: "dev", Group: "a:b", Service: "x"}, true},
		{auth.Resource{Namespace: "dev", Group: "a%3Ab", Service: "x"}, false},
		{auth.Resource{Accounts: true}, false},
	} {
		require.Equal(t, c.may, g.May("idle", auth.Read, c.resource), "%+v", c.resource)
	}
	require.True(t, g.May("nacos", auth.Read, auth.Resource{Accounts: true}))
}

// editor changes a directory without a cluster.
func editor(d *auth.Directory) *auth.Editor {
	return &auth.Editor{
		Directory: d,
		Propose: func(_ context.Context, c auth.Command) error {
			text, err := c.Encode()
			if err != nil {
				return err
			}
			if rejection, rejected := d.ApplyCommand(text).(error); rejected {
				return rejection
			}
			return nil
		},
		Barrier: func(context.Context) error { return nil },
	}
}

func TestTheFirstAdministrator(t *testing.T) {
	d := auth.NewDirectory()
	e := editor(d)
	given := accounts(t)
	given.Users, given.Roles = nil, nil
	require.NoError(t, e.Seed(t.Context(), given))
	g, err := auth.New(given, d)
	require.NoError(t, err)
	password, err := e.CreateAdmin(t.Context(), " ")
	require.NoError(t, err)
	require.Greater(t, len(password), 16, "a random one")
	session, err := g.Login(t.Context(), auth.Credentials{Name: auth.FirstAdmin, Password: password})
	require.NoError(t, err)
	require.True(t, session.Admin)
	_, err = e.CreateAdmin(t.Context(), "another")
	require.Equal(t, auth.ErrAdminExists, err)
	require.NotContains(t, d.Book().Users[0].Hash, password)
}

func TestWhatIsTooLong(t *testing.T) {
	_, d := guard(t)
	e := editor(d)
	for problem, err := range map[string]error{
		"username: 51 characters; want at most 50":   e.DeleteUser(t.Context(), strings.Repeat("u", 51)),
		"role: 51 characters; want at most 50":       e.GrantRole(t.Context(), strings.Repeat("r", 51), "idle"),
		"resource: 256 characters; want at most 255": e.AddRight(t.Context(), auth.Right{Role: "looks", Resource: strings.Repeat("x", 256), Action: "r"}),
		"action: 9 characters; want at most 8":       e.DropRight(t.Context(), auth.Right{Role: "looks", Resource: "x", Action: strings.Repeat("r", 9)}),
		"password: 73 bytes; want at most 72":        e.SetPassword(t.Context(), "idle", strings.Repeat("p", 73)),
	} {
		require.ErrorContains(t, err, problem)
		var rejection auth.Rejection
		require.ErrorAs(t, err, &rejection)
	}
}

func TestSeedingIsTriedUntilTheClusterAnswers(t *testing.T) {
	d := auth.NewDirectory()
	e := editor(d)
	tries := 0
	e.Barrier = func(context.Context) error {
		if tries++; tries < 3 {
			return errors.New("no leader is known")
		}
		return nil
	}
	require.NoError(t, e.Seed(t.Context(), accounts(t)))
	require.Equal(t, 3, tries)
	e.Barrier = func(context.Context) error { return errors.New("no leader is known") }
	require.NoError(t, e.Seed(t.Context(), accounts(t)), "it is seeded")
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	e.Directory = auth.NewDirectory()
	require.ErrorContains(t, e.Seed(ended, accounts(t)), "no leader is known")
}

func FuzzCommands(f *testing.F) {
	for _, text := range []string{`{"kind":"seed","book":{"users":[{"name":"a","hash":"b"}]}}`, `{"kind":"user-create","user":"a"}`, `{"kind":"right-add","role":"*","resource":"a*("}`, `null`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		d := auth.NewDirectory()
		d.ApplyCommand(text)
		kept, err := d.Snapshot()
		require.NoError(t, err)
		if len(kept) > 0 {
			require.True(t, json.Valid(kept))
		}
		again := auth.NewDirectory()
		require.NoError(t, again.Restore(bytes.NewReader(kept)))
		copied, err := again.Snapshot()
		require.NoError(t, err)
		require.Equal(t, string(kept), string(copied))
		_ = again.Restore(bytes.NewReader(text))
	})
}
