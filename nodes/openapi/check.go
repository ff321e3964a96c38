package openapi

import (
	"net/http"
	"regexp"
	"strings"
	"unicode/utf16"
)

// Limits of the parameter check (Nacos: ParamCheckRule). Lengths count UTF-16 units, as Java does.
const (
	maxShowName  = 256
	maxNamespace = 64
	maxService   = 512
	maxGroup     = 128
	maxCluster   = 64
	maxIP        = 128
	maxPort      = 65535
	maxMetadata  = 1024
)

var (
	showNamePattern  = regexp.MustCompile(`^[^@#$%^&*]+$`)
	namespacePattern = regexp.MustCompile(`^[\w-]+$`)
	groupPattern     = regexp.MustCompile(`^[a-zA-Z0-9-_:.]*$`)
	clusterPattern   = regexp.MustCompile(`^[0-9a-zA-Z-_]+$`)
	chinesePattern   = regexp.MustCompile(`[\x{4e00}-\x{9fa5}\s]`)
)

// checked are the values that the parameter check looks at; blank ones are not looked at.
type checked struct {
	showName, namespace, service, group, ip, port string
	clusters                                      []string
	metadata                                      map[string]string
}

// checkedOf gathers them. Metadata that do not parse fail here, in the words of the filter around the check.
func (r *request) checkedOf() (checked, *failure) {
	c := checked{namespace: r.raw("namespaceId"), service: r.raw("serviceName"), group: r.raw("groupName"), ip: r.raw("ip"), port: r.raw("port")}
	if c.port == "" {
		c.port = r.raw("checkPort")
	}
	if group, name, grouped := strings.Cut(c.service, "@@"); grouped {
		c.group, c.service = group, name
	}
	for _, name := range []string{"clusterName", "cluster"} {
		if cluster := r.raw(name); strings.TrimSpace(cluster) != "" {
			c.clusters = append(c.clusters, cluster)
			break
		}
	}
	if clusters := r.raw("clusters"); strings.TrimSpace(clusters) != "" {
		c.clusters = strings.Split(clusters, ",")
	}
	if text := r.raw("metadata"); strings.TrimSpace(text) != "" {
		metadata, err := parseMetadata(text)
		if err != nil {
			return c, r.filterFailed("ErrCode:400, ErrMsg:"+err.Error(), err)
		}
		c.metadata = metadata
	}
	return c, nil
}

// filterFailed is a filter's exception. Under /v1/ns the routing filter is around the check and reports it in its own words.
func (r *request) filterFailed(text string, cause error) *failure {
	if r.versionOne() {
		text = "Server failed, caused: " + text + ";caused: " + cause.Error() + ";"
	}
	return page(http.StatusInternalServerError, text)
}

// checkNaming is the parameter check of the naming API.
func (r *request) checkNaming() *failure {
	c, failed := r.checkedOf()
	if failed != nil {
		return failed
	}
	return c.check()
}

// checkList is that of GET /v2/ns/instance/list, which looks at nothing but the service (Nacos:
// NamingInstanceListHttpParamExtractor).
func (r *request) checkList() *failure {
	c := checked{namespace: r.raw("namespaceId"), service: r.raw("serviceName"), group: r.raw("groupName")}
	if group, name, grouped := strings.Cut(c.service, "@@"); grouped {
		c.group, c.service = group, name
	}
	return c.check()
}

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
	return checked{showName: r.raw("namespaceName"), namespace: id}.check()
}

// check refuses what no request may hold, the first in this order (Nacos: DefaultParamChecker.checkParamInfoFormat).
func (c checked) check() *failure {
	problem := func(name, what string) *failure { return illegal("Param '" + name + "' is illegal, " + what) }
	const characters = "illegal characters should not appear in the param."
	blank := func(value string) bool { return strings.TrimSpace(value) == "" }
	tooLong := func(name, value string, limit string, most int) *failure {
		if !blank(value) && units(value) > most {
			return problem(name, "the param length should not exceed "+limit+".")
		}
		return nil
	}
	if failed := tooLong("namespaceShowName", c.showName, "256", maxShowName); failed != nil {
		return failed
	}
	if !blank(c.showName) && !showNamePattern.MatchString(c.showName) {
		return problem("namespaceShowName", characters)
	}
	if failed := tooLong("namespaceId/tenant", c.namespace, "64", maxNamespace); failed != nil {
		return failed
	}
	if !blank(c.namespace) && !namespacePattern.MatchString(c.namespace) {
		return problem("namespaceId/tenant", characters)
	}
	if failed := tooLong("serviceName", c.service, "512", maxService); failed != nil {
		return failed
	}
	if !blank(c.service) && (strings.HasPrefix(c.service, "@") || strings.Contains(c.service, "@@") || chinesePattern.MatchString(c.service)) {
		return problem("serviceName", characters)
	}
	if failed := tooLong("group", c.group, "128", maxGroup); failed != nil {
		return failed
	}
	if !blank(c.group) && !groupPattern.MatchString(c.group) {
		return problem("group", characters)
	}
	for _, cluster := range c.clusters {
		if failed := tooLong("cluster", cluster, "64", maxCluster); failed != nil {
			return failed
		}
		if !clusterPattern.MatchString(cluster) {
			return problem("cluster", characters)
		}
	}
	if failed := tooLong("ip", c.ip, "128", maxIP); failed != nil {
		return failed
	}
	if !blank(c.ip) && chinesePattern.MatchString(c.ip) {
		return problem("ip", characters)
	}
	if !blank(c.port) {
		if port, err := parseJavaInt(c.port); err != nil || port < 0 || port > maxPort {
			return problem("port", "the value should be between 0 and 65535.")
		}
	}
	total := 0
	for name, value := range c.metadata {
		total += units(name) + units(value)
	}
	if total > maxMetadata {
		return problem("Metadata", "the param length should not exceed 1024.")
	}
	return nil
}

// units is a text's length in UTF-16 units.
func units(text string) int {
	n := 0
	for _, c := range text {
		n += max(utf16.RuneLen(c), 1)
	}
	return n
}
