package openapi

import (
	"net/http"
	"strconv"
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
	return c, r.checkedMetadata(&c)
}

// checkedMetadata are the metadata that are checked.
func (r *request) checkedMetadata(c *paramcheck.Params) *failure {
	text := r.raw("metadata")
	if strings.TrimSpace(text) == "" {
		return nil
	}
	metadata, err := parseMetadata(text)
	if err != nil {
		return r.filterFailed("ErrCode:400, ErrMsg:"+err.Error(), err)
	}
	c.Metadata = metadata
	return nil
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

// checkList is that of GET /instance/list, which looks at nothing but the service and the clusters that are wanted (Nacos:
// NamingInstanceListHttpParamExtractor).
func (r *request) checkList() *failure {
	c := r.checkedService()
	if clusters := r.raw("clusters"); strings.TrimSpace(clusters) != "" {
		c.Clusters = strings.Split(clusters, ",")
	}
	return refused(c)
}

// checkBeat is that of PUT /instance/beat: what the beat holds is checked, too, but neither the cluster nor the metadata beside it (Nacos:
// NamingInstanceBeatHttpParamExtractor).
func (r *request) checkBeat() *failure {
	c := r.checkedService()
	c.IP, c.Port = r.raw("ip"), r.raw("port")
	if failed := refused(c); failed != nil {
		return failed
	}
	beat, failed := r.fullBeat()
	if failed != nil || beat == nil {
		return failed
	}
	return beat.check()
}

// checkBatch is that of /instance/metadata/batch: the service, the metadata, and each instance that is named (Nacos:
// NamingInstanceMetadataBatchHttpParamExtractor).
func (r *request) checkBatch() *failure {
	c := r.checkedService()
	if failed := r.checkedMetadata(&c); failed != nil {
		return failed
	}
	targets, failed := r.batchWanted()
	if failed != nil {
		return failed
	}
	if failed := refused(c); failed != nil {
		return failed
	}
	for _, target := range targets {
		if failed := refused(paramcheck.Params{IP: target.IP, Port: strconv.Itoa(int(target.Port)), Clusters: []string{target.Cluster}}); failed != nil {
			return failed
		}
	}
	return nil
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
