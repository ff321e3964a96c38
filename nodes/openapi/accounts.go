package openapi

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"muster/nodes/auth"
)

// accounts answers what is asked of users, roles and permissions. Versions 1 and 3 of the API do the same in different words.
type accounts struct {
	*Server
	words accountWords
}

// failed is why accounts were not changed.
func (a accounts) failed(r *request, err error) *failure {
	var rejection auth.Rejection
	switch {
	case errors.As(err, &rejection):
		return a.words.refused(rejection.Error())
	case errors.Is(err, auth.ErrBusy):
		return r.refused(err)
	}
	return plain(http.StatusInternalServerError, "caused: "+err.Error()+";")
}

// closed says why accounts cannot be changed, if they cannot. Without authentication Nacos has anybody make an administrator, who is one
// still when it is turned on.
func (a accounts) closed() *failure {
	if a.options.Auth.On() {
		return nil
	}
	return a.words.refused("authentication is off here, and accounts are not changed: start all nodes with --accounts")
}

// changes is a change of accounts: parameters that it needs, and what is done with them and said of it.
func (a accounts) changes(change func(ctx context.Context, values []string) error, said string, needs ...string) handler {
	return func(r *request) (answer, *failure) {
		if failed := a.closed(); failed != nil {
			return nil, failed
		}
		var values []string
		for _, name := range needs {
			value, failed := a.words.need(r, name)
			if failed != nil {
				return nil, failed
			}
			values = append(values, value)
		}
		if err := change(r.Context(), values); err != nil {
			return nil, a.failed(r, err)
		}
		return a.words.done(said), nil
	}
}

func (a accounts) createUser() handler {
	return a.changes(func(ctx context.Context, v []string) error { return a.options.Accounts.CreateUser(ctx, v[0], v[1]) },
		"create user ok!", "username", "password")
}

func (a accounts) deleteUser() handler {
	return a.changes(func(ctx context.Context, v []string) error { return a.options.Accounts.DeleteUser(ctx, v[0]) }, "delete user ok!", "username")
}

func (a accounts) addRole() handler {
	return a.changes(func(ctx context.Context, v []string) error { return a.options.Accounts.GrantRole(ctx, v[0], v[1]) },
		"add role ok!", "role", "username")
}

// deleteRole takes a role from a user, or from all.
func (a accounts) deleteRole(r *request) (answer, *failure) {
	user := strings.TrimSpace(r.raw("username"))
	return a.changes(func(ctx context.Context, v []string) error { return a.options.Accounts.RevokeRole(ctx, v[0], user) },
		"delete role of user "+user+" ok!", "role")(r)
}

func rightOf(v []string) auth.Right { return auth.Right{Role: v[0], Resource: v[1], Action: v[2]} }

func (a accounts) addPermission() handler {
	return a.changes(func(ctx context.Context, v []string) error { return a.options.Accounts.AddRight(ctx, rightOf(v)) },
		"add permission ok!", "role", "resource", "action")
}

func (a accounts) deletePermission() handler {
	return a.changes(func(ctx context.Context, v []string) error { return a.options.Accounts.DropRight(ctx, rightOf(v)) },
		"delete permission ok!", "role", "resource", "action")
}

// setPassword gives a user another password: his own, unless he is an administrator.
func (a accounts) setPassword(r *request) (answer, *failure) {
	own := func(string) bool { return true }
	if guard := a.options.Auth; guard.On() && !guard.FromMember(r.Header.Get) {
		sender, err := guard.Identify(r.Context(), r.credentials())
		if err != nil {
			return nil, r.refused(err)
		}
		own = func(name string) bool { return name == sender || guard.IsAdmin(sender) }
	}
	if r.has("username") && r.has("newPassword") && !own(r.raw("username")) {
		return nil, r.refused(auth.NotPermitted)
	}
	return a.changes(func(ctx context.Context, v []string) error { return a.options.Accounts.SetPassword(ctx, v[0], v[1]) },
		"update user ok!", "username", "newPassword")(r)
}

// userJSON is a user as administrators see him.
type userJSON struct {
	Name     string `json:"username"`
	Password string `json:"password"`
}

