package openapi

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"

	"muster/nodes/auth"
	"muster/nodes/registry"
)

// guard knows nacos, who may do everything, shop, who may read and write the service orders, and watch, who may read everything. Their
// passwords are their names.
func guard(t *testing.T, accounts *auth.Editor) *auth.Guard {
	hash := func(password string) string {
		hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
		require.NoError(t, err)
		return string(hash)
	}
	given := auth.Accounts{
		SecretKey: base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", 32))), Identity: auth.Identity{Key: "member", Value: "secret"},
		Users: []auth.User{
			{Name: "nacos", Password: hash("nacos"), Roles: []string{auth.AdminRole}},
			{Name: "shop", Password: hash("shop"), Roles: []string{"orders"}},
			{Name: "watch", Password: hash("watch"), Roles: []string{"looks"}},
		},
		Roles: []auth.Role{
			{Name: "orders", Permissions: []auth.Permission{{Resource: "public:DEFAULT_GROUP:naming/orders", Action: "rw"}}},
			{Name: "looks", Permissions: []auth.Permission{{Resource: "*", Action: "r"}}},
		},
	}
	require.NoError(t, accounts.Seed(t.Context(), given))
	g, err := auth.New(given, accounts.Directory)
	require.NoError(t, err)
	return g
}

func TestOnlyThosePermittedAreAnswered(t *testing.T) {
	n := newNode(t, func(o *Options) { o.Auth = guard(t, o.Accounts) })
	token := func(path, name string) string {
		status, body := n.ask(t, "POST", path, "username="+name, "password="+name)
		require.Equal(t, 200, status, body)
		var session struct {
			AccessToken, Username string
			TokenTTL              int
			GlobalAdmin           bool
		}
		require.NoError(t, json.Unmarshal([]byte(body), &session))
		require.Equal(t, name, session.Username)
		require.Equal(t, 18000, session.TokenTTL)
		require.Equal(t, name == "nacos", session.GlobalAdmin)
		return session.AccessToken
	}
	shop, admin := token("/nacos/v1/auth/login", "shop"), token("/nacos/v3/auth/user/login", "nacos")
	status, body := n.ask(t, "POST", "/nacos/v1/auth/users/login", "username=shop", "password=wrong")
	require.Equal(t, 403, status)
	require.Equal(t, "user not found!", body)

	const orders, other = "serviceName=orders", "serviceName=other"
	address := []string{"ip=10.0.0.1", "port=80"}
	for _, c := range []struct {
		method, path, token string
		parameters          []string
		status              int
	}{
		{"POST", instancePath, "", append(address, orders), 403},
		{"POST", instancePath, "nonsense", append(address, orders), 403},
		{"POST", instancePath, shop, append(address, orders), 200},
		{"POST", instanceTwo, shop, append(address, orders), 200},
		{"POST", clientThree, shop, append(address, orders), 200},
		{"POST", instancePath, shop, append(address, other), 403},
		{"POST", instancePath, shop, append(address, orders, "namespaceId=dev"), 403},
		{"POST", instancePath, shop, append(address, "serviceName=other@@orders", "groupName=DEFAULT_GROUP"), 403},
		{"POST", instancePath, shop, append(address, "serviceName=DEFAULT_GROUP@@orders"), 200},
		{"GET", instancePath + "/list", shop, []string{orders}, 200},
		{"GET", instancePath + "/list", "", []string{orders}, 403},
		{"GET", "/nacos/v1/ns/service/list", shop, []string{"pageNo=1", "pageSize=9"}, 403},
		{"GET", "/nacos/v1/ns/service/list", shop, []string{"pageNo=1", "pageSize=9", orders}, 403}, // a name does not make a list shorter
		{"GET", "/nacos/v2/ns/service/list", shop, []string{orders}, 403},
		{"GET", "/nacos/v1/ns/service/names", shop, []string{orders}, 403},
		{"GET", "/nacos/v1/ns/catalog/services", shop, []string{"pageNo=1", "pageSize=9", orders}, 403},
		{"GET", "/nacos/v3/admin/ns/service/list", shop, []string{"pageNo=1", "pageSize=9", "withInstances=true", orders}, 403},
		{"GET", "/nacos/v3/admin/ns/service/list", admin, []string{"pageNo=1", "pageSize=9", "withInstances=true", orders}, 200},
		{"GET", instancePath + "/statuses", shop, []string{"key=public##DEFAULT_GROUP@@orders"}, 403},
		{"GET", "/nacos/v2/ns/client/list", shop, nil, 403},
		{"PUT", "/nacos/v1/ns/operator/switches", shop, []string{"entry=pushEnabled", "value=true"}, 403},
		{"PUT", "/nacos/v1/ns/operator/switches", admin, []string{"entry=pushEnabled", "value=true"}, 200},
		{"GET", "/nacos/v2/core/loader/reloadCurrent", shop, []string{"count=9"}, 403},
		{"GET", "/nacos/v2/core/loader/reloadCurrent", admin, []string{"count=9"}, 200},
		{"GET", "/nacos/v3/admin/core/cluster/node/list", shop, nil, 403},
		{"GET", "/nacos/v3/admin/core/cluster/node/list", admin, nil, 200},
		{"GET", "/nacos/v1/ns/operator/metrics", "", nil, 200},
		{"GET", "/nacos/v2/console/health/readiness", "", nil, 200},
	} {
		parameters := c.parameters
		if c.token != "" {
			parameters = append(append([]string{}, parameters...), "accessToken="+c.token)
		}
		status, body := n.ask(t, c.method, c.path, parameters...)
		require.Equal(t, c.status, status, "%s %s %v: %s", c.method, c.path, c.parameters, body)
	}
	_, body = n.ask(t, "GET", "/nacos/v3/admin/core/cluster/node/list")
	require.JSONEq(t, `{"code":10001,"message":"access denied","data":"user not found!"}`, body)
	_, body = n.ask(t, "GET", instancePath+"/list", orders, "accessToken=x")
	require.Contains(t, body, `"status":403,"error":"Forbidden","message":"token invalid!"`)
	_, body = n.ask(t, "GET", "/nacos/v1/console/server/state")
	require.Contains(t, body, `"auth_enabled":"true"`)
}

