package model

import "time"

// Load says what the clients of a run do. A scenario holds one; the stage passes it, as JSON, to the workload program.
type Load struct {
	// EphemeralClients each own one ephemeral instance: they register it, beat, sometimes update or deregister and register it
	// again, and query. PersistentClients each write persistent instances and query them.
	EphemeralClients  int `json:"ephemeral_clients"`
	PersistentClients int `json:"persistent_clients"`
	// EphemeralServices and PersistentServices are how many services the clients of each kind share, in turn.
	EphemeralServices  int `json:"ephemeral_services"`
	PersistentServices int `json:"persistent_services"`
	// OperationsPerSecond of all clients together, without beats and observers.
	OperationsPerSecond float64 `json:"operations_per_second"`
	// ReadShare is the share of operations that are queries, 0 to 1.
	ReadShare float64 `json:"read_share"`
	// ReadModes are drawn from, evenly, for each query of a persistent service. Empty: ReadLinearizable alone.
	ReadModes []ReadMode `json:"read_modes,omitempty"`
	// Timeout after which a request is given up; for a write its outcome is then unknown.
	Timeout time.Duration `json:"timeout_ns"`
	// BeatInterval of ephemeral instances; Nacos's clients use 5 s.
	BeatInterval time.Duration `json:"beat_interval_ns"`
	// ObserveInterval is how often the observer of each node lists each service. 0: no observers.
	ObserveInterval time.Duration `json:"observe_interval_ns"`
	// WarmUp is how long after the start of the workload all clients wait before their first operation.
	WarmUp time.Duration `json:"warm_up_ns"`
	// Stop is when, after the start of the workload, clients invoke no more operations. Beats and observers go on to the end.
	Stop time.Duration `json:"stop_ns"`
	// Silences are times in which an ephemeral client is as good as dead.
	Silences []Silence `json:"silences,omitempty"`
	// Namespace in which everything is registered. Empty: DefaultNamespace.
	Namespace string `json:"namespace,omitempty"`
	// Prefix of service names, so that two runs against one cluster do not meet.
	Prefix string `json:"prefix,omitempty"`
}

// Silence makes one ephemeral client send nothing for a while: its process died, or its machine lost the network.
type Silence struct {
	// Client is the number of the ephemeral client, from 1.
	Client int `json:"client"`
	// From is counted from the start of the workload.
	From time.Duration `json:"from_ns"`
	// For is how long it lasts. 0: to the end of the run.
	For time.Duration `json:"for_ns,omitempty"`
}