// createAdmin makes the first administrator, and says his password.
func (a accounts) createAdmin(r *request) (answer, *failure) {
	if failed := a.closed(); failed != nil {
		return nil, failed
	}
	if !a.options.Accounts.Seeded() { // there may be one
		return nil, r.refused(auth.ErrNotReady)
	}
	password, err := a.options.Accounts.CreateAdmin(r.Context(), r.raw("password"))
	switch {
	case errors.Is(err, auth.ErrAdminExists):
		return a.words.adminExists, nil
	case err != nil:
		return nil, a.failed(r, err)
	}
	return a.words.shown(userJSON{auth.FirstAdmin, password}), nil
}

// accountPage is a page of a list (Nacos: persistence/model/Page).
type accountPage struct {
	Count  int `json:"totalCount"`
	Number int `json:"pageNumber"`
	Pages  int `json:"pagesAvailable"`
	Items  any `json:"pageItems"`
}

// pageOf shows the page of a list that the request asks for.
func pageOf[T any](a accounts, r *request, all []T) (answer, *failure) {
	number, failed := a.words.number(r, "pageNo")
	if failed != nil {
		return nil, failed
	}
	size, failed := a.words.number(r, "pageSize")
	if failed != nil {
		return nil, failed
	}
	if number <= 0 || size <= 0 {
		return nil, a.words.refused("pageNo and pageSize must be greater than zero")
	}
	items := append([]T{}, onPage(all, number, size)...)
	return a.words.shown(accountPage{len(all), number, (len(all) + size - 1) / size, items}), nil
}

// finds says whether a name is one that the request looks for by a parameter: any if it is blank, with search=blur those that match
// where * stands for any text.
func (r *request) finds(parameter, name string) bool {
	wanted := r.raw(parameter)
	switch {
	case strings.TrimSpace(wanted) == "":
		return true
	case !strings.EqualFold(r.raw("search"), "blur"):
		return name == wanted
	}
	return like(wanted, name)
}

// like says whether a name matches a pattern in which * stands for any text.
func like(pattern, name string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return name == pattern
	}
	rest, begins := strings.CutPrefix(name, parts[0])
	for _, part := range parts[1 : len(parts)-1] {
		_, behind, found := strings.Cut(rest, part)
		if !found {
			return false
		}
		rest = behind
	}
	return begins && strings.HasSuffix(rest, parts[len(parts)-1])
}

func (a accounts) users(r *request) (answer, *failure) {
	var found []userJSON
	for _, user := range a.options.Accounts.Book().Users {
		if r.finds("username", user.Name) {
			found = append(found, userJSON{user.Name, user.Hash})
		}
	}
	return pageOf(a, r, found)
}

func (a accounts) roles(r *request) (answer, *failure) {
	type roleJSON struct {
		Role string `json:"role"`
		User string `json:"username"`
	}
	var found []roleJSON
	for _, grant := range a.options.Accounts.Book().Grants {
		if r.finds("username", grant.User) && r.finds("role", grant.Role) {
			found = append(found, roleJSON{grant.Role, grant.User})
		}
	}
	return pageOf(a, r, found)
}

func (a accounts) permissions(r *request) (answer, *failure) {
	type permissionJSON struct {
		Role     string `json:"role"`
		Resource string `json:"resource"`
		Action   string `json:"action"`
	}
	var found []permissionJSON
	for _, right := range a.options.Accounts.Book().Rights {
		if r.finds("role", right.Role) {
			found = append(found, permissionJSON(right))
		}
	}
	return pageOf(a, r, found)
}

// hasPermission says whether a permission is there already.
func (a accounts) hasPermission(r *request) (answer, *failure) {
	var values []string
	for _, name := range []string{"role", "resource", "action"} {
		value, failed := a.words.need(r, name)
		if failed != nil {
			return nil, failed
		}
		values = append(values, value)
	}
	return success(slices.Contains(a.options.Accounts.Book().Rights, rightOf(values))), nil
}

// searches answers with the names that contain a text.
func (a accounts) searches(parameter string, names func(auth.Book) []string) handler {
	return func(r *request) (answer, *failure) {
		text, failed := a.words.need(r, parameter)
		if failed != nil {
			return nil, failed
		}
		found := slices.DeleteFunc(names(a.options.Accounts.Book()), func(name string) bool { return !strings.Contains(name, text) })
		slices.Sort(found)
		return a.words.shown(append([]string{}, slices.Compact(found)...)), nil
	}
}

func (a accounts) searchUsers() handler {
	return a.searches("username", func(book auth.Book) (names []string) {
		for _, user := range book.Users {
			names = append(names, user.Name)
		}
		return names
	})
}

