package jsonscan

import (
	"iter"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// deepest is how deep objects and lists that nobody asked for may stand in each other.
const deepest = 32

// Scanner reads one JSON text, value after value. Once it has given up, every value is the zero value and every object and list has
// ended. Make one with New.
type Scanner struct {
	text []byte
	at   int
	// odd: it has given up.
	odd bool
}

// New makes a scanner of a text, which must not change while it reads.
func New(text []byte) *Scanner { return &Scanner{text: text} }

// Ended tells whether all of the text was read, and there is nothing behind it but blanks.
func (s *Scanner) Ended() bool {
	s.blanks()
	return !s.odd && s.at == len(s.text)
}

// giveUp has encoding/json read the text.
func (s *Scanner) giveUp() { s.odd, s.at = true, len(s.text) }

// blanks skips them, and returns the character behind; 0 if there is none.
func (s *Scanner) blanks() byte {
	for ; s.at < len(s.text); s.at++ {
		switch c := s.text[s.at]; c {
		case ' ', '\t', '\r', '\n':
		default:
			return c
		}
	}
	return 0
}

// take takes a character if it comes next.
func (s *Scanner) take(c byte) bool {
	if s.blanks() != c {
		return false
	}
	s.at++
	return true
}

// want takes a character that has to come next.
func (s *Scanner) want(c byte) {
	if !s.take(c) {
		s.giveUp()
	}
}

// more tells whether another element comes in an object or a list that ends with a character, and takes what is before it.
func (s *Scanner) more(first bool, end byte) bool {
	if s.take(end) {
		return false
	}
	if !first {
		s.want(',')
	}
	return !s.odd
}

// Object reads an object. It goes through those of its fields that have one of the names, 64 at most; the value of each has to be read
// before the next. Others are skipped.
func (s *Scanner) Object(names []string) iter.Seq[string] {
	return func(yield func(string) bool) {
		s.want('{')
		var seen uint64
		for first := true; s.more(first, '}'); first = false {
			name := s.raw()
			s.want(':')
			which := slices.IndexFunc(names, func(known string) bool { return known == string(name) })
			if which < 0 {
				if slices.ContainsFunc(names, func(known string) bool { return strings.EqualFold(known, string(name)) }) {
					s.giveUp() // encoding/json takes it for that one
				}
				s.skip(0)
				continue
			}
			if seen&(1<<which) != 0 {
				s.giveUp() // the two are laid over each other, or the latter counts
			}
			seen |= 1 << which
			if s.odd || !yield(names[which]) {
				return
			}
		}
	}
}

// List reads a list. It goes through the places of its elements; the element at each has to be read before the next.
func (s *Scanner) List() iter.Seq[int] {
	return func(yield func(int) bool) {
		s.want('[')
		for i := 0; s.more(i == 0, ']'); i++ {
			if !yield(i) {
				return
			}
		}
	}
}

// Texts reads an object of texts.
func (s *Scanner) Texts() map[string]string {
	texts := map[string]string{}
	s.want('{')
	for first := true; s.more(first, '}'); first = false {
		name := s.Text()
		s.want(':')
		texts[name] = s.Text()
	}
	return texts
}

// Text reads a text.
func (s *Scanner) Text() string { return string(s.raw()) }

// raw reads a text without escapes, which stands in JSON as it is.
func (s *Scanner) raw() []byte {
	s.want('"')
	ascii := true
	for from, i := s.at, s.at; i < len(s.text); i++ {
		switch c := s.text[i]; {
		case c == '"':
			s.at = i + 1
			if raw := s.text[from:i]; ascii || utf8.Valid(raw) {
				return raw
			}
			s.giveUp() // encoding/json mends it
			return nil
		case c == '\\' || c < ' ':
			s.giveUp()
			return nil
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	s.giveUp()
	return nil
}

// Int reads a whole number.
func (s *Scanner) Int() int { return int(s.whole(strconv.IntSize)) }

// Int64 reads a whole number of 64 bits.
func (s *Scanner) Int64() int64 { return s.whole(64) }

func (s *Scanner) whole(bits int) int64 {
	number, err := strconv.ParseInt(string(s.number()), 10, bits)
	if err != nil {
		s.giveUp()
		return 0
	}
	return number
}

// Float reads a number.
func (s *Scanner) Float() float64 {
	number, err := strconv.ParseFloat(string(s.number()), 64)
	if err != nil {
		s.giveUp()
		return 0
	}
	return number
}

// number reads a number as it stands there, if it is one by JSON's grammar.
func (s *Scanner) number() []byte {
	s.blanks()
	from := s.at
	s.follows('-')
	if whole := s.at; s.digits() == 0 || s.text[whole] == '0' && s.at > whole+1 {
		s.giveUp()
	}
	if s.follows('.') && s.digits() == 0 {
		s.giveUp()
	}
	if s.follows('e') || s.follows('E') {
		if !s.follows('+') {
			s.follows('-')
		}
		if s.digits() == 0 {
			s.giveUp()
		}
	}
	if s.odd {
		return nil
	}
	return s.text[from:s.at]
}

// follows takes a character if it comes right now.
func (s *Scanner) follows(c byte) bool {
	if s.at == len(s.text) || s.text[s.at] != c {
		return false
	}
	s.at++
	return true
}

// digits takes as many as there are, and counts them.
func (s *Scanner) digits() int {
	from := s.at
	for s.at < len(s.text) && '0' <= s.text[s.at] && s.text[s.at] <= '9' {
		s.at++
	}
	return s.at - from
}

// Bool reads true or false.
func (s *Scanner) Bool() bool {
	if s.blanks() == 't' {
		s.word("true")
		return !s.odd
	}
	s.word("false")
	return false
}

func (s *Scanner) word(word string) {
	if end := s.at + len(word); end <= len(s.text) && string(s.text[s.at:end]) == word {
		s.at = end
		return
	}
	s.giveUp()
}

// Value reads any value, and returns it as it stands there; nil if it gave up.
func (s *Scanner) Value() []byte {
	s.blanks()
	from := s.at
	s.skip(0)
	if s.odd {
		return nil
	}
	return s.text[from:s.at]
}

// skip reads a value for nobody.
func (s *Scanner) skip(depth int) {
	if depth > deepest {
		s.giveUp()
	}
	switch s.blanks() {
	case '{':
		s.at++
		for first := true; s.more(first, '}'); first = false {
			s.raw()
			s.want(':')
			s.skip(depth + 1)
		}
	case '[':
		for range s.List() {
			s.skip(depth + 1)
		}
	case '"':
		s.raw()
	case 't', 'f':
		s.Bool()
	case 'n':
		s.word("null")
	default:
		s.number()
	}
}
