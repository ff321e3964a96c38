package golden

import (
	"net/http"
	"strings"
)

// fields are the names of JSON members that a client acts on. A value counts if each name on the way to it is one of them. Nil: all are.
type fields map[string]bool

// metadata is a member whose own members are the user's, so that all of them count.
const metadata = "metadata"

var (
	// everyField: answers that no SDK asks for are for tools and consoles, which may show all of it.
	everyField fields
	// onlyCode: of a refusal a client reads its code at most; what it says is for people.
	onlyCode = fields{"code": true}
	// sdkFields are what the SDKs read of answers and pushes; the package's comment has the reasons.
	sdkFields = fieldsOf(
		// the envelope: of HTTP v2, of beats, of gRPC
		"code data resultCode errorCode requestId",
		// a service's list of instances
		"name groupName clusters cacheMillis hosts lastRefTime allIPs reachProtectionThreshold",
		// an instance
		"instanceId ip port weight healthy enabled ephemeral clusterName serviceName service metadata",
		// the answer to a beat, and the server's health
		"clientBeatInterval lightBeatEnabled status",
		// services, and one service
		"count doms services protectThreshold selector type expression",
		// gRPC: connections, answers and pushes
		"connectionId serverIp serverPort serviceInfo serviceNames namespace",
	)
)

func fieldsOf(lists ...string) fields {
	all := fields{}
	for _, list := range lists {
		for name := range strings.FieldsSeq(list) {
			all[name] = true
		}
	}
	return all
}

// hold says whether the value at a JSON pointer counts.
func (f fields) hold(at string) bool {
	if f == nil {
		return true
	}
	for name := range strings.SplitSeq(strings.TrimPrefix(at, "/"), "/") {
		if name == metadata && f[metadata] {
			return true
		}
		if !isIndex(name) && !f[name] {
			return false
		}
	}
	return true
}

// free says whether a place is inside of what users name themselves, where nothing may be added either.
func free(at string) bool {
	for name := range strings.SplitSeq(at, "/") {
		if name == metadata {
			return true
		}
	}
	return false
}

func isIndex(name string) bool { return strings.Trim(name, "0123456789") == "" }

// sdkPaths are what SDKs ask for over HTTP, in either version.
var sdkPaths = []string{"/ns/instance", "/ns/service", "/ns/operator/metrics"}

// actedOn are the fields of an HTTP answer that clients act on.
func actedOn(path string, status int) fields {
	if status != http.StatusOK {
		return onlyCode
	}
	_, version, _ := strings.Cut(path, "/nacos/v")
	for _, each := range sdkPaths {
		if len(version) > 1 && strings.HasPrefix(version[1:], each) {
			return sdkFields
		}
	}
	return everyField
}

// sameOutcome says whether a client takes two statuses for the same: it succeeded, or it may not, or it failed.
func sameOutcome(a, b int) bool {
	outcome := func(status int) int {
		switch status {
		case http.StatusOK, http.StatusForbidden:
			return status
		}
		return http.StatusInternalServerError
	}
	return outcome(a) == outcome(b)
}
