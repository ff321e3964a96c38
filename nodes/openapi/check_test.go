package openapi

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Each controller of Nacos has parameters of its own checked; what is answered is what Nacos 2.5.0 answered.
func TestWhatIsChecked(t *testing.T) {
	n := newNode(t, nil)
	const list, beat, batch, service = "/instance/list", "/instance/beat", "/instance/metadata/batch", "/service"
	verbs := map[string]string{list: "GET", beat: "PUT", batch: "PUT", service: "GET"}
	for _, test := range []struct {
		parameter string
		// checkedBy are the paths that refuse it.
		checkedBy []string
	}{
		{"ip=a b", []string{beat, service}},
		{"port=99999", []string{beat, service}},
		{"checkPort=x", []string{service}},
		{"clusterName=a.b", []string{service}},
		{"cluster=a.b", []string{service}},
		{"clusters=a.b", []string{list}},
		{"metadata=x", []string{batch, service}},
		{"metadata=k=" + strings.Repeat("v", 1024), []string{batch, service}},
		{"namespaceId=a b", []string{list, beat, batch, service}},
		{`instances=[{"ip":"a b","port":80}]`, []string{batch}},
		{`instances=[{"ip":"a","port":99999}]`, []string{batch}},
		{`instances=[{"ip":"a","port":80,"clusterName":"a.b"}]`, []string{batch}},
		{`beat={"ip":"1.1.1.1","port":80,"cluster":"a.b"}`, []string{beat}},
	} {
		for _, version := range []string{"v1", "v2"} {
			for path, verb := range verbs {
				parameters := []string{"serviceName=g@@x", "metadata=a=b", test.parameter}
				if version == "v2" && path != beat {
					parameters[0] = "serviceName=x"
				}
				_, body := n.ask(t, verb, "/nacos/"+version+"/ns"+path, parameters...)
				checked := strings.Contains(body, "is illegal") || strings.Contains(body, "ErrMsg:metadata format incorrect")
				require.Equal(t, slices.Contains(test.checkedBy, path), checked, "%s %s %s: %s", version, path, test.parameter, body)
			}
		}
	}
}
