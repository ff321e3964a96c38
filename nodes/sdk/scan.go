package sdk

import (
	"encoding/json"

	"muster/nodes/jsonscan"
	"muster/nodes/rpc"
)

// The fields that are read of a registration; see ReadPlain.
var (
	registrationFields = []string{"requestId", "headers", "namespace", "serviceName", "groupName", "type", "instance"}
	instanceFields     = []string{"instanceId", "ip", "port", "weight", "healthy", "enabled", "ephemeral", "clusterName", "metadata", "serviceName"}
)

// ReadPlain reads a registration as most clients send it (see rpc.Plain). To take one in is most of what a node with many clients does, and
// encoding/json takes as long to read it as all else takes.
func (r *InstanceRequest) ReadPlain(body []byte) bool {
	s := jsonscan.New(body)
	for field := range s.Object(registrationFields) {
		switch field {
		case "requestId":
			r.RequestID = s.Text()
		case "headers":
			r.Headers = s.Texts()
		case "namespace":
			r.Namespace = scanText(s)
		case "serviceName":
			r.Service = scanText(s)
		case "groupName":
			r.Group = scanText(s)
		case "type":
			r.Type = scanText(s)
		case "instance":
			r.Instance = new(instance)
			if !r.Instance.scan(s) {
				*r = InstanceRequest{}
				return false
			}
		}
	}
	if !s.Ended() {
		*r = InstanceRequest{}
		return false
	}
	return true
}

func (i *instance) scan(s *jsonscan.Scanner) bool {
	for field := range s.Object(instanceFields) {
		plain := true
		switch field {
		case "instanceId":
			i.ID = s.Text()
		case "ip":
			i.IP = scanText(s)
		case "port":
			plain = scanInto(&i.Port, s)
		case "weight":
			plain = scanInto(&i.Weight, s)
		case "healthy":
			plain = scanInto(&i.Healthy, s)
		case "enabled":
			plain = scanInto(&i.Enabled, s)
		case "ephemeral":
			plain = scanInto(&i.Ephemeral, s)
		case "clusterName":
			i.Cluster = scanText(s)
		case "metadata":
			i.Metadata = s.Texts()
		case "serviceName":
			i.Service = scanText(s)
		}
		if !plain {
			return false
		}
	}
	return true
}

func scanText(s *jsonscan.Scanner) *string {
	text := s.Text()
	return &text
}

// scanInto has a scalar read what stands there: null is for encoding/json, which does not always ask.
func scanInto(into json.Unmarshaler, s *jsonscan.Scanner) bool {
	value := s.Value()
	return len(value) > 0 && value[0] != 'n' && into.UnmarshalJSON(value) == nil
}

var _ rpc.Plain = &InstanceRequest{}
