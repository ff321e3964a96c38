package model

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"unicode/utf8"
)

// AppendJSON appends the record as one line of a history without its end, byte for byte what encoding/json makes of it but for what that
// escapes because of HTML. It is written by hand since a workload writes two records for every operation, and reflection cost as much as
// the request itself. The error is that of a weight that JSON cannot hold.
func (r Record) AppendJSON(to []byte) ([]byte, error) {
	to = append(to, '{')
	if r.T != 0 {
		to = append(to, `"t":`...)
		to = append(strconv.AppendInt(to, int64(r.T), 10), ',')
	}
	to = append(to, `"client":`...)
	to = appendString(to, r.Client)
	to = appendNumber(to, "op", r.Op)
	to = appendNumber(to, "repeats", r.Repeats)
	to = appendField(to, "phase", string(r.Phase))
	to = appendField(to, "call", string(r.Call))
	to = appendSome(to, "node", r.Node)
	if r.Service != (Service{}) {
		to = appendField(to, "service", r.Service.String())
	}
	if r.Ephemeral {
		to = append(to, `,"ephemeral":true`...)
	}
	var err error
	if r.Instance != nil {
		to = append(to, `,"instance":`...)
		if to, err = r.Instance.appendJSON(to); err != nil {
			return to, err
		}
	}
	to = appendSome(to, "read", string(r.Read))
	if r.Instances != nil {
		to = append(to, `,"instances":[`...)
		for i, instance := range r.Instances {
			if i > 0 {
				to = append(to, ',')
			}
			if to, err = instance.appendJSON(to); err != nil {
				return to, err
			}
		}
		to = append(to, ']')
	}
	to = appendNumber(to, "status", int64(r.Status))
	to = appendSome(to, "error", r.Error)
	return append(to, '}'), nil
}

func (i *Instance) appendJSON(to []byte) ([]byte, error) {
	to = append(to, `{"ip":`...)
	to = appendString(to, i.IP)
	to = append(to, `,"port":`...)
	to = strconv.AppendInt(to, int64(i.Port), 10)
	to = appendField(to, "cluster", i.Cluster)
	to = append(to, `,"weight":`...)
	if whole := int64(i.Weight); whole != 0 && float64(whole) == i.Weight && -1e15 < i.Weight && i.Weight < 1e15 {
		to = strconv.AppendInt(to, whole, 10)
	} else {
		weight, err := json.Marshal(i.Weight)
		if err != nil {
			return to, fmt.Errorf("weight of %s: %w", i.Key(), err)
		}
		to = append(to, weight...)
	}
	to = append(to, `,"healthy":`...)
	to = strconv.AppendBool(to, i.Healthy)
	to = append(to, `,"enabled":`...)
	to = strconv.AppendBool(to, i.Enabled)
	to = append(to, `,"ephemeral":`...)
	to = strconv.AppendBool(to, i.Ephemeral)
	if len(i.Metadata) > 0 {
		before := `,"metadata":{`
		for _, key := range slices.Sorted(maps.Keys(i.Metadata)) {
			to = append(to, before...)
			to = append(appendString(to, key), ':')
			to = appendString(to, i.Metadata[key])
			before = ","
		}
		to = append(to, '}')
	}
	return append(to, '}'), nil
}

// appendField appends a field that is not the first, appendSome and appendNumber one that is left out if there is nothing to say.
func appendField(to []byte, name, value string) []byte {
	to = append(append(append(to, `,"`...), name...), `":`...)
	return appendString(to, value)
}

func appendSome(to []byte, name, value string) []byte {
	if value == "" {
		return to
	}
	return appendField(to, name, value)
}

func appendNumber(to []byte, name string, value int64) []byte {
	if value == 0 {
		return to
	}
	to = append(append(append(to, `,"`...), name...), `":`...)
	return strconv.AppendInt(to, value, 10)
}

// appendString appends a JSON string.
func appendString(to []byte, text string) []byte {
	to = append(to, '"')
	clean := 0 // up to here, text is written
	for i := 0; i < len(text); {
		c := text[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		char, size := utf8.DecodeRuneInString(text[i:])
		to = append(to, text[clean:i]...)
		to = appendCharacter(to, text[i:i+size], char, size)
		i += size
		clean = i
	}
	return append(append(to, text[clean:]...), '"')
}

// appendCharacter appends one that may have to be escaped.
func appendCharacter(to []byte, text string, char rune, size int) []byte {
	const digits = "0123456789abcdef"
	switch {
	case char == '"' || char == '\\':
		return append(to, '\\', byte(char))
	case char == '\n':
		return append(to, '\\', 'n')
	case char == '\r':
		return append(to, '\\', 'r')
	case char == '\t':
		return append(to, '\\', 't')
	case char == '\b':
		return append(to, '\\', 'b')
	case char == '\f':
		return append(to, '\\', 'f')
	case char < ' ':
		return append(to, '\\', 'u', '0', '0', digits[char>>4], digits[char&15])
	case char == utf8.RuneError && size == 1:
		return append(to, `\ufffd`...)
	case char == '\u2028' || char == '\u2029': // they end lines in JavaScript
		return append(to, '\\', 'u', '2', '0', '2', digits[char&15])
	}
	return append(to, text...)
}
