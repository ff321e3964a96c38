package openapi

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"muster/model"
	"muster/nodes/auth"
	"muster/nodes/push"
	"muster/nodes/registry"
)

func TestAccountsAreNotChangedWhileAuthenticationIsOff(t *testing.T) {
	n := newNode(t, nil)
	for _, path := range []string{"/nacos/v1/auth/users/admin", "/nacos/v1/auth/users", "/nacos/v3/auth/user", "/nacos/v3/auth/user/admin"} {
		status, body := n.ask(t, "POST", path, "username=nacos", "password=first")
		require.Equal(t, 400, status, path)
		require.Contains(t, body, "authentication is off here", path)
	}
	require.Empty(t, n.Accounts.Book().Users)
}

func TestTheFirstAdministratorIsMadeOnce(t *testing.T) {
	n := newNode(t, func(o *Options) { o.Auth = guard(t, o.Accounts) })
	status, body := n.ask(t, "POST", "/nacos/v1/auth/users/admin", "password=second")
	require.Equal(t, 200, status)
	require.JSONEq(t, `{"code":409,"message":null,"data":"have admin user cannot use it"}`, body)
	status, body = n.ask(t, "POST", "/nacos/v3/auth/user/admin", "password=second")
	require.Equal(t, 200, status)
	require.JSONEq(t, `{"code":409,"message":"have admin user cannot use it.","data":null}`, body)
}

// What is recorded of no cluster: version 3, which says the same as version 1 in envelopes with codes.
func TestAccountsOverVersionThree(t *testing.T) {
	n := newNode(t, func(o *Options) { o.Auth = guard(t, o.Accounts) })
	const user, role, permission = "/nacos/v3/auth/user", "/nacos/v3/auth/role", "/nacos/v3/auth/permission"
	for _, c := range []struct {
		method, path, who, parameters string
		status                        int
		want                          string
	}{
		{"POST", user, "nacos", "username=new&password=x", 200, `{"code":0,"message":"success","data":"create user ok!"}`},
		{"POST", user, "nacos", "username=new&password=x", 400, `{"code":20002,"message":"parameter validate error","data":"user 'new' already exist!"}`},
		{"POST", user, "nacos", "username=other", 400,
			`{"code":10000,"message":"parameter missing","data":"Required request parameter 'password' for method parameter type String is not present"}`},
		{"POST", user, "shop", "username=other&password=x", 403, `{"code":10001,"message":"access denied","data":"authorization failed!"}`},
		{"PUT", user, "shop", "username=new&newPassword=y", 403, `{"code":10001,"message":"access denied","data":"authorization failed!"}`},
		{"PUT", user, "shop", "username=shop&newPassword=shop", 200, `{"code":0,"message":"success","data":"update user ok!"}`},
		{"GET", user + "/search", "nacos", "username=e", 200, `{"code":0,"message":"success","data":["new"]}`},
		{"GET", user + "/list", "nacos", "pageNo=1&pageSize=1&username=*o*&search=blur", 200, ""},
		{"POST", role, "nacos", "role=orders&username=new", 200, `{"code":0,"message":"success","data":"add role ok!"}`},
		{"GET", role + "/list", "nacos", "pageNo=1&pageSize=9&username=new", 200,
			`{"code":0,"message":"success","data":{"totalCount":1,"pageNumber":1,"pagesAvailable":1,"pageItems":[{"role":"orders","username":"new"}]}}`},
		{"GET", role + "/search", "nacos", "role=ord", 200, `{"code":0,"message":"success","data":["orders"]}`},
		{"POST", permission, "nacos", "role=orders&resource=dev:*:*&action=r", 200, `{"code":0,"message":"success","data":"add permission ok!"}`},
		{"GET", permission, "nacos", "role=orders&resource=dev:*:*&action=r", 200, `{"code":0,"message":"success","data":true}`},
		{"GET", permission + "/list", "nacos", "pageNo=2&pageSize=1&role=orders", 200,
			`{"code":0,"message":"success","data":{"totalCount":2,"pageNumber":2,"pagesAvailable":2,"pageItems":[{"role":"orders","resource":"dev:*:*","action":"r"}]}}`},
		{"GET", permission + "/list", "nacos", "pageNo=0&pageSize=1", 400,
			`{"code":20002,"message":"parameter validate error","data":"pageNo and pageSize must be greater than zero"}`},
		{"DELETE", permission, "nacos", "role=orders&resource=dev:*:*&action=r", 200, `{"code":0,"message":"success","data":"delete permission ok!"}`},
		{"DELETE", role, "nacos", "role=orders&username=new", 200, `{"code":0,"message":"success","data":"delete role of user new ok!"}`},
		{"DELETE", user, "nacos", "username=new", 200, `{"code":0,"message":"success","data":"delete user ok!"}`},
		{"DELETE", user, "nacos", "username=nacos", 400, `{"code":20002,"message":"parameter validate error","data":"cannot delete admin: nacos"}`},
	} {
		session, err := n.Auth.Login(t.Context(), auth.Credentials{Name: c.who, Password: c.who})
		require.NoError(t, err)
		status, body := n.ask(t, c.method, c.path, append(strings.Split(c.parameters, "&"), "accessToken="+session.Token)...)
		require.Equal(t, c.status, status, "%s %s %s: %s", c.method, c.path, c.parameters, body)
		if c.want != "" {
			require.JSONEq(t, c.want, body, "%s %s %s", c.method, c.path, c.parameters)
		}
	}
}

