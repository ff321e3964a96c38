package jackson

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Explain says what Jackson finds wrong when it reads a JSON text as a value of a Java type; nil if it finds nothing. It stops behind
// the value, as Jackson does.
func Explain(text string, source Source, as *Type) *Problem {
	r := &reader{text: text, source: source}
	r.skip()
	if r.ended() {
		return &Problem{Class: typeException, Text: "No content to map due to end-of-input", place: r.described(1, 0)}
	}
	return r.value(as)
}

// reader goes through a JSON text.
type reader struct {
	text   string
	source Source
	at     int
	// open are the objects and arrays around, by the offsets of their brackets.
	open []int
}

func (r *reader) ended() bool { return r.at >= len(r.text) }

// skip goes over blanks.
func (r *reader) skip() {
	for !r.ended() && strings.IndexByte(" \t\r\n", r.text[r.at]) >= 0 {
		r.at++
	}
}

// broken is a problem of the JSON itself. Jackson names the place behind what it has read, which is the next character, too.
func (r *reader) broken(format string, arguments ...any) *Problem {
	line, column := r.position(r.at)
	if !r.ended() {
		column++
	}
	return &Problem{Class: parseException, Text: fmt.Sprintf(format, arguments...), place: r.described(line, column)}
}

// end is a text that ends too early.
func (r *reader) end(text string) *Problem {
	r.at = len(r.text)
	return &Problem{Class: endException, Text: "Unexpected end-of-input" + text, place: r.place(r.at)}
}

// unexpected is a character in the wrong place.
func (r *reader) unexpected(wanted string) *Problem {
	char, _ := utf8.DecodeRuneInString(r.text[r.at:])
	if char < ' ' {
		return r.broken("Illegal character ((CTRL-CHAR, code %d)): only regular white space (\\r, \\n, \\t) is allowed between tokens", char)
	}
	return r.broken("Unexpected character ('%c' (code %d))%s", char, char, wanted)
}

// around names the innermost open bracket's kind, and the bracket that closes it.
func (r *reader) around() (name string, closing byte) {
	if r.text[r.open[len(r.open)-1]] == '{' {
		return "Object", '}'
	}
	return "Array", ']'
}

const validValue = ": expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')"

// more goes to the next member of the innermost object or array; false if there is none.
func (r *reader) more(first bool) (more bool, problem *Problem) {
	r.skip()
	name, closing := r.around()
	start := r.open[len(r.open)-1]
	if r.ended() {
		return false, r.end(": expected close marker for " + name + " (start marker at " + r.place(start) + ")")
	}
	switch c := r.text[r.at]; {
	case c == closing:
		r.at++
		r.open = r.open[:len(r.open)-1]
		return false, nil
	case c == ']' || c == '}':
		return false, r.broken("Unexpected close marker '%c': expected '%c' (for %s starting at %s)", c, closing, name, r.place(start))
	case first:
		return true, nil
	case c != ',':
		return false, r.unexpected(": was expecting comma to separate " + name + " entries")
	}
	r.at++
	r.skip()
	if r.ended() {
		problem := r.end(" within/between " + name + " entries")
		problem.Class = parseException // as Jackson has it behind a comma
		return false, problem
	}
	return true, nil
}

// key reads a member's name and the colon behind it.
func (r *reader) key() (name string, problem *Problem) {
	if r.text[r.at] != '"' {
		return "", r.unexpected(": was expecting double-quote to start field name")
	}
	if name, problem = r.quotedText("name", " in field name"); problem != nil {
		return "", problem
	}
	r.skip()
	switch {
	case r.ended():
		return "", r.end(" within/between Object entries")
	case r.text[r.at] != ':':
		return "", r.unexpected(": was expecting a colon to separate field name and value")
	}
	r.at++
	r.skip()
	if r.ended() {
		return "", r.end(" within/between Object entries")
	}
	return name, nil
}

