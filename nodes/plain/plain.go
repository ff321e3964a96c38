package plain

import (
	"strings"
	"unicode/utf8"
)

// deepest is how many objects and lists may be within each other.
const deepest = 32

// Members calls each with the members of an object, one after another: the name, and the value as it stands there, which is right in
// itself. It returns false for what is no plain object, or as soon as each does.
func Members(text []byte, each func(name, value []byte) bool) bool {
	r := reader{text: text}
	r.blanks()
	return r.members(each, 0) && r.ended()
}

// Items calls each with the values of a list, as Members does.
func Items(text []byte, each func(value []byte) bool) bool {
	r := reader{text: text}
	r.blanks()
	return r.items(each, 0) && r.ended()
}

// Text is what a value of Members or Items says, if it is a text.
func Text(value []byte) (text string, ok bool) {
	if len(value) < 2 || value[0] != '"' {
		return "", false
	}
	return string(value[1 : len(value)-1]), true
}

// Foreign says whether a name is another than all of these, also to a reader to whom capitals are like small letters, as encoding/json is.
func Foreign(name []byte, known ...string) bool {
	for _, k := range known {
		if len(k) == len(name) && strings.EqualFold(k, string(name)) {
			return false
		}
	}
	return true
}

// reader is a place in a text.
type reader struct {
	text []byte
	at   int
}

func (r *reader) blanks() {
	for r.at < len(r.text) && (r.text[r.at] == ' ' || r.text[r.at] == '\n' || r.text[r.at] == '\r' || r.text[r.at] == '\t') {
		r.at++
	}
}

// ended says whether nothing follows.
func (r *reader) ended() bool {
	r.blanks()
	return r.at == len(r.text)
}

// next says whether a character comes next, and passes it.
func (r *reader) next(c byte) bool {
	if r.at < len(r.text) && r.text[r.at] == c {
		r.at++
		return true
	}
	return false
}

func (r *reader) members(each func(name, value []byte) bool, depth int) bool {
	return r.list('{', '}', depth, func() bool {
		start := r.at
		if !r.quoted() {
			return false
		}
		name := r.text[start+1 : r.at-1]
		r.blanks()
		if !r.next(':') {
			return false
		}
		r.blanks()
		start = r.at
		return r.value(depth+1) && (each == nil || each(name, r.text[start:r.at]))
	})
}

func (r *reader) items(each func(value []byte) bool, depth int) bool {
	return r.list('[', ']', depth, func() bool {
		start := r.at
		return r.value(depth+1) && (each == nil || each(r.text[start:r.at]))
	})
}

// list reads what stands between two brackets, separated by commas.
func (r *reader) list(open, closed byte, depth int, entry func() bool) bool {
	if depth > deepest || !r.next(open) {
		return false
	}
	if r.blanks(); r.next(closed) {
		return true
	}
	for entry() {
		r.blanks()
		if !r.next(',') {
			return r.next(closed)
		}
		r.blanks()
	}
	return false
}

func (r *reader) value(depth int) bool {
	if r.at == len(r.text) {
		return false
	}
	switch r.text[r.at] {
	case '"':
		return r.quoted()
	case '{':
		return r.members(nil, depth)
	case '[':
		return r.items(nil, depth)
	case 't':
		return r.word("true")
	case 'f':
		return r.word("false")
	case 'n':
		return r.word("null")
	}
	return r.number()
}

func (r *reader) word(word string) bool {
	if len(r.text)-r.at < len(word) || string(r.text[r.at:r.at+len(word)]) != word {
		return false
	}
	r.at += len(word)
	return true
}

// quoted reads a text that has no escapes.
func (r *reader) quoted() bool {
	if !r.next('"') {
		return false
	}
	start, ascii := r.at, true
	for ; r.at < len(r.text); r.at++ {
		switch c := r.text[r.at]; {
		case c == '"':
			r.at++
			return ascii || utf8.Valid(r.text[start:r.at])
		case c == '\\' || c < ' ':
			return false
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	return false
}

// number reads a number (RFC 8259, section 6).
func (r *reader) number() bool {
	r.next('-')
	if !r.next('0') && !r.digits() {
		return false
	}
	if r.next('.') && !r.digits() {
		return false
	}
	if r.next('e') || r.next('E') {
		if !r.next('+') {
			r.next('-')
		}
		return r.digits()
	}
	return true
}

// digits reads one at least.
func (r *reader) digits() bool {
	start := r.at
	for r.at < len(r.text) && r.text[r.at] >= '0' && r.text[r.at] <= '9' {
		r.at++
	}
	return r.at > start
}
