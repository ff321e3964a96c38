package paramcheck

import (
	"errors"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"muster/nodes/push"
	"muster/nodes/registry"
)

// Limits (Nacos: ParamCheckRule). Lengths count UTF-16 units, as Java does.
const (
	maxShowName  = 256
	maxNamespace = 64
	maxService   = 512
	maxGroup     = 128
	maxCluster   = 64
	maxIP        = 128
	maxMetadata  = 1024
	// MaxPort is the highest port.
	MaxPort = 65535
)

// Params are what is checked; blank ones pass.
type Params struct {
	Namespace, Service, Group, IP, Port string
	// ShowName is that of a namespace.
	ShowName string
	Clusters []string
	Metadata map[string]string
}

// Check returns the first problem, in Nacos's order; nil if there is none.
func (p Params) Check() error {
	for _, c := range []struct {
		name, value string
		most        int
		legal       func(string) bool
	}{
		{"namespaceShowName", p.ShowName, maxShowName, legalShowName},
		{"namespaceId/tenant", p.Namespace, maxNamespace, legalNamespace},
		{"serviceName", p.Service, maxService, legalService},
		{"group", p.Group, maxGroup, legalGroup},
	} {
		if err := checkText(c.name, c.value, c.most, c.legal); err != nil {
			return err
		}
	}
	for _, cluster := range p.Clusters {
		if err := checkText("cluster", cluster, maxCluster, legalNamespace); err != nil {
			return err
		}
	}
	if err := checkText("ip", p.IP, maxIP, legalIP); err != nil {
		return err
	}
	if port, err := strconv.Atoi(p.Port); strings.TrimSpace(p.Port) != "" && (err != nil || port < 0 || port > MaxPort) {
		return problem("port", "the value should be between 0 and "+strconv.Itoa(MaxPort)+".")
	}
	total := 0
	for name, value := range p.Metadata {
		total += units(name) + units(value)
	}
	if total > maxMetadata {
		return tooLong("Metadata", maxMetadata)
	}
	return nil
}

func checkText(name, value string, most int, legal func(string) bool) error {
	switch {
	case strings.TrimSpace(value) == "":
		return nil
	case units(value) > most:
		return tooLong(name, most)
	case !legal(value):
		return problem(name, "illegal characters should not appear in the param.")
	}
	return nil
}

// legalService follows Nacos's ^(?!@).((?!@@)[^\u4E00-\u9FA5\s])*$ to the letter: the first character may be a blank or Chinese.
func legalService(name string) bool {
	_, first := utf8.DecodeRuneInString(name)
	return !strings.HasPrefix(name, "@") && !strings.Contains(name[first:], "@@") && legalIP(name[first:])
}

// legalIP is all that is asked of an address: no blanks, nothing Chinese.
func legalIP(ip string) bool { return !strings.ContainsFunc(ip, isChineseOrBlank) }

// The characters that are legal, as Nacos's regular expressions have them. Each request has its texts checked, and regular expressions take
// ten times as long.
func legalShowName(name string) bool { return !strings.ContainsAny(name, "@#$%^&*") }
func legalNamespace(id string) bool  { return !strings.ContainsFunc(id, isNoWord) }
func legalGroup(group string) bool {
	return !strings.ContainsFunc(group, func(c rune) bool { return isNoWord(c) && c != ':' && c != '.' })
}

// CheckInstance refuses what an instance must not be registered with, about which Check is laxer (Nacos: NamingUtils.checkInstanceIsLegal).
// An empty cluster stands for the default one.
func CheckInstance(metadata map[string]string, cluster string) error {
	interval := push.Millis(metadata, registry.BeatIntervalKey)
	if push.Millis(metadata, registry.BeatTimeoutKey) < interval || push.Millis(metadata, registry.DeleteTimeoutKey) < interval {
		//lint:ignore ST1005 Nacos says it with its full stop
		return errors.New("Instance 'heart beat interval' must less than 'heart beat timeout' and 'ip delete timeout'.")
	}
	if cluster != "" && !LegalCluster(cluster) {
		return errors.New("Instance 'clusterName' should be characters with only 0-9a-zA-Z-. (current: " + cluster + ")")
	}
	return nil
}

// LegalCluster says whether an instance may be registered in a cluster of that name: of 0-9, a-z, A-Z and -.
func LegalCluster(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(c rune) bool { return isNoWord(c) || c == '_' })
}

// isNoWord says whether a character is none of a namespace's id, or of a cluster's name.
func isNoWord(c rune) bool {
	return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_' && c != '-'
}

func isChineseOrBlank(c rune) bool {
	return c >= '\u4e00' && c <= '\u9fa5' || c == ' ' || c >= '\t' && c <= '\r'
}

func tooLong(name string, most int) error {
	return problem(name, "the param length should not exceed "+strconv.Itoa(most)+".")
}

func problem(name, what string) error { return errors.New("Param '" + name + "' is illegal, " + what) }

// units is a text's length in UTF-16 units.
func units(text string) int {
	n := 0
	for _, c := range text {
		n += max(utf16.RuneLen(c), 1)
	}
	return n
}
