package scenarios

import "time"

// drawnTroubles leave to the seed what happens: each seed is another story.
func drawnTroubles() []Scenario {
	anything := &Draw{From: 12 * time.Second, Until: 62 * time.Second, Kinds: sortedKeys(drawings)}
	return []Scenario{
		{
			Name:     "anything-goes",
			Claim:    "Whatever befalls three nodes for 50 s, nothing that was acknowledged is lost or comes back; and left in peace they all come right.",
			Source:   "TigerBeetle's simulator: a safety phase in which anything may break, then a liveness phase in which all that is left must recover.",
			Profiles: []Profile{Nacos2},
			Cluster:  Nodes(3),
			Load:     everyday(70 * time.Second),
			Draw:     anything,
			Lasts:    86 * time.Second,
			Bounds:   settled,
			Expect:   sound,
		},
		{
			Name:     "anything-goes-five",
			Claim:    "Whatever befalls five nodes for 50 s, nothing that was acknowledged is lost or comes back; and left in peace they all come right.",
			Source:   "As anything-goes, with a cluster in which two may be down and three still agree.",
			Profiles: []Profile{Nacos2},
			Cluster:  Nodes(5),
			Load:     everyday(70 * time.Second),
			Draw:     anything,
			Lasts:    86 * time.Second,
			Bounds:   settled,
			Expect:   sound,
		},
	}
}