func TestSubscribersOfOtherServicesAreNotTold(t *testing.T) {
	n := newNode(t, func(o *Options) { o.Auth = guard(t, o.Accounts) })
	for _, name := range []string{"orders", "orders-secret"} {
		n.Registry.SubscribeSocket(registry.Connection{Agent: "Nacos-Java-Client:v1.4.8", IP: "10.0.0.1", Port: 5000},
			registry.Subscription{Service: model.Service{Namespace: "public", Group: "DEFAULT_GROUP", Name: name}})
	}
	for who, count := range map[string]string{"shop": `"count":1`, "watch": `"count":2`, "nacos": `"count":2`} {
		status, body := n.ask(t, "GET", "/nacos"+subscribersPath, "serviceName=orders", "username="+who, "password="+who)
		require.Equal(t, 200, status, body)
		require.Contains(t, body, count, who)
	}
}

func TestWhoMayReadDoesNotResetCounters(t *testing.T) {
	resets := 0
	n := newNode(t, func(o *Options) {
		o.Auth = guard(t, o.Accounts)
		o.Pushes = func(reset bool) push.State {
			if reset {
				resets++
			}
			return push.State{}
		}
	})
	const state = "/nacos/v1/ns/operator/push/state"
	for _, c := range []struct {
		parameters string
		status     int
	}{
		{"detail=true", 200}, {"reset=false", 200}, {"reset=true", 403}, {"reset=true&username=watch&password=watch", 403},
		{"reset=true&username=nacos&password=nacos", 200},
	} {
		status, body := n.ask(t, "GET", state, strings.Split(c.parameters, "&")...)
		require.Equal(t, c.status, status, "%s: %s", c.parameters, body)
	}
	require.Equal(t, 1, resets)
}

// A node that does not know the accounts yet refuses with a 503, which has clients ask elsewhere and keep their tokens.
func TestNobodyIsLetInBeforeTheAccountsAreKnown(t *testing.T) {
	n := newNode(t, func(o *Options) {
		o.Auth = guard(t, o.Accounts)
		require.NoError(t, o.Accounts.Restore(strings.NewReader("")))
	})
	for _, path := range []string{instancePath + "/list", "/nacos/v1/auth/users/admin", "/nacos/v1/auth/login", clientThree + "/list"} {
		method := http.MethodGet
		if strings.Contains(path, "/auth/") {
			method = http.MethodPost
		}
		status, body := n.ask(t, method, path, "serviceName=orders", "username=nacos", "password=nacos")
		require.Equal(t, 503, status, "%s: %s", path, body)
		require.Contains(t, body, auth.ErrNotReady.Error())
	}
}

func TestPatternsOfNames(t *testing.T) {
	for _, c := range []struct {
		pattern, name string
		matches       bool
	}{
		{"", "any", true}, {"shop", "shop", true}, {"shop", "shops", false}, {"sh*", "shop", true}, {"*op", "shop", true}, {"*", "", true},
		{"s*p", "shop", true}, {"a*a", "a", false}, {"*h*", "shop", true}, {"s**p", "sp", true}, {"*x*", "shop", false}, {"sh.p", "shop", false},
	} {
		r := &request{values: url.Values{"username": {c.pattern}, "search": {"blur"}}}
		require.Equal(t, c.matches, r.finds("username", c.name), "%+v", c)
	}
}
