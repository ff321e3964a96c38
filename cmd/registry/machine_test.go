package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"muster/model"
	"muster/nodes/auth"
	"muster/nodes/registry"
)

func newMachine() machine {
	return machine{registry.New(registry.Options{}), auth.NewDirectory()}
}

func TestAccountsStandInSnapshotsBesideTheRegistry(t *testing.T) {
	m := newMachine()
	register, err := registry.Command{
		Kind: registry.RegisterPersistent, Service: model.Service{Namespace: "public", Group: "g", Name: "s"},
		Instance: &registry.Published{IP: "10.0.0.1", Port: 80},
	}.Encode()
	require.NoError(t, err)
	require.Nil(t, m.Apply(register))
	before, err := m.Snapshot()
	require.NoError(t, err)
	state, err := m.state.SnapshotPersistent()
	require.NoError(t, err)
	require.Equal(t, string(state), string(before), "without accounts a snapshot is the registry's")

	user, err := auth.Command{Kind: auth.CreateUser, User: "shop", Hash: "$2a$…"}.Encode()
	require.NoError(t, err)
	require.Nil(t, m.Apply(append(accountsMark[:len(accountsMark):len(accountsMark)], user...)))
	require.EqualError(t, m.Apply([]byte(string(accountsMark)+string(user))).(error), "user 'shop' already exist!")
	both, err := m.Snapshot()
	require.NoError(t, err)

	copied := newMachine()
	require.NoError(t, copied.Restore(bytes.NewReader(both)))
	again, err := copied.Snapshot()
	require.NoError(t, err)
	require.Equal(t, string(both), string(again))
	require.Equal(t, m.accounts.Book(), copied.accounts.Book())
	require.NoError(t, copied.Restore(bytes.NewReader(before)))
	require.Empty(t, copied.accounts.Book().Users, "accounts that a snapshot does not have are gone")
	require.ErrorContains(t, copied.Restore(strings.NewReader(string(accountsMark)+"\xff\x01{}")), "it ends too early")
}
