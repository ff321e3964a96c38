package jackson

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Source says what Jackson reads from: its readers of texts and of streams count columns, and word some problems, differently.
type Source string

const (
	// FromText is a java.lang.String, which problems quote.
	FromText Source = "(String)"
	// FromBody is the body of an HTTP request, as Spring hands it on.
	FromBody Source = "(org.springframework.util.StreamUtils$NonClosingInputStream)"
)

// The exceptions of Jackson 2.13 that a Problem may be.
const (
	parseException   = "com.fasterxml.jackson.core.JsonParseException"
	endException     = "com.fasterxml.jackson.core.io.JsonEOFException"
	rangeException   = "com.fasterxml.jackson.core.exc.InputCoercionException"
	mappingException = "com.fasterxml.jackson.databind.JsonMappingException"
	typeException    = "com.fasterxml.jackson.databind.exc.MismatchedInputException"
	formatException  = "com.fasterxml.jackson.databind.exc.InvalidFormatException"
)

// Problem is what Jackson finds wrong in a JSON text.
type Problem struct {
	// Class is the exception's Java class.
	Class string
	// Text is what is wrong, without the place.
	Text string
	// Cause is the exception that this one wraps; nil if it wraps none.
	Cause *Problem

	place string
	path  []string
}

// Error is the exception's message: what is wrong, where in the text, and in which member of which object.
func (p *Problem) Error() string {
	message := p.Text + "\n at " + p.place
	if len(p.path) > 0 {
		message += " (through reference chain: " + strings.Join(p.path, "->") + ")"
	}
	return message
}

// Unwrap gives what the exception wraps.
func (p *Problem) Unwrap() error {
	if p.Cause == nil {
		return nil
	}
	return p.Cause
}

// within says which member the problem was met in. What was wrong with the JSON itself is wrapped the first time.
func (p *Problem) within(member string) *Problem {
	switch {
	case p == nil:
		return nil
	case p.Class == parseException || p.Class == endException || p.Class == rangeException:
		return &Problem{Class: mappingException, Text: p.Text, Cause: p, place: p.place, path: []string{member}}
	}
	p.path = append([]string{member}, p.path...)
	return p
}

// quoteLimit is how much of a text its problems quote, in characters.
const quoteLimit = 500

// place describes the byte at an offset of the text, as Jackson's JsonLocation does: columns are counted from 1, in bytes of a stream
// and in UTF-16 units of a text.
func (r *reader) place(offset int) string { return r.described(r.position(offset)) }

func (r *reader) position(offset int) (line, column int) {
	before := r.text[:offset]
	line, start := 1, 0
	for i := 0; i < len(before); i++ {
		if c := before[i]; c == '\n' || c == '\r' && (i+1 == len(before) || before[i+1] != '\n') {
			line, start = line+1, i+1
		}
	}
	if r.source == FromText {
		return line, units(before[start:]) + 1
	}
	return line, offset - start + 1
}

func (r *reader) described(line, column int) string {
	source := string(r.source)
	if r.source == FromText {
		source += quoted(r.text)
	}
	return fmt.Sprintf("[Source: %s; line: %d, column: %d]", source, line, column)
}

// units is a text's length in UTF-16 units.
func units(text string) int {
	count := 0
	for _, char := range text {
		count++
		if char > 0xffff {
			count++
		}
	}
	return count
}

// quoted is a text as the place in it quotes it.
func quoted(text string) string {
	more, count := "", 0
	for i := range text {
		if count == quoteLimit {
			more = fmt.Sprintf("[truncated %d chars]", utf8.RuneCountInString(text[i:]))
			text = text[:i]
			break
		}
		count++
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, char := range text {
		if (char < ' ' || char >= 0x7f && char < 0xa0) && char != '\n' && char != '\r' {
			fmt.Fprintf(&b, `\u%04X`, char)
			continue
		}
		b.WriteRune(char)
	}
	return b.String() + `"` + more
}
