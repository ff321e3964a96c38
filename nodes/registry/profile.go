package registry

import (
	"strconv"
	"strings"
	"time"

	"muster/model"
)

// Profile is a generation of Nacos. What state is differs between the two only in what the methods below say.
type Profile string

// The profiles. The zero value stands for Nacos2.
const (
	// Nacos2: a service is ephemeral or persistent as a whole, and clients own what they publish (Nacos 2.x: naming/core/v2).
	Nacos2 Profile = "nacos2"
	// Nacos1: each instance is ephemeral or persistent by itself, and a service is a list of instances (Nacos 1.x: naming/core).
	Nacos1 Profile = "nacos1"
)

// pushDelay is how long after a change subscribers are told (Nacos 2.x: PushConfig, nacos.naming.push.pushTaskDelay; 1.x:
// PushService.onApplicationEvent).
func (p Profile) pushDelay() time.Duration {
	if p == Nacos1 {
		return time.Second
	}
	return ViewDelay
}

// lease is for how long a subscriber over UDP is told of changes without asking for the list again (Nacos 2.x:
// EphemeralIpPortClientManager.isExpireClient; 1.x: PushService.PushClient.zombie).
func (p Profile) lease() time.Duration {
	if p == Nacos1 {
		return 10 * time.Second
	}
	return emptyClientAge
}

// mixes says whether a service may hold instances of both kinds.
func (p Profile) mixes() bool { return p == Nacos1 }

// clientID names the client that publishes an instance over HTTP. In Nacos 1.x, where there are no clients, each instance of a service
// stands for one: so each is ephemeral or not by itself, and whoever was heard of last wins for each alone.
func (p Profile) clientID(key model.Service, ip string, port int, cluster string, ephemeral bool) string {
	if p != Nacos1 {
		return ClientID(ip, port, ephemeral)
	}
	return MetadataID(ip, port, cluster) + placeMark + key.Namespace + listMark + key.GroupedName() + kindMark + strconv.FormatBool(ephemeral)
}

// What stands in a client's id before the namespace, the name of the service and the kind.
const (
	placeMark = "@"
	listMark  = "##"
	kindMark  = "#"
)

// tagOf is what decides who is responsible for a client: its address, or the service of its instance (Nacos 1.x: DistroMapper is asked
// by the grouped name).
func (p Profile) tagOf(clientID string) string {
	if p == Nacos1 {
		id := clientID[:max(strings.LastIndex(clientID, kindMark), 0)]
		if at := strings.LastIndex(id, listMark); at >= 0 {
			return id[at+len(listMark):]
		}
	}
	return TagOf(clientID)
}

// showsAtOnce says whether a query shows a change before subscribers are told of it.
func (p Profile) showsAtOnce() bool { return p == Nacos1 }

// pushesFirst says whether a new subscriber is shown the service without a change.
func (p Profile) pushesFirst() bool { return p != Nacos1 }

// subscriberID names who subscribes over UDP. In Nacos 2.x it is a client like one that publishes, with one wish a service; in 1.x the
// same socket may have several (PushService.PushClient.toString).
func (p Profile) subscriberID(at Connection, wish Subscription) string {
	if p != Nacos1 {
		return ClientID(at.IP, at.Port, true)
	}
	clusters := ""
	if wish.Clusters != nil {
		clusters = *wish.Clusters
	}
	return strings.Join([]string{Tag(at.IP, at.Port), at.Agent, clusters}, "#") + "#true"
}

// subscriberRevision is that of a client that only subscribes. Not zero: verification tells the peers of it.
func (p Profile) subscriberRevision(c *client) int64 {
	if p == Nacos1 {
		return 0
	}
	return c.contentRevision()
}
