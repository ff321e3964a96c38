package paramcheck_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"muster/nodes/paramcheck"
)

func TestCheck(t *testing.T) {
	const characters = "illegal characters should not appear in the param."
	for _, test := range []struct {
		params paramcheck.Params
		want   string
	}{
		{paramcheck.Params{}, ""},
		{paramcheck.Params{Namespace: " ", Service: " ", Group: " ", IP: " ", Port: " ", Clusters: []string{" "}}, ""},
		{paramcheck.Params{Namespace: "n-1", Service: "com.shop:Orders", Group: "g_1:a.b", IP: "host.example", Port: "65535", Clusters: []string{"c_1"}}, ""},
		{paramcheck.Params{ShowName: "a space"}, ""},
		{paramcheck.Params{ShowName: "a@b"}, "Param 'namespaceShowName' is illegal, " + characters},
		{paramcheck.Params{ShowName: strings.Repeat("n", 257)}, "Param 'namespaceShowName' is illegal, the param length should not exceed 256."},
		{paramcheck.Params{Namespace: "bad ns", Service: "@"}, "Param 'namespaceId/tenant' is illegal, " + characters},
		{paramcheck.Params{Namespace: strings.Repeat("n", 65)}, "Param 'namespaceId/tenant' is illegal, the param length should not exceed 64."},
		{paramcheck.Params{Service: "g@@s"}, "Param 'serviceName' is illegal, " + characters},
		{paramcheck.Params{Service: "服务"}, "Param 'serviceName' is illegal, " + characters},
		{paramcheck.Params{Service: "服s"}, ""},
		{paramcheck.Params{Service: " s"}, ""},
		{paramcheck.Params{Service: "s "}, "Param 'serviceName' is illegal, " + characters},
		{paramcheck.Params{Service: strings.Repeat("s", 513)}, "Param 'serviceName' is illegal, the param length should not exceed 512."},
		{paramcheck.Params{Group: "bad group"}, "Param 'group' is illegal, " + characters},
		{paramcheck.Params{Clusters: []string{"c1", "c!"}}, "Param 'cluster' is illegal, " + characters},
		{paramcheck.Params{IP: "10.1. 0.1"}, "Param 'ip' is illegal, " + characters},
		{paramcheck.Params{Port: "65536"}, "Param 'port' is illegal, the value should be between 0 and 65535."},
		{paramcheck.Params{Port: "-1"}, "Param 'port' is illegal, the value should be between 0 and 65535."},
		{paramcheck.Params{Metadata: map[string]string{"k": strings.Repeat("v", 1023)}}, ""},
		{paramcheck.Params{Metadata: map[string]string{"k": strings.Repeat("v", 1024)}}, "Param 'Metadata' is illegal, the param length should not exceed 1024."},
		{paramcheck.Params{Metadata: map[string]string{"k": strings.Repeat("😀", 512)}}, "Param 'Metadata' is illegal, the param length should not exceed 1024."},
	} {
		err := test.params.Check()
		if test.want == "" {
			require.NoError(t, err, "%+v", test.params)
		} else {
			require.EqualError(t, err, test.want)
		}
	}
}

// Every character is as legal as Nacos's regular expressions have it (ParamCheckRule), wherever it stands in a text.
func TestCharactersAreThoseOfTheExpressions(t *testing.T) {
	chinese := regexp.MustCompile(`[\x{4e00}-\x{9fa5}\s\v]`) // Java's \s has \v, too
	for _, rule := range []struct {
		name  string
		in    func(text string) paramcheck.Params
		legal func(text string) bool
	}{
		{"show name", func(s string) paramcheck.Params { return paramcheck.Params{ShowName: s} }, regexp.MustCompile(`^[^@#$%^&*]+$`).MatchString},
		{"namespace", func(s string) paramcheck.Params { return paramcheck.Params{Namespace: s} }, regexp.MustCompile(`^[\w-]+$`).MatchString},
		{"group", func(s string) paramcheck.Params { return paramcheck.Params{Group: s} }, regexp.MustCompile(`^[a-zA-Z0-9-_:.]*$`).MatchString},
		{"cluster", func(s string) paramcheck.Params { return paramcheck.Params{Clusters: []string{s}} }, regexp.MustCompile(`^[0-9a-zA-Z-_]+$`).MatchString},
		{"ip", func(s string) paramcheck.Params { return paramcheck.Params{IP: s} }, func(s string) bool { return !chinese.MatchString(s) }},
		{"service", func(s string) paramcheck.Params { return paramcheck.Params{Service: s} }, func(s string) bool { return !chinese.MatchString(s) }},
	} {
		for c := rune(0); c <= 0xffff; c++ {
			text := "a" + string(c) + "z"
			if err := rule.in(text).Check(); (err == nil) != rule.legal(text) {
				require.Fail(t, "not as the expression has it", "%s %q: %v", rule.name, text, err)
			}
		}
	}
}

func TestClustersOfInstances(t *testing.T) {
	legal := regexp.MustCompile(`^[0-9a-zA-Z-]+$`)
	require.False(t, paramcheck.LegalCluster(""))
	for c := range rune(0x300) {
		for _, name := range []string{string(c), "a" + string(c), string(c) + "a"} {
			require.Equal(t, legal.MatchString(name), paramcheck.LegalCluster(name), "%q", name)
		}
	}
}
