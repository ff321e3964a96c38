package restructure

import (
	"fmt"
	"strings"
)

// GoVersion is the version of the compiler whose habits this package knows.
const GoVersion = "go1.26"

// Stats say what became of a module's functions.
type Stats struct {
	Functions  int // all that it has
	Structured int // have a new body
	Straight   int // needed none: there is no br_table in them
	Left       int // stayed as they are: their form was not foreseen
}

// Module rewrites a module that the compiler of GoVersion made. The error of any other module says what is wrong with it.
func Module(wasm []byte) ([]byte, Stats, error) {
	m, err := parseGo(wasm)
	if err != nil {
		return nil, Stats{}, fmt.Errorf("restructuring a WebAssembly module: %w", err)
	}
	stats := Stats{Functions: len(m.bodies)}
	code := appendU32(nil, len(m.bodies))
	for i, body := range m.bodies {
		if m.enterable[m.types[i]] {
			body = stats.count(simplify(body))
		} else {
			stats.Straight++
		}
		code = appendSized(code, body)
	}
	if section := m.section(sectionCode); section != nil {
		section.data = code
	}
	return m.encode(), stats, nil
}

// parseGo takes a module apart that the compiler of GoVersion made.
func parseGo(wasm []byte) (*module, error) {
	m, err := parse(wasm)
	if err != nil {
		return nil, err
	}
	if version := m.goVersion(); version != GoVersion && !strings.HasPrefix(version, GoVersion+".") {
		return nil, fmt.Errorf("it was made by %q, but want one that Go %s.x made, whose habits this knows", version, GoVersion)
	}
	return m, nil
}

// count returns what becomes of a body, and counts it.
func (s *Stats) count(body []byte) []byte {
	function, err := decodeBody(body)
	if err == nil && !function.dispatches() {
		s.Straight++
		return body
	}
	if err == nil {
		if shape := takeApart(function); shape != nil {
			s.Structured++
			return analyse(shape).structured()
		}
	}
	s.Left++
	return body
}
