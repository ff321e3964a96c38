package reports

import (
	"cmp"
	"slices"

	"muster/model"
	"muster/reports/plots"
)

// listing is one instance in the list of one service.
type listing struct {
	service  model.Service
	instance model.InstanceKey
}

// views follows each node's lists of the ephemeral services, as its observer saw them, and counts at each answer what each
// node lists and what it lacks of the union of all lists. A node that does not answer is left out until it does again.
func (s *story) views() []plots.NodeViews {
	type answer struct {
		operation model.Operation
		node      int
	}
	nodes := s.Run.Nodes()
	var answers []answer
	for _, o := range s.history.Operations() {
		if node := slices.Index(nodes, o.Invoked.Node); o.Invoked.Call == model.Observe && o.Invoked.Ephemeral && node >= 0 {
			answers = append(answers, answer{o, node})
		}
	}
	slices.SortStableFunc(answers, func(a, b answer) int { return cmp.Compare(a.operation.Completed.T, b.operation.Completed.T) })

	lists := make([]map[listing]bool, len(nodes)) // nil: the node's view is not known
	all := make([]plots.NodeViews, len(nodes))
	for i, node := range nodes {
		all[i].Node = node
	}
	for _, a := range answers {
		o := a.operation
		if o.Completed.Phase != model.OK {
			lists[a.node] = nil
		} else {
			if lists[a.node] == nil {
				lists[a.node] = map[listing]bool{}
			}
			for known := range lists[a.node] {
				if known.service == o.Invoked.Service {
					delete(lists[a.node], known)
				}
			}
			for _, instance := range o.Completed.Instances {
				lists[a.node][listing{o.Invoked.Service, instance.Key()}] = true
			}
		}
		union := map[listing]bool{}
		for _, list := range lists {
			for one := range list {
				union[one] = true
			}
		}
		for i, list := range lists {
			now := plots.View{At: o.Completed.T, Known: list != nil, Listed: len(list)}
			if now.Known {
				now.Missing = len(union) - len(list)
			}
			all[i].Views = append(all[i].Views, now)
		}
	}
	return all
}
