package jackson

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Int is a Java int: a number, whose fraction is cut off, or a text that holds a whole one; null is 0.
type Int int

// UnmarshalJSON reads it.
func (i *Int) UnmarshalJSON(text []byte) error {
	word, quoted := scalar(text)
	if word == "" || word == "null" && !quoted {
		*i = 0
		return nil
	}
	if n, err := strconv.ParseInt(word, 10, 32); err == nil {
		*i = Int(n)
		return nil
	}
	f, err := strconv.ParseFloat(word, 64)
	if err != nil || quoted || f < math.MinInt32 || f > math.MaxInt32 {
		return fmt.Errorf("%.40s: want a whole number of 32 bits", text)
	}
	*i = Int(f)
	return nil
}

// Double is a Java double: a number or a text that holds one; null is 0.
type Double float64

// UnmarshalJSON reads it.
func (d *Double) UnmarshalJSON(text []byte) error {
	word, quoted := scalar(text)
	if word == "" || word == "null" && !quoted {
		*d = 0
		return nil
	}
	f, err := strconv.ParseFloat(word, 64)
	if err != nil {
		return fmt.Errorf("%.40s: want a number", text)
	}
	*d = Double(f)
	return nil
}

// Bool is a Java boolean: true, false, a whole number of any length that is not 0, or a text that holds one of the words; null is false.
type Bool bool

// UnmarshalJSON reads it.
func (b *Bool) UnmarshalJSON(text []byte) error {
	word, quoted := scalar(text)
	switch word {
	case "true", "True", "TRUE":
		*b = true
		return nil
	case "false", "False", "FALSE", "", "null":
		*b = false
		return nil
	}
	digits := strings.TrimPrefix(word, "-")
	if quoted || digits == "" || strings.Trim(digits, "0123456789") != "" {
		return fmt.Errorf("%.40s: want true or false", text)
	}
	*b = word != "0" && word != "-0"
	return nil
}

// Texts is a Java Map<String, String>: other scalars are taken for their texts. A null among the values is dropped.
type Texts map[string]string

// UnmarshalJSON reads it.
func (t *Texts) UnmarshalJSON(text []byte) error {
	if string(text) == "{}" { // as most are
		*t = Texts{}
		return nil
	}
	var values map[string]json.RawMessage
	if err := json.Unmarshal(text, &values); err != nil {
		return err
	}
	if values == nil {
		*t = nil
		return nil
	}
	*t = make(Texts, len(values))
	for name, value := range values {
		if value[0] == '{' || value[0] == '[' {
			return fmt.Errorf("%q: %.40s: want a text", name, value)
		}
		if word, quoted := scalar(value); quoted || word != "null" {
			(*t)[name] = word
		}
	}
	return nil
}

// scalar is a JSON scalar as a text; quoted says that it was one. A text without blanks around is what numbers are read from.
func scalar(text []byte) (word string, quoted bool) {
	if len(text) > 0 && text[0] == '"' {
		if json.Unmarshal(text, &word) != nil {
			return string(text), true
		}
		return word, true
	}
	return strings.TrimSpace(string(text)), false
}
