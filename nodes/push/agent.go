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
	numbers, least := versionOf(stated), versionOf(version)
	return slices.Compare(numbers[:], least[:]) >= 0
}

// versionOf reads the numbers that the first three parts of a version begin with; 0 for one that is not there (Jackson:
// VersionUtil.parseVersion).
func versionOf(text string) (numbers [3]int) {
	parts := strings.FieldsFunc(text, func(c rune) bool { return strings.ContainsRune("-_./;:", c) })
	for i := range min(len(parts), len(numbers)) {
		digits := parts[i][:len(parts[i])-len(strings.TrimLeft(parts[i], "0123456789"))]
		numbers[i], _ = strconv.Atoi(digits) // no digits are none
	}
	return numbers
}
