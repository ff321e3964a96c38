package restructure

import (
	"bytes"
	"errors"
	"fmt"
)

// The sections that matter here.
const (
	sectionCustom   = 0
	sectionType     = 1
	sectionFunction = 3
	sectionGlobal   = 6
	sectionExport   = 7
	sectionCode     = 10
)

// header begins every module: the magic word and version 1.
const header = "\x00asm\x01\x00\x00\x00"

// exportGlobal says that what is exported is a global.
const exportGlobal = 3

type section struct {
	id   byte
	data []byte
}

// module is a WebAssembly module taken apart as far as is needed here.
type module struct {
	sections []section

	enterable  map[uint32]bool // the types that are func(i32) i32, which are those of all functions that take PC_B
	parameters []int           // of each type, how many
	types      []uint32        // of the functions
	bodies     [][]byte        // likewise
}

func parse(wasm []byte) (*module, error) {
	if !bytes.HasPrefix(wasm, []byte(header)) {
		return nil, errors.New("it does not begin like a WebAssembly module, version 1")
	}
	m := &module{enterable: map[uint32]bool{}}
	r := reader{data: wasm, at: len(header)}
	for r.more() {
		s := section{id: r.byte(), data: r.sized()}
		if r.err != nil {
			break
		}
		m.sections = append(m.sections, s)
		content := &reader{data: s.data}
		switch s.id {
		case sectionType:
			m.readTypes(content)
		case sectionFunction:
			for n := content.u32(); n > 0 && content.err == nil; n-- {
				m.types = append(m.types, content.u32())
			}
		case sectionCode:
			for n := content.u32(); n > 0 && content.err == nil; n-- {
				m.bodies = append(m.bodies, content.sized())
			}
		}
		if content.err != nil {
			return nil, fmt.Errorf("section %d: %w", s.id, content.err)
		}
	}
	if r.err != nil {
		return nil, fmt.Errorf("after section %d: %w", len(m.sections), r.err)
	}
	if len(m.types) != len(m.bodies) {
		return nil, fmt.Errorf("it declares %d functions and holds %d", len(m.types), len(m.bodies))
	}
	for i, t := range m.types {
		if int(t) >= len(m.parameters) {
			return nil, fmt.Errorf("function %d is of type %d, of which there are %d", i, t, len(m.parameters))
		}
	}
	return m, nil
}

func (m *module) readTypes(r *reader) {
	for n, i := r.u32(), uint32(0); i < n && r.err == nil; i++ {
		start := r.at
		if form := r.byte(); form != 0x60 {
			r.fail(fmt.Errorf("type %d is no function but 0x%02x", i, form))
			return
		}
		m.parameters = append(m.parameters, len(r.sized())) // a byte each
		r.sized()                                           // results
		if r.err == nil && string(r.data[start:r.at]) == "\x60\x01\x7f\x01\x7f" {
			m.enterable[i] = true
		}
	}
}

// custom returns the content of the custom section of that name.
func (m *module) custom(name string) (reader, bool) {
	for _, s := range m.sections {
		if s.id == sectionCustom {
			r := reader{data: s.data}
			if string(r.sized()) == name && r.err == nil {
				return r, true
			}
		}
	}
	return reader{}, false
}

// goVersion is the version of Go that made the module, from its section "producers"; "" if it does not say.
func (m *module) goVersion() string {
	r, _ := m.custom("producers")
	for fields := r.u32(); fields > 0 && r.err == nil; fields-- {
		field := string(r.sized())
		for values := r.u32(); values > 0 && r.err == nil; values-- {
			name, version := string(r.sized()), string(r.sized())
			if field == "language" && name == "Go" && r.err == nil {
				return version
			}
		}
	}
	return ""
}

// section returns the section with that number; nil if there is none.
func (m *module) section(id byte) *section {
	for i := range m.sections {
		if m.sections[i].id == id {
			return &m.sections[i]
		}
	}
	return nil
}

func (m *module) encode() []byte {
	size := len(header)
	for _, s := range m.sections {
		size += 6 + len(s.data)
	}
	out := append(make([]byte, 0, size), header...)
	for _, s := range m.sections {
		out = appendSized(append(out, s.id), s.data)
	}
	return out
}
