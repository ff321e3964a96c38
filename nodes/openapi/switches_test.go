package openapi

import (
	"testing"

	"github.com/stretchr/testify/require"

	"muster/nodes/registry"
)

func TestSwitchEntries(t *testing.T) {
	text := func(text string) *string { return &text }
	for _, test := range []struct {
		entry, value string
		turned       func(*registry.Switches)
		refused      string
	}{
		{"distro", "false", func(s *registry.Switches) { s.DistroEnabled = false }, ""},
		{"check", "no", func(s *registry.Switches) { s.HealthCheckEnabled = false }, ""},
		{"enableStandalone", "false", func(*registry.Switches) {}, ""},
		{"enableStandalone", "", func(s *registry.Switches) { s.EnableStandalone = false }, ""},
		{"masters", "a,b", func(s *registry.Switches) { s.Masters = []string{"a", "b"} }, ""},
		{"overriddenServerStatus", "DOWN", func(s *registry.Switches) { s.OverriddenServerStatus = text("DOWN") }, ""},
		{"overriddenServerStatus", "null", func(s *registry.Switches) { s.OverriddenServerStatus = text("") }, ""},
		{"limitedUrlMap", "/a:500,/b:404,", func(s *registry.Switches) { s.LimitedURLs = map[string]int{"/a": 500, "/b": 404} }, ""},
		{"limitedUrlMap", "", func(*registry.Switches) {}, ""},
		{"limitedUrlMap", "/a", nil, "invalid input for limited urls"},
		{"limitedUrlMap", "/a:x", nil, `For input string: "x"`},
		{"limitedUrlMap", ":1", nil, "url can not be empty, url: "},
		{"limitedUrlMap", "/a:0", nil, "illegal normal status code: 0"},
		{"pushCacheMillis", "9999", nil, "min cache time for http or tcp is too small(<10000)"},
	} {
		got, want := registry.DefaultSwitches(), registry.DefaultSwitches()
		err := switchEntries[test.entry](&got, test.value)
		if test.turned == nil {
			require.EqualError(t, err, test.refused, test.entry)
		} else {
			require.NoError(t, err, test.entry)
			test.turned(&want)
		}
		require.Equal(t, want, got, "%s=%s", test.entry, test.value)
	}
}
