package sdk

import (
	"encoding/json"

	"muster/nodes/jackson"
	"muster/nodes/plain"
	"muster/nodes/rpc"
)

// ReadPlain reads a registration as most clients send it (see rpc.Plain). To take one in is most of what a node with many clients does, and
// encoding/json takes as long to read it as all else takes.
func (r *InstanceRequest) ReadPlain(body []byte) bool {
	if plain.Members(body, r.member) {
		return true
	}
	*r = InstanceRequest{}
	return false
}

func (r *InstanceRequest) member(name, value []byte) bool {
	switch string(name) {
	case "namespace":
		return readText(&r.Namespace, value)
	case "serviceName":
		return readText(&r.Service, value)
	case "groupName":
		return readText(&r.Group, value)
	case "type":
		return readText(&r.Type, value)
	case "instance":
		if r.Instance != nil { // said twice
			return false
		}
		r.Instance = new(instance)
		return plain.Members(value, r.Instance.member)
	}
	return plain.Foreign(name, "namespace", "serviceName", "groupName", "type", "instance")
}

func (i *instance) member(name, value []byte) bool {
	switch string(name) {
	case "instanceId":
		id, ok := plain.Text(value)
		i.ID = id
		return ok
	case "ip":
		return readText(&i.IP, value)
	case "port":
		return read(&i.Port, value)
	case "weight":
		return read(&i.Weight, value)
	case "healthy":
		return read(&i.Healthy, value)
	case "enabled":
		return read(&i.Enabled, value)
	case "ephemeral":
		return read(&i.Ephemeral, value)
	case "clusterName":
		return readText(&i.Cluster, value)
	case "metadata":
		return i.Metadata == nil && readTexts(&i.Metadata, value)
	case "serviceName":
		return readText(&i.Service, value)
	}
	return plain.Foreign(name, "instanceId", "ip", "port", "weight", "healthy", "enabled", "ephemeral", "clusterName", "metadata", "serviceName")
}

func readText(into **string, value []byte) bool {
	text, ok := plain.Text(value)
	*into = &text
	return ok
}

// read has a scalar read what stands there: null is for encoding/json, which does not always ask.
func read(into json.Unmarshaler, value []byte) bool {
	return value[0] != 'n' && into.UnmarshalJSON(value) == nil
}

func readTexts(into *jackson.Texts, value []byte) bool {
	texts := jackson.Texts{}
	*into = texts
	return plain.Members(value, func(name, value []byte) bool {
		text, ok := plain.Text(value)
		texts[string(name)] = text
		return ok
	})
}

var _ rpc.Plain = &InstanceRequest{}
