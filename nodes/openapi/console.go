package openapi

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"muster/nodes/registry"
)

// namespaceJSON is a namespace as the console shows it (Nacos: core/namespace/model/Namespace).
type namespaceJSON struct {
	ID          string  `json:"namespace"`
	Name        string  `json:"namespaceShowName"`
	Description *string `json:"namespaceDesc"`
	Quota       int     `json:"quota"`
	Configs     int     `json:"configCount"`
	// Type is 0 for the namespace that is always there, 2 for one that an operator made.
	Type int `json:"type"`
}

func shown(n registry.Namespace) namespaceJSON {
	return namespaceJSON{ID: n.ID, Name: n.Name, Description: n.Description, Quota: 200, Type: 2}
}

// publicNamespace is always there. Its id is blank here, though the naming API calls it public.
func publicNamespace() namespaceJSON {
	description := "Default Namespace"
	return namespaceJSON{Name: "public", Description: &description, Quota: 200}
}

func (s *Server) allNamespaces() []namespaceJSON {
	list := []namespaceJSON{publicNamespace()}
	for _, n := range s.options.Registry.Namespaces() {
		list = append(list, shown(n))
	}
	return list
}

func (s *Server) namespaceOf(id string) (namespaceJSON, bool) {
	if strings.TrimSpace(id) == "" {
		return publicNamespace(), true
	}
	n, made := s.options.Registry.Namespace(id)
	return shown(n), made
}

func namespaceExists(id string) *failure {
	return plain(http.StatusBadRequest, "the namespaceId is existed, namespaceId: "+id).as(codeNamespace)
}

// description is the parameter namespaceDesc, nil where it is absent.
func (r *request) description() *string {
	if !r.has("namespaceDesc") {
		return nil
	}
	text := r.raw("namespaceDesc")
	return &text
}

// newNamespaceID is a random UUID, for a namespace that was given no id.
func newNamespaceID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// changeNamespace has the Raft group change one. Whoever did that then sees it here, as in Nacos, which has a table of them.
func (s *Server) changeNamespace(r *request, kind registry.CommandKind, id, name string) *failure {
	n := registry.Namespace{ID: id, Name: name, Description: r.description()}
	failed := s.propose(r, registry.Command{Kind: kind, Namespace: &n})
	if failed == nil {
		s.catchUp(r)
	}
	return failed
}

// catchUpTime is how long a request about namespaces waits for this node to have what the Raft group has.
const catchUpTime = time.Second

// catchUp waits until this node has what the Raft group acknowledged by now, but not for long: without a leader it never may.
func (s *Server) catchUp(r *request) {
	ctx, cancel := context.WithTimeout(r.Context(), catchUpTime)
	defer cancel()
	_ = s.options.Barrier(ctx) // what is late is seen later
}

// namespaceList is GET /v2/console/namespace/list.
func (s *Server) namespaceList(*request) (answer, *failure) { return success(s.allNamespaces()), nil }

// namespaceDetail is GET /v2/console/namespace.
func (s *Server) namespaceDetail(r *request) (answer, *failure) {
	p := r.parameters()
	id := p.text("namespaceId")
	if p.failed != nil {
		return nil, p.failed
	}
	n, made := s.namespaceOf(id)
	if !made {
		return nil, plain(http.StatusNotFound, "namespaceId [ "+id+" ] not exist").as(codeNamespaceUnknown)
	}
	return success(n), nil
}

// namespaceForm reads id and name of a namespace (Nacos: NamespaceForm).
func (r *request) namespaceForm() (id, name string, failed *failure) {
	for _, field := range []string{"namespaceId", "namespaceName"} {
		if !r.has(field) {
			return "", "", missing("required parameter '" + field + "' is missing")
		}
	}
	if !legalNamespaceName(r.raw("namespaceName")) { // the parameter check lets an empty one pass
		return "", "", plain(http.StatusBadRequest, "namespaceName ["+r.raw("namespaceName")+"] contains illegal char").as(codeNamespace)
	}
	return r.raw("namespaceId"), r.raw("namespaceName"), nil
}

// legalNamespaceName says whether a namespace may be shown by a name.
func legalNamespaceName(name string) bool { return name != "" && !strings.ContainsAny(name, "@#$%^&*") }

// createNamespace is POST /v2/console/namespace.
func (s *Server) createNamespace(r *request) (answer, *failure) {
	id, name, failed := r.namespaceForm()
	if failed != nil {
		return nil, failed
	}
	if strings.TrimSpace(id) == "" {
		id = newNamespaceID()
	}
	return success(true), s.changeNamespace(r, registry.CreateNamespace, id, name)
}

