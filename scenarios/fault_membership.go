package scenarios

import "muster/model/run"

// AddNode starts a spare node of the cluster (Cluster.Spares), which becomes a member.
func AddNode(spare Role) Fault { return Fault{Kind: run.KindAddNode, On: []Role{spare}} }

// RemoveNode takes a node out of the member list and stops it.
func RemoveNode(role Role) Fault { return Fault{Kind: run.KindRemoveNode, On: []Role{role}} }

// ReplaceNode takes a node out and starts a spare in its place.
func ReplaceNode(out, spare Role) Fault {
	return Fault{Kind: run.KindReplaceNode, Sides: [][]Role{{out}, {spare}}}
}

var membershipForms = map[run.Kind]form{
	run.KindAddNode: {words: func(s Strike, list func([]string) string) string {
		return "add " + list(s.Machines) + " to the cluster"
	}},
	run.KindRemoveNode: {words: func(s Strike, list func([]string) string) string {
		return "remove " + list(s.Machines) + " from the cluster"
	}},
	run.KindReplaceNode: {names: namesWay, words: func(s Strike, list func([]string) string) string {
		return "replace " + list(s.Sides[0]) + " by " + list(s.Sides[1])
	}},
}
