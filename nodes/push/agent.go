package push

import (
	"slices"
	"strconv"
	"strings"

	"muster/nodes/registry"
)

// javaAgent is how a Java client calls itself, before ":v" and its version.
const javaAgent = "Nacos-Java-Client"

// Takes says whether a client that calls itself so takes pushes over UDP, as the switches have it (Nacos: UdpPushService.canEnablePush,
// ClientInfo).
func Takes(agent string, switches registry.Switches) bool {
	if !switches.PushEnabled {
		return false
	}
	for _, kind := range []struct{ prefix, least string }{
		{javaAgent, switches.PushJavaVersion}, {"Nacos-Go-Client", switches.PushGoVersion},
		{"Nacos-C-Client", switches.PushCVersion}, {"vip-client4cpp", switches.PushCVersion},
		{"Nacos-DNS", switches.PushPythonVersion}, {"Nacos-CSharp-Client", switches.PushCSharpVersion},
	} {
		if strings.HasPrefix(agent, kind.prefix) {
			return atLeast(agent, kind.least)
		}
	}
	return false
}

// KnowsGroups says whether a client is one of Java from 1.0.0 on, to which Nacos 1.x shows names with their groups (Nacos 1.x:
// InstanceController.doSrvIpxt).
func KnowsGroups(agent string) bool {
	return strings.HasPrefix(agent, javaAgent) && atLeast(agent, "1.0.0")
}

func atLeast(agent, version string) bool {
	_, stated, _ := strings.Cut(agent, ":v")
	return slices.Compare(versionOf(stated), versionOf(version)) >= 0
}

// versionOf reads up to three numbers between points; nil where there is none.
func versionOf(text string) []int {
	var numbers []int
	for part := range strings.SplitSeq(text, ".") {
		n, err := strconv.Atoi(part)
		if err != nil || len(numbers) == 3 {
			break
		}
		numbers = append(numbers, n)
	}
	return numbers
}
