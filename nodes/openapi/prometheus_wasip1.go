package openapi

// tableMetrics is empty where nobody reads metrics: a simulated machine pays for whatever its program holds each time it boots, and
// Prometheus's library takes part in that.
func (s *Server) tableMetrics() map[string]map[string]route { return nil }