// escapes are the characters that may follow a backslash, and what each stands for.
const (
	escapes = `"\/bfnrt`
	escaped = "\"\\/\b\f\n\r\t"
)

// quotedText reads a text; what names it and unfinished says how Jackson speaks of one that does not end.
func (r *reader) quotedText(what, unfinished string) (string, *Problem) {
	var b strings.Builder
	for r.at++; !r.ended(); r.at++ {
		switch c := r.text[r.at]; {
		case c == '"':
			r.at++
			return b.String(), nil
		case c < ' ':
			return "", r.broken("Illegal unquoted character ((CTRL-CHAR, code %d)): has to be escaped using backslash to be included in %s", c, what)
		case c == '\\':
			if problem := r.escape(&b); problem != nil {
				return "", problem
			}
		default:
			b.WriteByte(c)
		}
	}
	return "", r.end(unfinished)
}

// escape reads what follows a backslash, up to its last character.
func (r *reader) escape(into *strings.Builder) *Problem {
	r.at++
	if r.ended() {
		return r.end(" in character escape sequence")
	}
	c := r.text[r.at]
	if i := strings.IndexByte(escapes, c); i >= 0 {
		into.WriteByte(escaped[i])
		return nil
	}
	if c != 'u' {
		char, _ := utf8.DecodeRuneInString(r.text[r.at:])
		return r.broken("Unrecognized character escape '%c' (code %d)", char, char)
	}
	code := rune(0)
	for range 4 {
		r.at++
		if r.ended() {
			return r.end(" in character escape sequence")
		}
		digit, err := strconv.ParseUint(r.text[r.at:r.at+1], 16, 8)
		if err != nil {
			return r.unexpected(": expected a hex-digit for character escape sequence")
		}
		code = code<<4 | rune(digit)
	}
	into.WriteRune(code)
	return nil
}

// token is a value's beginning: an object's or array's bracket, or a whole scalar.
type token struct {
	start int
	// name is Jackson's JsonToken, kind what its messages call it.
	name, kind string
	// text is what a scalar says.
	text string
}

// depthLimit is how many objects and arrays may be within each other, as in encoding/json. Jackson 2.13 itself has no limit.
const depthLimit = 10000

// next reads a token where a value must be.
func (r *reader) next() (t token, problem *Problem) {
	t.start = r.at
	switch c := r.text[r.at]; {
	case (c == '{' || c == '[') && len(r.open) == depthLimit:
		return t, r.broken("More than %d objects and arrays within each other", depthLimit)
	case c == '{' || c == '[':
		r.open = append(r.open, r.at)
		r.at++
		if c == '{' {
			t.name, t.kind = "START_OBJECT", "Object value"
		} else {
			t.name, t.kind = "START_ARRAY", "Array value"
		}
		return t, nil
	case c == '"':
		t.name, t.kind = "VALUE_STRING", "String value"
		unfinished := ": was expecting closing quote for a string value"
		if r.source != FromText {
			unfinished = " in VALUE_STRING"
		}
		t.text, problem = r.quotedText("string value", unfinished)
		return t, problem
	case c == '-' || c == '+' || c >= '0' && c <= '9':
		return r.number()
	case len(r.open) == 0 && (c == '}' || c == ']'):
		return t, r.broken("Unexpected close marker '%c': expected '%c' (for root starting at %s)", c, '}'+']'-c, r.described(1, 0))
	case c == '}' || c == ',' && len(r.open) == 0 && r.source != FromText:
		return t, r.unexpected(": expected a value")
	case c == '/':
		return t, r.unexpected(": maybe a (non-standard) comment? (not recognized as one since Feature 'ALLOW_COMMENTS' not enabled for parser)")
	}
	return r.word()
}

