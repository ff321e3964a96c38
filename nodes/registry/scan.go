package registry

import (
	"muster/nodes/jsonscan"
)

// The fields that are read of the commands that come with every operation; see scanCommand.
var (
	commandFields   = []string{"kind", "service", "instance", "metadata_id", "instance_metadata", "service_metadata", "switches", "namespace", "makes_service"}
	instanceFields  = []string{"ip", "port", "cluster", "healthy", "enabled", "weight", "instance_id", "app", "metadata"}
	operatorsFields = []string{"weight", "enabled", "extend"}
)

// scanCommand reads a command about an instance as Encode writes it, in a fraction of the time that encoding/json takes; not ok: it is another,
// or written otherwise.
func scanCommand(text []byte) (c Command, ok bool) {
	s := jsonscan.New(text)
	for field := range s.Object(commandFields) {
		switch field {
		case "kind":
			c.Kind = CommandKind(s.Text())
		case "service":
			if c.Service.UnmarshalText([]byte(s.Text())) != nil {
				return Command{}, false
			}
		case "instance":
			c.Instance = scanPublished(s)
		case "metadata_id":
			c.MetadataID = s.Text()
		case "instance_metadata":
			c.InstanceMetadata = scanInstanceMetadata(s)
		case "makes_service":
			c.MakesService = s.Bool()
		default:
			return Command{}, false
		}
	}
	return c, s.Ended()
}

func scanPublished(s *jsonscan.Scanner) *Published {
	var p Published
	for field := range s.Object(instanceFields) {
		switch field {
		case "ip":
			p.IP = s.Text()
		case "port":
			p.Port = s.Int()
		case "cluster":
			p.Cluster = s.Text()
		case "healthy":
			p.Healthy = s.Bool()
		case "enabled":
			p.Enabled = s.Bool()
		case "weight":
			p.Weight = s.Float()
		case "instance_id":
			p.InstanceID = s.Text()
		case "app":
			p.App = s.Text()
		case "metadata":
			p.Metadata = s.Texts()
		}
	}
	return &p
}

func scanInstanceMetadata(s *jsonscan.Scanner) *InstanceMetadata {
	var m InstanceMetadata
	for field := range s.Object(operatorsFields) {
		switch field {
		case "weight":
			m.Weight = s.Float()
		case "enabled":
			m.Enabled = s.Bool()
		case "extend":
			m.Extend = s.Texts()
		}
	}
	return &m
}
