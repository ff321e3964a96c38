package openapi

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strings"

	"muster/model"
	"muster/nodes/auth"
)

// permit refuses a request whose sender may not do what it asks for (Nacos: AuthFilter). Members may do everything.
func (s *Server) permit(r *request, route route) *failure {
	resets := route.resets && r.flag("reset", false)
	if !s.options.Auth.On() || route.open && !resets || s.options.Auth.FromMember(r.Header.Get) {
		return nil
	}
	action := auth.Write
	if (r.Method == http.MethodGet || r.Method == http.MethodHead) && !route.writes && !resets {
		action = auth.Read
	}
	sender, err := s.options.Auth.Identify(r.Context(), r.credentials())
	if err != nil {
		return r.refused(err)
	}
	r.may = func(resource auth.Resource) bool { return s.options.Auth.May(sender, auth.Read, resource) }
	if !s.options.Auth.May(sender, action, r.resource()) {
		return r.refused(auth.NotPermitted)
	}
	return nil
}

// refused is an answer to somebody who may not do that, or of whom that is not known now.
func (r *request) refused(err error) *failure {
	status := http.StatusServiceUnavailable
	var refusal auth.Refusal
	if errors.As(err, &refusal) {
		status = http.StatusForbidden
	}
	if strings.HasPrefix(r.path, "/v3/") {
		return plain(status, err.Error()).as(codeDenied).inResult()
	}
	return page(status, err.Error())
}

// credentials are what a request shows: in headers, or else in parameters (Nacos: NacosAuthPluginService.identityNames).
func (r *request) credentials() auth.Credentials {
	shown := func(name string) string {
		if value := r.raw(name); value != "" {
			return value
		}
		return r.Header.Get(name)
	}
	return auth.Credentials{Token: cmp.Or(r.bearer(), shown("accessToken")), Name: shown("username"), Password: shown("password"), From: r.sender()}
}

// bearer is the token in the header Authorization, "" if there is none.
func (r *request) bearer() string {
	if token, borne := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); borne {
		return token
	}
	return ""
}

// commands below the naming API are an operator's: what they tell or change is not one service's.
var commands = []string{"operator/", "ops/", "client", "instance/statuses", "distro/", "raft/", "api/", "health/server", "health/checkers", "service/selector/types"}

// resource is what a request is about: a service, or an operator's command (Nacos: NamingHttpResourceParser).
func (r *request) resource() auth.Resource {
	if strings.HasPrefix(r.path, "/v1/auth/") || strings.HasPrefix(r.path, "/v3/auth/") {
		return auth.Resource{Accounts: true}
	}
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
