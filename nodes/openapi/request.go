package openapi

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"muster/model"
	"muster/nodes/auth"
)

// bodyLimit is how many bytes of a form are read (Tomcat's maxPostSize: 2 MB; no request of this API needs a tenth of it).
const bodyLimit = 2 << 20

// Long bodies take little of the memory together: more than what is short come in only as long as all of them, with what is made of them,
// leave room.
const (
	shortBody  = 64 << 10
	bodiesRoom = 128 << 20
)

// request is an HTTP request with its parameters.
type request struct {
	*http.Request
	// path is below /nacos, without a slash at its end.
	path string
	// values are the parameters of the query, then those of the form. What counts of several is in repeated.go.
	values url.Values
	// binds says that Spring reads the parameters, and no filter.
	binds bool
	// names are their names in the order in which they came.
	names []string
	// body is what was read of it, for forwarding.
	body []byte
	// answered are the headers of the answer.
	answered http.Header
	// may says whether the sender may read more than what he asked about; nil: he may read everything.
	may func(auth.Resource) bool
}

// read takes the parameters from query and body, that is if a form in the body counts; a connection whose body is too large is closed.
// Escapes that do not parse drop their parameter, as in Tomcat.
func (r *request) read(w http.ResponseWriter, withForm bool) *failure {
	r.values, _ = url.ParseQuery(r.URL.RawQuery) // the error only repeats what was dropped
	r.names = namesIn(r.URL.RawQuery)
	if media := r.Header.Get("Content-Type"); isMultipart(media) && !hasBoundary(media) {
		return r.restFailureOf(errNoBoundary)
	}
	if r.Body == nil || r.Body == http.NoBody {
		return nil
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyLimit))
	var tooBig *http.MaxBytesError
	if errors.As(err, &tooBig) {
		return plain(http.StatusRequestEntityTooLarge, fmt.Sprintf("the body is too large: want at most %d bytes", bodyLimit))
	}
	if err != nil {
		return plain(http.StatusBadRequest, "reading the body: "+err.Error())
	}
	r.body = body
	if !withForm {
		return nil
	}
	form, err := formOf(r.Header.Get("Content-Type"), body)
	if err != nil {
		return r.restFailureOf(err)
	}
	for name, values := range form {
		r.values[name] = append(r.values[name], values...)
	}
	r.names = append(r.names, namesIn(string(body))...)
	return nil
}

// namesIn lists the names in a query, each once, in order.
func namesIn(query string) []string {
	const few = 16 // beyond, looking through all of them would take longer and longer
	var names []string
	var seen map[string]bool
	for pair := range strings.SplitSeq(query, "&") {
		escaped, _, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(escaped)
		if err != nil || seen[name] || seen == nil && slices.Contains(names, name) {
			continue
		}
		names = append(names, name)
		switch {
		case seen != nil:
			seen[name] = true
		case len(names) == few:
			seen = make(map[string]bool, 2*few)
			for _, name := range names {
				seen[name] = true
			}
		}
	}
	return names
}

// formOf decodes a body that holds a form. Any other body has no parameters.
func formOf(contentType string, body []byte) (url.Values, error) {
	media, options, _ := mime.ParseMediaType(contentType) // an unknown type is no form
	switch media {
	case "application/x-www-form-urlencoded":
		form, _ := url.ParseQuery(string(body)) // see read
		return form, nil
	case "multipart/form-data":
		return multipartForm(body, options["boundary"])
	}
	return nil, nil
}

// has says whether a parameter was given, be it empty.
func (r *request) has(name string) bool { _, given := r.values[name]; return given }

// raw is a parameter as it was given, "" if it was not.
func (r *request) raw(name string) string {
	if r.binds {
		return r.joined(name)
	}
	return r.values.Get(name)
}

// required is a trimmed parameter, which must not be empty (Nacos: WebUtils.required).
func (r *request) required(name string) (string, *failure) {
	value := r.raw(name)
	if value == "" {
		return "", plain(http.StatusBadRequest, "Param '"+name+"' is required.")
	}
	return strings.TrimSpace(value), nil
}

// optional is a trimmed parameter; the default where it is absent or blank (Nacos: WebUtils.optional).
func (r *request) optional(name, otherwise string) string {
	if value := strings.TrimSpace(r.raw(name)); value != "" {
		return value
	}
	return otherwise
}

// bound is a parameter that Spring binds, not Nacos: absent it fails in other words.
func (r *request) bound(name string) (string, *failure) {
	if !r.has(name) {
		return "", plain(http.StatusBadRequest, "Parameter '"+name+"' is missing")
	}
	return r.joined(name), nil
}

// boundInt is a bound parameter of type int.
func (r *request) boundInt(name string) (int, *failure) {
	if _, failed := r.bound(name); failed != nil {
		return 0, failed
	}
	value, _, _ := r.convertible(name, javaInteger)
	value = compact(value)
	n, err := parseJavaInt(value)
	if err != nil {
		return 0, conversion("int", "java.lang.NumberFormatException: "+err.Error(), err.Error())
	}
	return n, nil
}

// conversion is how Spring fails to convert a parameter.
func conversion(wanted, nested, cause string) *failure {
	return plain(http.StatusInternalServerError, fmt.Sprintf(
		"caused: Failed to convert value of type 'java.lang.String' to required type '%s'; nested exception is %s;caused: %s;", wanted, nested, cause))
}

// notBoolean is how it fails to convert a text to a boolean.
func notBoolean(text string) *failure {
	problem := "Invalid boolean value [" + text + "]"
	return conversion("boolean", "java.lang.IllegalArgumentException: "+problem, problem)
}

// namespace of the request.
func (r *request) namespace() string { return r.optional("namespaceId", model.DefaultNamespace) }

// cluster is clusterName, or else its alias.
func (r *request) cluster() string {
	return r.optional("clusterName", r.optional("cluster", model.DefaultCluster))
}

// service is the service that the request names; checked by NamingUtils.checkServiceNameFormat.
func (r *request) service() (model.Service, *failure) {
	name, failed := r.required("serviceName")
	if failed != nil {
		return model.Service{}, failed
	}
	return r.grouped(name)
}

// grouped splits a service name of the form group@@name.
func (r *request) grouped(name string) (model.Service, *failure) {
	if problem := nameProblem(name); problem != "" {
		return model.Service{}, plain(http.StatusBadRequest, problem).as(codeInvalid)
	}
	group, bare, _ := strings.Cut(name, "@@")
	return model.Service{Namespace: r.namespace(), Group: group, Name: bare}, nil
}

// nameProblem says what is wrong with a grouped name, "" if nothing (Nacos: NamingUtils.checkServiceNameFormat).
func nameProblem(name string) string {
	group, bare, split := strings.Cut(name, "@@")
	switch {
	case !split || bare == "":
		return "Param 'serviceName' is illegal, it should be format as 'groupName@@serviceName'"
	case group == "":
		return "Param 'serviceName' is illegal, groupName can't be empty"
	}
	return ""
}

// filterName puts the group in front of the service name where it is not there yet (Nacos: ServiceNameFilter).
func (r *request) filterName() *failure {
	name := r.raw("serviceName")
	if strings.TrimSpace(name) == "" {
		return nil
	}
	name = strings.TrimSpace(name)
	if !strings.Contains(name, "@@") {
		group := r.raw("groupName")
		if strings.TrimSpace(group) == "" {
			group = model.DefaultGroup
		}
		name = group + "@@" + name
	}
	if problem := nameProblem(name); problem != "" {
		return page(http.StatusBadRequest, "Service name filter error,caused: "+problem+";")
	}
	r.values.Set("serviceName", name)
	return nil
}
