package openapi

import (
	"net/http"
	"strings"
	"sync"
	"time"
)

// meter counts what was answered, and how long it took. It knows paths only by the table of routes, so that whoever asks for ever new ones
// does not fill it.
type meter struct {
	began   time.Time
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
	count   uint64
	sum     time.Duration
	longest peak
}

// peakTurn is for how long one place of a peak is filled.
const peakTurn = 20 * time.Second

// peak is the longest of late, so that one slow answer is not shown for ever: of this turn and the two before it (Micrometer: TimeWindowMax, by a
// ring of three and a step of one minute).
type peak [3]struct {
	turn    int64
	longest time.Duration
}

// note takes in a duration, at a time since the beginning.
func (p *peak) note(at, took time.Duration) {
	turn := int64(at / peakTurn)
	place := &p[turn%int64(len(p))]
	if place.turn != turn {
		place.turn, place.longest = turn, 0
	}
	place.longest = max(place.longest, took)
}

// of is the peak at a time since the beginning.
func (p *peak) of(at time.Duration) (longest time.Duration) {
	for _, place := range p {
		if int64(at/peakTurn)-place.turn < int64(len(p)) {
			longest = max(longest, place.longest)
		}
	}
	return longest
}

func newMeter() *meter { return &meter{began: time.Now(), answers: map[answered]duration{}} }

// note counts an answer.
func (m *meter) note(kind answered, took time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	d := m.answers[kind]
	d.count++
	d.sum += took
	d.longest.note(time.Since(m.began), took)
	m.answers[kind] = d
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
