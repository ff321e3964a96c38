package registry_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"muster/nodes/registry"
)

func TestNamespaces(t *testing.T) {
	r := registry.New(registry.Options{})
	about := "the second"
	first, second := registry.Namespace{ID: "a", Name: "one"}, registry.Namespace{ID: "b", Name: "two", Description: &about}
	apply(t, r, registry.Command{Kind: registry.CreateNamespace, Namespace: &second})
	apply(t, r, registry.Command{Kind: registry.CreateNamespace, Namespace: &first})
	require.Equal(t, []registry.Namespace{first, second}, r.Namespaces())
	require.Equal(t, registry.ErrNamespaceExists, answer(t, r, registry.Command{Kind: registry.CreateNamespace, Namespace: &first}))

	renamed := registry.Namespace{ID: "a", Name: "uno"}
	apply(t, r, registry.Command{Kind: registry.UpdateNamespace, Namespace: &renamed})
	apply(t, r, registry.Command{Kind: registry.UpdateNamespace, Namespace: &registry.Namespace{ID: "c", Name: "three"}})
	found, made := r.Namespace("a")
	require.True(t, made)
	require.Equal(t, renamed, found)
	_, made = r.Namespace("c")
	require.False(t, made, "an update makes none")

	restored := registry.New(registry.Options{})
	require.NoError(t, restored.RestorePersistent(bytes.NewReader(snapshot(t, r))))
	require.Equal(t, r.Namespaces(), restored.Namespaces())

	apply(t, r, registry.Command{Kind: registry.DeleteNamespace, Namespace: &renamed})
	apply(t, r, registry.Command{Kind: registry.DeleteNamespace, Namespace: &renamed})
	require.Equal(t, []registry.Namespace{second}, r.Namespaces())
	require.ErrorContains(t, answer(t, r, registry.Command{Kind: registry.CreateNamespace}).(error), "no namespace")
}