func (a accounts) searchRoles() handler {
	return a.searches("role", func(book auth.Book) (names []string) {
		for _, grant := range book.Grants {
			names = append(names, grant.Role)
		}
		return names
	})
}

// searchKind refuses a request that does not say how it searches, before anybody asks who sent it: then no controller is found.
func (r *request) searchKind() *failure {
	if kind := r.raw("search"); kind == "accurate" || kind == "blur" {
		return nil
	}
	var given []string
	for _, name := range r.names {
		if name != "" {
			given = append(given, name+"={"+r.raw(name)+"}")
		}
	}
	return r.restFailure(`Parameter conditions "search=blur" OR "search=accurate" not met for actual request parameters: ` + strings.Join(given, ", "))
}

// login is POST /v1/auth/login and /v3/auth/user/login: a token for a name and a password.
func (a accounts) login(r *request) (answer, *failure) {
	for _, name := range []string{"username", "password"} {
		if _, failed := a.words.need(r, name); failed != nil {
			return nil, failed
		}
	}
	who := r.credentials()
	who.Token = cmp.Or(r.bearer(), r.raw("accessToken")) // the header accessToken is for other requests
	session, err := a.options.Auth.Login(r.Context(), who)
	var refusal auth.Refusal
	switch {
	case errors.As(err, &refusal):
		return nil, plain(http.StatusForbidden, refusal.Error())
	case err != nil:
		return nil, plain(http.StatusServiceUnavailable, err.Error())
	}
	r.answered.Set("Authorization", "Bearer "+session.Token)
	return struct {
		Token string `json:"accessToken"`
		Life  int64  `json:"tokenTtl"`
		Admin bool   `json:"globalAdmin"`
		Name  string `json:"username"`
	}{session.Token, int64(session.Life.Seconds()), session.Admin, session.Name}, nil
}

// tableAccounts lists where clients log in and administrators keep accounts.
func (s *Server) tableAccounts() map[string]map[string]route {
	const get, post, put, del = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete
	one, three := accounts{s, wordsOne}, accounts{s, wordsThree}
	plainly := func(handle handler) route { return route{handle: handle} }
	searched := func(handle handler) route { return route{handle: handle, mapped: (*request).searchKind} }
	open := func(handle handler) route { return route{handle: handle, open: true} }
	told := func(handle handler) route { return route{handle: handle, result: true} }
	openTold := func(handle handler) route { return route{handle: handle, result: true, open: true} }
	loginOne := map[string]route{post: open(one.login)}
	return map[string]map[string]route{
		"/v1/auth/login":        loginOne,
		"/v1/auth/users/login":  loginOne,
		"/v1/auth/users/admin":  {post: open(one.createAdmin)},
		"/v1/auth/users":        {get: searched(one.users), post: plainly(one.createUser()), put: open(one.setPassword), del: plainly(one.deleteUser())},
		"/v1/auth/users/search": {get: plainly(one.searchUsers())},
		"/v1/auth/roles":        {get: searched(one.roles), post: plainly(one.addRole()), del: plainly(one.deleteRole)},
		"/v1/auth/roles/search": {get: plainly(one.searchRoles())},
		"/v1/auth/permissions":  {get: plainly(one.permissionsOrOne), post: plainly(one.addPermission()), del: plainly(one.deletePermission())},

		"/v3/auth/user/login":      {post: openTold(three.login)},
		"/v3/auth/user/admin":      {post: openTold(three.createAdmin)},
		"/v3/auth/user":            {post: told(three.createUser()), put: openTold(three.setPassword), del: told(three.deleteUser())},
		"/v3/auth/user/list":       {get: told(three.users)},
		"/v3/auth/user/search":     {get: told(three.searchUsers())},
		"/v3/auth/role":            {post: told(three.addRole()), del: told(three.deleteRole)},
		"/v3/auth/role/list":       {get: told(three.roles)},
		"/v3/auth/role/search":     {get: told(three.searchRoles())},
		"/v3/auth/permission":      {get: told(three.hasPermission), post: told(three.addPermission()), del: told(three.deletePermission())},
		"/v3/auth/permission/list": {get: told(three.permissions)},
	}
}

// permissionsOrOne is GET /v1/auth/permissions: a list if it says how to search, else whether there is one.
func (a accounts) permissionsOrOne(r *request) (answer, *failure) {
	if r.searchKind() == nil {
		return a.permissions(r)
	}
	return a.hasPermission(r)
}
