package cache_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/model"
	"muster/nodes/client"
	"muster/nodes/client/cache"
)

func TestKeepsAndFinds(t *testing.T) {
	folder := cache.Folder(filepath.Join(t.TempDir(), "made", "when needed"))
	odd := model.Service{Namespace: "up", Group: "..", Name: "../a/b:c"}
	want := client.Listing{Service: odd, Clusters: "c1,c2", Made: 7, CacheFor: time.Second,
		Instances: []model.Instance{{IP: "10.1.0.1", Port: 80, Cluster: "c1", Weight: 2, Healthy: true, Metadata: map[string]string{"a": "b"}}}}
	_, found, err := folder.Find(odd, "c1,c2")
	require.NoError(t, err)
	require.False(t, found)

	require.NoError(t, folder.Keep(client.Listing{Service: odd, Clusters: "c1,c2"}))
	require.NoError(t, folder.Keep(want))
	got, found, err := folder.Find(odd, "c1,c2")
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, want, got)
	_, found, err = folder.Find(odd, "")
	require.NoError(t, err)
	require.False(t, found, "that is another list")

	files, err := os.ReadDir(string(folder))
	require.NoError(t, err)
	require.Len(t, files, 1)
	require.NoError(t, os.WriteFile(filepath.Join(string(folder), files[0].Name()), []byte(`{"serv`), 0o666))
	_, found, err = folder.Find(odd, "c1,c2")
	require.ErrorContains(t, err, "unexpected end of JSON input")
	require.False(t, found)

	_, found, err = cache.Folder("").Find(odd, "")
	require.NoError(t, err)
	require.False(t, found)
	require.NoError(t, cache.Folder("").Keep(want))
}
