package openapi

import (
	"net/http"
	"strings"

	"muster/nodes/paramcheck"
)

// checkedOf gathers them. Metadata that do not parse fail here, in the words of the filter around the check.
func (r *request) checkedOf() (paramcheck.Params, *failure) {
	c := r.checkedService()
	if c.IP, c.Port = r.raw("ip"), r.raw("port"); c.Port == "" {
		c.Port = r.raw("checkPort")
	}
	for _, name := range []string{"clusterName", "cluster"} {
		if cluster := r.raw(name); strings.TrimSpace(cluster) != "" {
			c.Clusters = append(c.Clusters, cluster)
			break
		}
	}
	if clusters := r.raw("clusters"); strings.TrimSpace(clusters) != "" {
		c.Clusters = strings.Split(clusters, ",")
	}
	if text := r.raw("metadata"); strings.TrimSpace(text) != "" {
		metadata, err := parseMetadata(text)
		if err != nil {
			return c, r.filterFailed("ErrCode:400, ErrMsg:"+err.Error(), err)
		}
		c.Metadata = metadata
	}
	return c, nil
}

// checkedService is what is checked of the service that a request names.
func (r *request) checkedService() paramcheck.Params {
	c := paramcheck.Params{Namespace: r.raw("namespaceId"), Service: r.raw("serviceName"), Group: r.raw("groupName")}
	if group, name, grouped := strings.Cut(c.Service, "@@"); grouped {
		c.Group, c.Service = group, name
	}
	return c
}

// filterFailed is a filter's exception. Under /v1/ns the routing filter is around the check and reports it in its own words.
func (r *request) filterFailed(text string, cause error) *failure {
	if r.versionOne() {
		text = "Server failed, caused: " + text + ";" + causes(cause)
	}
	return page(http.StatusInternalServerError, text)
}

// checkNaming is the parameter check of the naming API.
func (r *request) checkNaming() *failure {
	c, failed := r.checkedOf()
	if failed != nil {
		return failed
	}
	return refused(c)
}

// checkList is that of GET /v2/ns/instance/list, which looks at nothing but the service (Nacos:
// NamingInstanceListHttpParamExtractor).
func (r *request) checkList() *failure { return refused(r.checkedService()) }

// checkBeat is that of PUT /v2/ns/instance/beat: what the beat holds is checked, too.
func (r *request) checkBeat() *failure {
	if failed := r.checkNaming(); failed != nil {
		return failed
	}
	beat, failed := r.fullBeat()
	if failed != nil || beat == nil {
		return failed
	}
	return beat.check()
}

// checkBatch is that of /v2/ns/instance/metadata/batch.
func (r *request) checkBatch() *failure {
	if failed := r.checkNaming(); failed != nil {
		return failed
	}
	_, failed := r.batchWanted()
	return failed
}

// checkConsole is the parameter check of the console's namespaces (Nacos: ConsoleDefaultHttpParamExtractor).
func (r *request) checkConsole() *failure {
	id := r.raw("namespaceId")
	if strings.TrimSpace(id) == "" {
		id = r.raw("customNamespaceId")
	}
	return refused(paramcheck.Params{ShowName: r.raw("namespaceName"), Namespace: id})
}

// refused is the first problem of what a request names; nil if there is none.
func refused(p paramcheck.Params) *failure {
	if err := p.Check(); err != nil {
		return illegal(err.Error())
	}
	return nil
}
