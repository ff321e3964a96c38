package openapi

import (
	"net/http"
	"strings"
	"sync"
	"time"
)

// meter counts what was answered, and how long it took. It knows paths only by the table of routes, so that whoever asks for ever new ones does
// not fill it.
type meter struct {
	mu      sync.Mutex
	answers map[answered]duration
}

// answered is a kind of answers.
type answered struct {
	method, path string
	status       int
}

// duration is how long answers of a kind took.
type duration struct {
	count        uint64
	sum, longest time.Duration
}

func newMeter() *meter { return &meter{answers: map[answered]duration{}} }

// note counts an answer.
func (m *meter) note(kind answered, took time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	d := m.answers[kind]
	m.answers[kind] = duration{d.count + 1, d.sum + took, max(d.longest, took)}
}

// metered answers a request and counts the answer.
func (s *Server) metered(w http.ResponseWriter, r *http.Request) {
	began, noting := time.Now(), &statusWriter{ResponseWriter: w, status: http.StatusOK}
	s.serve(noting, r)
	s.meter.note(answered{methodLabel(r.Method), s.pathLabel(r.URL.Path), noting.status}, time.Since(began))
}

// pathLabel is a path as metrics name it, below /nacos (Micrometer: WebMvcTags.uri); "/**" is every other.
func (s *Server) pathLabel(path string) string {
	path, _ = strings.CutPrefix(path, "/nacos")
	path = strings.TrimSuffix(path, "/")
	if _, known := s.routes[path]; known {
		return path
	}
	if strings.HasPrefix(path, statusesPath) {
		return statusesPath + "{key}"
	}
	return "/**"
}

// methodLabel is a method as metrics name it: those that HTTP knows.
func methodLabel(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "UNKNOWN"
}

// outcome is what a status means (Micrometer: Outcome).
func outcome(status int) string {
	switch status / 100 {
	case 1:
		return "INFORMATIONAL"
	case 2:
		return "SUCCESS"
	case 3:
		return "REDIRECTION"
	case 4:
		return "CLIENT_ERROR"
	case 5:
		return "SERVER_ERROR"
	}
	return "UNKNOWN"
}

// statusWriter notes the status of an answer.
type statusWriter struct {
	http.ResponseWriter
	status int
}

// WriteHeader notes it.
func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap is for http.ResponseController.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
