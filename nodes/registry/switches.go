package registry

// Switches are the settings that an operator changes at run time for the whole cluster (Nacos: SwitchDomain, replicated as
// naming_persistent_service). The node obeys those in Switches itself; Nacos's other ones are kept and shown, so that an
// operator's tools see what they wrote.
type Switches struct {
	// ClientBeatInterval that the answer to a beat asks clients for, in ms.
	ClientBeatInterval int64 `json:"clientBeatInterval"`
	// DefaultPushCacheMillis is the cacheMillis of a list.
	DefaultPushCacheMillis int64 `json:"defaultPushCacheMillis"`
	// HealthCheckEnabled off: no instance turns unhealthy or is removed for want of beats.
	HealthCheckEnabled bool `json:"healthCheckEnabled"`
	// LightBeatEnabled is told to clients with the answer to a beat.
	LightBeatEnabled bool `json:"lightBeatEnabled"`
	// DefaultInstanceEphemeral is the kind of an instance whose registration does not say.
	DefaultInstanceEphemeral bool `json:"defaultInstanceEphemeral"`
	// DistroEnabled off: every node answers for everything.
	DistroEnabled bool `json:"distroEnabled"`

	AutoChangeHealthCheckEnabled bool         `json:"autoChangeHealthCheckEnabled"`
	CheckTimes                   int          `json:"checkTimes"`
	DefaultCacheMillis           int64        `json:"defaultCacheMillis"`
	DisableAddIP                 bool         `json:"disableAddIP"`
	DistroThreshold              float32      `json:"distroThreshold"`
	EnableAuthentication         bool         `json:"enableAuthentication"`
	EnableStandalone             bool         `json:"enableStandalone"`
	HTTPHealth                   HealthParams `json:"httpHealthParams"`
	// LimitedURLs are never changed, but replaced, as Masters are.
	LimitedURLs map[string]int `json:"limitedUrlMap"`
	Masters     []string       `json:"masters"`
	MySQLHealth HealthParams   `json:"mysqlHealthParams"`
	// OverriddenServerStatus is nil until somebody sets it.
	OverriddenServerStatus                  *string      `json:"overriddenServerStatus"`
	PushCSharpVersion                       string       `json:"pushCSharpVersion"`
	PushCVersion                            string       `json:"pushCVersion"`
	PushEnabled                             bool         `json:"pushEnabled"`
	PushGoVersion                           string       `json:"pushGoVersion"`
	PushJavaVersion                         string       `json:"pushJavaVersion"`
	PushPythonVersion                       string       `json:"pushPythonVersion"`
	SendBeatOnly                            bool         `json:"sendBeatOnly"`
	ServerStatusSynchronizationPeriodMillis int64        `json:"serverStatusSynchronizationPeriodMillis"`
	ServiceStatusSynchronizationPeriod      int64        `json:"serviceStatusSynchronizationPeriodMillis"`
	TCPHealth                               HealthParams `json:"tcpHealthParams"`
}

// HealthParams bound how often a kind of health check runs: times in ms, and how much of the last interval is kept.
type HealthParams struct {
	Max    int     `json:"max"`
	Min    int     `json:"min"`
	Factor float32 `json:"factor"`
}

// DefaultSwitches are those of a new cluster.
func DefaultSwitches() Switches {
	return Switches{
		AutoChangeHealthCheckEnabled: true, CheckTimes: 3, ClientBeatInterval: 5000, DefaultCacheMillis: 3000,
		DefaultInstanceEphemeral: true, DefaultPushCacheMillis: 10000, DistroEnabled: true, DistroThreshold: 0.7,
		EnableStandalone: true, HealthCheckEnabled: true, LightBeatEnabled: true, LimitedURLs: map[string]int{}, PushEnabled: true,
		HTTPHealth:    HealthParams{Max: 5000, Min: 500, Factor: 0.85},
		TCPHealth:     HealthParams{Max: 5000, Min: 1000, Factor: 0.75},
		MySQLHealth:   HealthParams{Max: 3000, Min: 2000, Factor: 0.65},
		PushGoVersion: "0.1.0", PushJavaVersion: "0.1.0", PushPythonVersion: "0.4.3", PushCVersion: "1.0.12", PushCSharpVersion: "0.9.0",
		ServerStatusSynchronizationPeriodMillis: 2000, ServiceStatusSynchronizationPeriod: 5000,
	}
}

// Switches returns the switches as they stand.
func (r *Registry) Switches() Switches {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.switches
}

// setSwitches replaces them.
func (r *Registry) setSwitches(switches Switches) {
	r.switches = switches
	if switches.PushEnabled {
		r.release()
	}
}
