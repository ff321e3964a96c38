package jackson

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// AppendText writes a text as JSON.
func AppendText(b []byte, text string) []byte {
	for i := 0; i < len(text); i++ {
		if c := text[i]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			encoded, err := json.Marshal(text)
			if err != nil { // no text fails to encode
				return append(b, `""`...)
			}
			return append(b, encoded...)
		}
	}
	return append(append(append(b, '"'), text...), '"')
}

// AppendMap writes a map as a JSON object, keys in order.
func AppendMap(b []byte, m map[string]string) []byte {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	b = append(b, '{')
	for i, name := range names {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(AppendText(b, name), ':')
		b = AppendText(b, m[name])
	}
	return append(b, '}')
}

// AppendDouble writes a number as Java's Double.toString does: always with a point, with an exponent below 0.001 and from ten million
// on; what is no number is a text.
func AppendDouble(b []byte, value float64) []byte { return appendNumber(b, value, 64) }

// AppendFloat writes a number as Java's Float.toString does.
func AppendFloat(b []byte, value float32) []byte { return appendNumber(b, float64(value), 32) }

func appendNumber(b []byte, value float64, bits int) []byte {
	switch {
	case math.IsNaN(value):
		return append(b, `"NaN"`...)
	case math.IsInf(value, 1):
		return append(b, `"Infinity"`...)
	case math.IsInf(value, -1):
		return append(b, `"-Infinity"`...)
	}
	format := byte('E')
	if size := math.Abs(value); value == 0 || size >= 1e-3 && size < 1e7 {
		format = 'f'
	}
	digits, exponent, scientific := strings.Cut(strconv.FormatFloat(value, format, -1, bits), "E")
	b = append(b, digits...)
	if !strings.ContainsRune(digits, '.') {
		b = append(b, ".0"...)
	}
	if scientific {
		power, _ := strconv.Atoi(exponent) // FormatFloat wrote it
		b = strconv.AppendInt(append(b, 'E'), int64(power), 10)
	}
	return b
}