// word reads null, true or false.
func (r *reader) word() (t token, problem *Problem) {
	t.start = r.at
	rest := r.text[r.at:]
	length := strings.IndexFunc(rest, func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) && c != '_' && c != '$' })
	if length < 0 {
		length = len(rest)
	}
	t.text = rest[:length]
	switch t.text {
	case "":
		return t, r.unexpected(validValue)
	case "null":
		t.name = "VALUE_NULL"
	case "true", "false":
		t.name, t.kind = "VALUE_"+strings.ToUpper(t.text), "Boolean value"
	default:
		return t, r.unrecognised(t.text)
	}
	r.at += length
	return t, nil
}

// tokenLimit is how much of an unrecognised token Jackson reads, in characters.
const tokenLimit = 256

func (r *reader) unrecognised(word string) *Problem {
	r.at += len(word)
	shown := word
	if characters := []rune(word); len(characters) >= tokenLimit {
		shown = string(characters[:tokenLimit])
		r.at += len(shown) - len(word)
		shown += "..."
	}
	text := "Unrecognized token '" + shown + "': was expecting" + strings.TrimPrefix(validValue, ": expected a valid value")
	if word == "NaN" || word == "Infinity" || word == "INF" {
		text = "Non-standard token '" + word + "': enable JsonParser.Feature.ALLOW_NON_NUMERIC_NUMBERS to allow"
	}
	problem := r.broken("%s", text)
	if r.source == FromText || strings.HasPrefix(text, "Non") {
		problem.place = r.place(r.at)
	}
	return problem
}

// digits goes over digits and says how many there were.
func (r *reader) digits() int {
	start := r.at
	for !r.ended() && r.text[r.at] >= '0' && r.text[r.at] <= '9' {
		r.at++
	}
	return r.at - start
}

// number reads a number.
func (r *reader) number() (t token, problem *Problem) {
	t = token{start: r.at, name: "VALUE_NUMBER_INT", kind: "Integer value"}
	if c := r.text[r.at]; c == '-' || c == '+' {
		r.at++
	}
	begin := r.at
	switch count := r.digits(); {
	case count == 0 && r.ended():
		return t, r.numberEnd("No digit following minus sign")
	case count == 0 || r.text[t.start] == '+':
		r.at = begin
		return t, r.unexpected(" in numeric value: expected digit (0-9) to follow minus sign, for valid numeric value")
	case count > 1 && r.text[begin] == '0':
		r.at = begin
		return t, r.broken("Invalid numeric value: Leading zeroes not allowed")
	}
	if !r.ended() && r.text[r.at] == '.' {
		r.at++
		if problem := r.fraction("Decimal point not followed by a digit", "Decimal point not followed by a digit"); problem != nil {
			return t, problem
		}
		t.name, t.kind = "VALUE_NUMBER_FLOAT", "Floating-point value"
	}
	if !r.ended() && (r.text[r.at] == 'e' || r.text[r.at] == 'E') {
		r.at++
		if !r.ended() && (r.text[r.at] == '-' || r.text[r.at] == '+') {
			r.at++
		}
		if problem := r.fraction("Exponent indicator not followed by a digit", "expected a digit for number exponent"); problem != nil {
			return t, problem
		}
		t.name, t.kind = "VALUE_NUMBER_FLOAT", "Floating-point value"
	}
	t.text = r.text[t.start:r.at]
	return t, nil
}

// numberEnd is a number that ends too early. A stream's reader does not know the token yet.
func (r *reader) numberEnd(text string) *Problem {
	if r.source != FromText {
		text = " in null"
	}
	return r.end(text)
}

// fraction reads the digits that must follow a point or an exponent's sign.
func (r *reader) fraction(wrong, unfinished string) *Problem {
	switch {
	case r.digits() > 0:
		return nil
	case r.ended():
		return r.numberEnd(unfinished)
	}
	problem := r.unexpected(" in numeric value: " + wrong)
	if r.source == FromText {
		problem.place = r.place(r.at)
	}
	return problem
}

// whole says whether a number fits a Java int once its fraction is cut off.
func whole(text string) bool {
	f, err := strconv.ParseFloat(text, 64)
	return err == nil && f > math.MinInt32-1 && f < math.MaxInt32+1
}