func TestWhoMayOnlyReadSendsNoBeatsByGet(t *testing.T) {
	n := newNode(t, func(o *Options) { o.Auth, o.Profile = guard(t, o.Accounts), registry.Nacos1 })
	who := []string{"username=watch", "password=watch", "dom=orders"}
	status, body := n.ask(t, "GET", "/nacos/v1/ns/api/srvIPXT", who...)
	require.Equal(t, 200, status, body)
	status, body = n.ask(t, "GET", "/nacos/v1/ns/api/clientBeat", append(who, `beat={"ip":"10.0.0.1","port":80}`)...)
	require.Equal(t, 403, status, body)
}

func TestTokensInHeadersAndMembers(t *testing.T) {
	n := newNode(t, func(o *Options) { o.Auth = guard(t, o.Accounts) })
	session, err := n.Auth.Login(t.Context(), auth.Credentials{Name: "shop", Password: "shop"})
	require.NoError(t, err)
	for header, want := range map[[2]string]int{
		{"Authorization", "Bearer " + session.Token}: 200,
		{"accessToken", session.Token}:               200,
		{"Authorization", session.Token}:             403,
		{"member", "secret"}:                         200,
		{"member", "guess"}:                          403,
		{"User-Agent", peerAgent}:                    403, // to call oneself a member is not enough
	} {
		values := url.Values{"serviceName": {"orders"}}
		request, err := http.NewRequest("GET", "http://"+n.address+instancePath+"/list?"+values.Encode(), nil)
		require.NoError(t, err)
		request.Header.Set(header[0], header[1])
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		response.Body.Close()
		require.Equal(t, want, response.StatusCode, header)
	}
}

func TestLoginWithoutAuthentication(t *testing.T) {
	n := newNode(t, nil)
	status, body := n.ask(t, "POST", "/nacos/v1/auth/login", "username=nacos", "password=any")
	require.Equal(t, 200, status)
	require.JSONEq(t, `{"accessToken":"AUTH_DISABLED","tokenTtl":18000,"globalAdmin":false,"username":"nacos"}`, body)
}
