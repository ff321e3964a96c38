package client

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/model"
)

var orders = model.Service{Namespace: "public", Group: "DEFAULT_GROUP", Name: "orders"}

// Lists as recorded from real clusters.
const (
	nacos2List = `{"name":"DEFAULT_GROUP@@orders","groupName":"DEFAULT_GROUP","clusters":"","cacheMillis":10000,"hosts":[{"instanceId":"198.18.144.1#8080#DEFAULT#DEFAULT_GROUP@@orders","ip":"198.18.144.1","port":8080,"weight":2.0,"healthy":true,"enabled":true,"ephemeral":false,"clusterName":"DEFAULT","serviceName":"DEFAULT_GROUP@@orders","metadata":{"a":"1"},"instanceHeartBeatInterval":5000,"instanceHeartBeatTimeOut":15000,"ipDeleteTimeout":30000}],"lastRefTime":1795254387279,"checksum":"","allIPs":false,"reachProtectionThreshold":false,"valid":true}`
	nacos1List = `{"hosts":[{"ip":"10.2.0.6","port":80,"valid":true,"healthy":true,"marked":false,"instanceId":"10.2.0.6#80#DEFAULT#DEFAULT_GROUP@@orders","metadata":{},"enabled":true,"weight":1.0,"clusterName":"DEFAULT","serviceName":"orders","ephemeral":false},{"ip":"10.2.0.4","port":80,"valid":true,"healthy":false,"marked":false,"instanceId":"10.2.0.4#80#DEFAULT#DEFAULT_GROUP@@orders","metadata":{},"enabled":true,"weight":1.0,"clusterName":"DEFAULT","serviceName":"orders","ephemeral":true}],"dom":"orders","name":"DEFAULT_GROUP@@orders","cacheMillis":3000,"lastRefTime":1795254685959,"checksum":"e16f20ca0a1713069234e04897a6fe5f","useSpecifiedURL":false,"clusters":"","env":"","metadata":{}}`
	// An unknown service of Nacos 1.4 lists the short form.
	nacos1Unknown = `{"name":"DEFAULT_GROUP@@orders","clusters":"","cacheMillis":10000,"hosts":[]}`
)

func TestParseListing(t *testing.T) {
	listing, err := ParseListing([]byte(nacos2List), orders)
	require.NoError(t, err)
	require.Equal(t, []model.Instance{{
		IP: "198.18.144.1", Port: 8080, Cluster: "DEFAULT", Weight: 2, Healthy: true, Enabled: true, Metadata: map[string]string{"a": "1"},
	}}, listing.Instances)
	require.EqualValues(t, 1795254387279, listing.Made)
	require.Equal(t, 10*time.Second, listing.CacheFor)

	listing, err = ParseListing([]byte(nacos1List), orders)
	require.NoError(t, err)
	require.Equal(t, []model.Instance{
		{IP: "10.2.0.4", Port: 80, Cluster: "DEFAULT", Weight: 1, Enabled: true, Ephemeral: true},
		{IP: "10.2.0.6", Port: 80, Cluster: "DEFAULT", Weight: 1, Healthy: true, Enabled: true},
	}, listing.Instances, "sorted by address, whatever order they came in")

	listing, err = ParseListing([]byte(nacos1Unknown), orders)
	require.NoError(t, err)
	require.NotNil(t, listing.Instances, "an empty list is a list")
	require.Empty(t, listing.Instances)
}