// updateNamespace is PUT /v2/console/namespace. Of one that is unknown nothing comes.
func (s *Server) updateNamespace(r *request) (answer, *failure) {
	id, name, failed := r.namespaceForm()
	if failed != nil {
		return nil, failed
	}
	return success(true), s.changeNamespace(r, registry.UpdateNamespace, id, name)
}

// deleteNamespace is DELETE /v2/console/namespace. What is registered in it stays.
func (s *Server) deleteNamespace(r *request) (answer, *failure) {
	p := r.parameters()
	id := p.text("namespaceId")
	if p.failed != nil {
		return nil, p.failed
	}
	return success(true), s.changeNamespace(r, registry.DeleteNamespace, id, "")
}

// oldNeed is a parameter of version 1 of the console, which must be there.
func (r *request) oldNeed(name string) (string, *failure) {
	if !r.has(name) {
		return "", r.restFailure("Required request parameter '" + name + "' for method parameter type String is not present")
	}
	return r.raw(name), nil
}

// oldNamespaces is GET /v1/console/namespaces: all, one (show=all), or whether there is one (checkNamespaceIdExist=true).
func (s *Server) oldNamespaces(r *request) (answer, *failure) {
	switch {
	case r.raw("show") == "all":
		id, failed := r.oldNeed("namespaceId")
		if failed != nil {
			return nil, failed
		}
		n, made := s.namespaceOf(id)
		if !made {
			return nil, r.restFailure("namespaceId [ " + id + " ] not exist")
		}
		return n, nil
	case r.raw("checkNamespaceIdExist") == "true":
		id, failed := r.oldNeed("customNamespaceId")
		if failed != nil {
			return nil, failed
		}
		_, made := s.options.Registry.Namespace(id)
		return made, nil
	}
	return result(s.allNamespaces()), nil
}

var legalNamespace = regexp.MustCompile(`^[\w-]{1,128}$`)

// oldCreateNamespace is POST /v1/console/namespaces. What version 2 refuses with a reason is false here.
func (s *Server) oldCreateNamespace(r *request) (answer, *failure) {
	id, failed := r.oldNeed("customNamespaceId")
	if failed != nil {
		return nil, failed
	}
	name, failed := r.oldNeed("namespaceName")
	if failed != nil {
		return nil, failed
	}
	if id = strings.TrimSpace(id); id == "" {
		id = newNamespaceID()
	}
	if _, made := s.options.Registry.Namespace(id); made || !legalNamespace.MatchString(id) || !legalNamespaceName(name) {
		return false, nil
	}
	return true, s.changeNamespace(r, registry.CreateNamespace, id, name)
}

// oldUpdateNamespace is PUT /v1/console/namespaces.
func (s *Server) oldUpdateNamespace(r *request) (answer, *failure) {
	id, failed := r.oldNeed("namespace")
	if failed != nil {
		return nil, failed
	}
	name, failed := r.oldNeed("namespaceShowName")
	if failed != nil {
		return nil, failed
	}
	if !legalNamespaceName(name) {
		return false, nil
	}
	return true, s.changeNamespace(r, registry.UpdateNamespace, id, name)
}

// oldDeleteNamespace is DELETE /v1/console/namespaces.
func (s *Server) oldDeleteNamespace(r *request) (answer, *failure) {
	id, failed := r.oldNeed("namespaceId")
	if failed != nil {
		return nil, failed
	}
	return true, s.changeNamespace(r, registry.DeleteNamespace, id, "")
}

// serverState is GET /v1/console/server/state: how this node is set up.
func (s *Server) serverState(*request) (answer, *failure) {
	mode := "standalone"
	if len(s.options.Members()) > 1 {
		mode = "cluster"
	}
	_, port, err := net.SplitHostPort(s.options.Self)
	if err != nil {
		port = ""
	}
	return map[string]string{
		"startup_mode": mode, "version": version, "function_mode": "naming", "server_port": port, "auth_enabled": strconv.FormatBool(s.options.Auth.On()),
		"login_page_enabled": "false", "console_ui_enabled": "false",
	}, nil
}

const actuatorMedia = "application/vnd.spring-boot.actuator.v3+json"

// actuator is GET /actuator: what can be asked there.
func (s *Server) actuator(r *request) (answer, *failure) {
	type link struct {
		Reference string `json:"href"`
		Templated bool   `json:"templated"`
	}
	self := "http://" + r.Host + "/nacos/actuator"
	return typedJSON{actuatorMedia, map[string]map[string]link{"_links": {
		"self": {Reference: self}, "health": {Reference: self + "/health"}, "health-path": {Reference: self + "/health/{*path}", Templated: true},
	}}}, nil
}

// actuatorHealth is GET /actuator/health. A node that answers is up.
func (s *Server) actuatorHealth(*request) (answer, *failure) {
	return typedJSON{actuatorMedia, map[string]string{"status": "UP"}}, nil
}
