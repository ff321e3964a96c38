package openapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"muster/nodes/jackson"
	"muster/nodes/registry"
)

// switchEntries says how each entry of PUT /operator/switches is set. Entries and fields are not always named alike (Nacos:
// SwitchEntry, SwitchManager.update).
var switchEntries = map[string]func(*registry.Switches, string) error{
	"autoChangeHealthCheckEnabled": boolean(func(s *registry.Switches) *bool { return &s.AutoChangeHealthCheckEnabled }),
	"defaultInstanceEphemeral":     boolean(func(s *registry.Switches) *bool { return &s.DefaultInstanceEphemeral }),
	"disableAddIP":                 boolean(func(s *registry.Switches) *bool { return &s.DisableAddIP }),
	"distro":                       boolean(func(s *registry.Switches) *bool { return &s.DistroEnabled }),
	"check":                        boolean(func(s *registry.Switches) *bool { return &s.HealthCheckEnabled }),
	"lightBeatEnabled":             boolean(func(s *registry.Switches) *bool { return &s.LightBeatEnabled }),
	"pushEnabled":                  boolean(func(s *registry.Switches) *bool { return &s.PushEnabled }),
	"sendBeatOnly":                 boolean(func(s *registry.Switches) *bool { return &s.SendBeatOnly }),

	"clientBeatInterval": atLeast(0, "", func(s *registry.Switches) *int64 { return &s.ClientBeatInterval }),
	"pushCacheMillis":    atLeast(10000, "min cache time for http or tcp", func(s *registry.Switches) *int64 { return &s.DefaultPushCacheMillis }),
	"defaultCacheMillis": atLeast(1000, "min default cache time ", func(s *registry.Switches) *int64 { return &s.DefaultCacheMillis }),
	"serviceStatusSynchronizationPeriodMillis": atLeast(5000, "serviceStatusSynchronizationPeriodMillis",
		func(s *registry.Switches) *int64 { return &s.ServiceStatusSynchronizationPeriod }),
	"serverStatusSynchronizationPeriodMillis": atLeast(15000, "serverStatusSynchronizationPeriodMillis",
		func(s *registry.Switches) *int64 { return &s.ServerStatusSynchronizationPeriodMillis }),

	"distroThreshold":        setDistroThreshold,
	"healthCheckTimes":       setCheckTimes,
	"limitedUrlMap":          setLimitedURLs,
	"pushVersion":            setPushVersion,
	"httpHealthParams":       health(func(s *registry.Switches) *registry.HealthParams { return &s.HTTPHealth }),
	"tcpHealthParams":        health(func(s *registry.Switches) *registry.HealthParams { return &s.TCPHealth }),
	"mysqlHealthParams":      health(func(s *registry.Switches) *registry.HealthParams { return &s.MySQLHealth }),
	"enableStandalone":       setStandalone,
	"masters":                setMasters,
	"overriddenServerStatus": setOverriddenStatus,
}

// setStandalone turns it off with an empty value, and ignores any other: Nacos asks for the opposite of what it means.
func setStandalone(s *registry.Switches, value string) error {
	if value == "" {
		s.EnableStandalone = false
	}
	return nil
}

func setMasters(s *registry.Switches, value string) error {
	s.Masters = splitJava(value, ",")
	return nil
}

func setOverriddenStatus(s *registry.Switches, value string) error {
	if value == "null" {
		value = ""
	}
	s.OverriddenServerStatus = &value
	return nil
}

// setLimitedURLs reads "/path:status,…"; an empty value changes nothing.
func setLimitedURLs(s *registry.Switches, value string) error {
	if value == "" {
		return nil
	}
	limited := map[string]int{}
	for _, entry := range splitJava(value, ",") {
		parts := splitJava(entry, ":")
		if len(parts) < 2 {
			return errors.New("invalid input for limited urls")
		}
		if parts[0] == "" {
			return errors.New("url can not be empty, url: ")
		}
		status, err := parseJavaInt(parts[1])
		if err != nil {
			return err
		}
		if status <= 0 {
			return fmt.Errorf("illegal normal status code: %d", status)
		}
		limited[parts[0]] = status
	}
	s.LimitedURLs = limited
	return nil
}

// boolean sets a switch that is on or off.
func boolean(field func(*registry.Switches) *bool) func(*registry.Switches, string) error {
	return func(s *registry.Switches, value string) error {
		*field(s) = equalsTrue(value)
		return nil
	}
}

// atLeast sets a time in ms that has a least value.
func atLeast(least int64, name string, field func(*registry.Switches) *int64) func(*registry.Switches, string) error {
	return func(s *registry.Switches, value string) error {
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			return numberError(value)
		}
		if n < least {
			return fmt.Errorf("%s is too small(<%d)", name, least)
		}
		*field(s) = n
		return nil
	}
}

func setDistroThreshold(s *registry.Switches, value string) error {
	n, err := parseJavaDouble(value)
	if err != nil {
		return err
	}
	if !(n > 0) {
		return fmt.Errorf("distroThreshold can not be zero or negative: %s", jackson.AppendFloat(nil, float32(n)))
	}
	s.DistroThreshold = float32(n)
	return nil
}

func setCheckTimes(s *registry.Switches, value string) error {
	n, err := parseJavaInt(value)
	if err != nil {
		return err
	}
	s.CheckTimes = n
	return nil
}

const versionPattern = `[0-9]+\.[0-9]+\.[0-9]+`

// setPushVersion sets the least version of a kind of client that takes UDP pushes: "java:1.2.3".
func setPushVersion(s *registry.Switches, value string) error {
	client, version, _ := strings.Cut(value, ":")
	if matched, err := regexp.MatchString("^"+versionPattern+"$", version); err != nil || !matched {
		return errors.New("illegal version, must match: " + versionPattern)
	}
	versions := map[string]*string{
		"java": &s.PushJavaVersion, "python": &s.PushPythonVersion, "c": &s.PushCVersion, "go": &s.PushGoVersion, "csharp": &s.PushCSharpVersion,
	}
	field, known := versions[client]
	if !known {
		return errors.New("unsupported client type: " + client)
	}
	*field = version
	return nil
}

// health sets how often a kind of health check runs.
func health(field func(*registry.Switches) *registry.HealthParams) func(*registry.Switches, string) error {
	const leastMin, leastMax = 500, 3000
	return func(s *registry.Switches, value string) error {
		var params registry.HealthParams
		switch err := json.Unmarshal([]byte(value), &params); {
		case err != nil:
			//lint:ignore ST1005 Nacos says it with its full stop
			return errors.New("json param invalid.")
		case params.Min < leastMin:
			return fmt.Errorf("min check time for http or tcp is too small(<%d)", leastMin)
		case params.Max < leastMax:
			return fmt.Errorf("max check time for http or tcp is too small(<%d)", leastMax)
		case !(params.Factor >= 0 && params.Factor <= 1):
			return errors.New("malformed factor")
		}
		*field(s) = params
		return nil
	}
}