func TestParseListingRefuses(t *testing.T) {
	for _, c := range []struct{ name, replace, with, says string }{
		{"cut short", `"valid":true}`, ``, "unexpected end of JSON input"},
		{"something after it", `"valid":true}`, `"valid":true} {}`, "invalid character '{' after top-level value"},
		{"another service", `"name":"DEFAULT_GROUP@@orders"`, `"name":"DEFAULT_GROUP@@carts"`, "about another service"},
		{"no name", `"name":"DEFAULT_GROUP@@orders",`, ``, "want the fields name and hosts"},
		{"hosts missing", `"hosts"`, `"ghosts"`, "want the fields name and hosts"},
		{"no ip", `"ip":"198.18.144.1",`, ``, "host 0: want the fields ip"},
		{"empty ip", `"ip":"198.18.144.1"`, `"ip":""`, "its ip is empty"},
		{"no health", `"healthy":true,`, ``, "want the fields ip, port, weight, healthy"},
		{"null cluster", `"clusterName":"DEFAULT"`, `"clusterName":null`, "clusterName"},
		{"port too high", `"port":8080`, `"port":65536`, "port 65536: want 0 to 65535"},
		{"port with a fraction", `"port":8080`, `"port":80.5`, "want a JSON object"},
		{"weight that is text", `"weight":2.0`, `"weight":"NaN"`, "want a JSON object"},
		{"metadata that is text", `"metadata":{"a":"1"}`, `"metadata":"a=1"`, "want a JSON object"},
	} {
		t.Run(c.name, func(t *testing.T) {
			body := strings.Replace(nacos2List, c.replace, c.with, 1)
			require.NotEqual(t, nacos2List, body)
			_, err := ParseListing([]byte(body), orders)
			require.ErrorContains(t, err, c.says)
			require.ErrorContains(t, err, "list of public/DEFAULT_GROUP/orders")
			require.ErrorContains(t, err, `"{\"`, "it must quote what came")
		})
	}
	for _, body := range []string{"null", "[]", "ok", ""} {
		_, err := ParseListing([]byte(body), orders)
		require.Error(t, err, "%q", body)
	}
}

// Whatever a registry answers, decoding ends with a list that can stand in a history or with an error.
func FuzzParseListing(f *testing.F) {
	for _, body := range []string{nacos2List, nacos1List, nacos1Unknown, "null", `{"name":"orders","hosts":[{}]}`} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		listing, err := ParseListing(body, orders)
		if err != nil {
			return
		}
		require.NotNil(t, listing.Instances)
		text, err := json.Marshal(model.Record{Phase: model.OK, Call: model.Query, Instances: listing.Instances})
		require.NoError(t, err)
		var record model.Record
		require.NoError(t, json.Unmarshal(text, &record))
		require.Equal(t, listing.Instances, record.Instances)
	})
}

// FuzzScanListed: what is read without encoding/json is what encoding/json reads.
func FuzzScanListed(f *testing.F) {
	for _, list := range []string{nacos2List, nacos1List, nacos1Unknown} {
		f.Add([]byte(list))
	}
	for _, seed := range []string{
		`{"name":"a","NAME":"b"}`, `{"hosts":[{"ip":"a"},{}],"hosts":[{"port":1}]}`, `{"name":null,"x":[{"y":null},-1.5e+3,"ü"]}`,
		`{"hosts":[{"weight":1e999}]}`, `{"hosts":[{"metadata":{"a":"\u0041"}}]}`, "{\"name\":\"\xff\"}", `{"lastRefTime":01}`, `{"name":"a"}x`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		scanned, ok := scanListed(body)
		if !ok {
			return
		}
		var decoded listedService
		require.NoError(t, json.Unmarshal(body, &decoded))
		require.Equal(t, decoded, scanned)
	})
}

// TestScanListed: lists as clusters write them need no encoding/json, and what is odd is left to it.
func TestScanListed(t *testing.T) {
	for _, list := range []string{nacos2List, nacos1List, nacos1Unknown} {
		_, ok := scanListed([]byte(list))
		require.True(t, ok, list)
	}
	for _, odd := range []string{`{"name":null}`, `{"Name":"orders"}`, `{"name":"a","name":"b"}`, `{"name":"\n"}`, `{"name":"a"`, `[]`} {
		_, ok := scanListed([]byte(odd))
		require.False(t, ok, odd)
	}
}
