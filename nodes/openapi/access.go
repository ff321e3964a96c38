package openapi

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"muster/model"
	"muster/nodes/auth"
)

// permit refuses a request whose sender may not do what it asks for (Nacos: AuthFilter). Members may do everything.
func (s *Server) permit(r *request, route route) *failure {
	if !s.options.Auth.On() || route.open || s.options.Auth.FromMember(r.Header.Get) {
		return nil
	}
	action := auth.Write
	if (r.Method == http.MethodGet || r.Method == http.MethodHead) && !route.writes {
		action = auth.Read
	}
	err := s.options.Auth.Permit(r.credentials(), action, r.resource())
	switch {
	case err == nil:
		return nil
	case strings.HasPrefix(r.path, "/v3/"):
		return plain(http.StatusForbidden, err.Error()).as(codeDenied).inResult()
	}
	return page(http.StatusForbidden, err.Error())
}

// credentials are what a request shows: in headers, or else in parameters (Nacos: NacosAuthPluginService.identityNames).
func (r *request) credentials() auth.Credentials {
	shown := func(name string) string {
		if value := r.Header.Get(name); value != "" {
			return value
		}
		return r.raw(name)
	}
	token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !bearer {
		token = shown("accessToken")
	}
	return auth.Credentials{Token: token, Name: shown("username"), Password: shown("password")}
}

// commands below the naming API are an operator's: what they tell or change is not one service's.
var commands = []string{"operator/", "ops/", "client", "instance/statuses", "distro/", "raft/", "api/", "health/server", "health/checkers", "service/selector/types"}

// resource is what a request is about: a service, or an operator's command (Nacos: NamingHttpResourceParser).
func (r *request) resource() auth.Resource {
	rest, client := strings.CutPrefix(r.path, "/v3/client/ns/")
	if !client {
		naming := false
		for _, base := range []string{"/v1/ns/", "/v2/ns/", "/v3/admin/ns/"} {
			if below, found := strings.CutPrefix(r.path, base); found {
				rest, naming = below, true
			}
		}
		if !naming || slices.ContainsFunc(commands, func(command string) bool { return strings.HasPrefix(rest, command) }) {
			return auth.Resource{Command: r.path}
		}
	}
	group, name := r.optional("groupName", ""), r.optional("serviceName", "")
	switch {
	case rest == "service/names", rest == "catalog/services", rest == "service/list" && strings.HasPrefix(r.path, "/v3/"):
		return auth.Resource{Namespace: r.namespace()} // whatever else is named, all groups are looked through
	case rest == "service/list":
		return auth.Resource{Namespace: r.namespace(), Group: cmp.Or(group, model.DefaultGroup)}
	}
	if inName, bare, grouped := strings.Cut(name, "@@"); grouped {
		if group != "" && group != inName {
			// Which of the two counts depends on the path: nobody may choose it who may not do both.
			return auth.Resource{Namespace: r.namespace()}
		}
		group, name = inName, bare
	}
	return auth.Resource{Namespace: r.namespace(), Group: cmp.Or(group, model.DefaultGroup), Service: name}
}

// login is POST /v1/auth/login and /v3/auth/user/login: a token for a name and a password.
func (s *Server) login(r *request) (answer, *failure) {
	session, err := s.options.Auth.Login(r.credentials())
	if err != nil {
		return nil, plain(http.StatusForbidden, err.Error())
	}
	r.answered.Set("Authorization", "Bearer "+session.Token)
	return struct {
		Token string `json:"accessToken"`
		Life  int64  `json:"tokenTtl"`
		Admin bool   `json:"globalAdmin"`
		Name  string `json:"username"`
	}{session.Token, int64(session.Life.Seconds()), session.Admin, session.Name}, nil
}

// tableAccess lists where clients log in.
func (s *Server) tableAccess() map[string]map[string]route {
	post := map[string]route{http.MethodPost: {handle: s.login, open: true}}
	return map[string]map[string]route{"/v1/auth/login": post, "/v1/auth/users/login": post, "/v3/auth/user/login": post}
}
