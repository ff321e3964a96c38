package rpc

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Nacos's JSON library is lenient; what it takes and what it refuses was tried on Nacos 2.5.0.
func TestBodiesAreReadAsLenientlyAsByNacos(t *testing.T) {
	type inner struct {
		IP *string `json:"ip"`
	}
	type message struct {
		Namespace *string `json:"namespace"`
		Name      string  `json:"name"`
		Port      int     `json:"port"`
		List      []inner `json:"list"`
	}
	for _, test := range []struct{ body, namespace, name, ip string }{
		{`{"namespace":"n","name":"s","list":[{"ip":"i"}]}`, "n", "s", "i"},
		{"\ufeff" + `{"namespace":"n"}`, "n", "", ""},
		{`{"namespace":"n"}trailing`, "n", "", ""},
		{`{"namespace":99999999999,"name":true,"list":[{"ip":-1.5e3}]}`, "99999999999", "true", "-1.5e3"},
		{`{"list":[{"ip":false}],"name": 0 }x`, "", "0", "false"},
	} {
		var m message
		require.NoError(t, decodeBody([]byte(test.body), &m), test.body)
		if m.Namespace == nil {
			m.Namespace = new(string)
		}
		if len(m.List) == 0 {
			m.List = []inner{{new(string)}}
		}
		require.Equal(t, []string{test.namespace, test.name, test.ip}, []string{*m.Namespace, m.Name, *m.List[0].IP}, test.body)
	}
	for _, body := range []string{``, `null`, `{`, `{"name":}`, `{"name":[]}`, `{"name":{}}`, `{"port":"x"}`, `[]`, `"x"`, `1`, `{'name':'s'}`} {
		require.Error(t, decodeBody([]byte(body), new(message)), body)
	}
}
