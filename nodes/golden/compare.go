package golden

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// compareJSON says how a JSON text differs from the recorded one.
func (s step) compareJSON(want, got []byte) []string {
	var wanted, found any
	if err := decodeNumbers(want, &wanted); err != nil {
		return failed(err)
	}
	if err := decodeNumbers(got, &found); err != nil {
		return []string{fmt.Sprintf("JSON recorded, got %.200q", got)}
	}
	differ := comparison{volatile: s.Volatile, unordered: s.Unordered}
	differ.values(wanted, found, "")
	return differ.found
}

func decodeNumbers(text []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	return decoder.Decode(into)
}

// comparison gathers the differences between two JSON values.
type comparison struct {
	volatile, unordered []string
	found               []string
}

func (c *comparison) values(want, got any, at string) {
	if matches(c.volatile, at) {
		if kind(want) != kind(got) {
			c.add(at, kind(want), kind(got))
		}
		return
	}
	switch want := want.(type) {
	case map[string]any:
		if got, same := got.(map[string]any); same {
			c.objects(want, got, at)
			return
		}
	case []any:
		if got, same := got.([]any); same {
			c.arrays(want, got, at)
			return
		}
	case json.Number:
		if got, same := got.(json.Number); same && kind(want) == kind(got) {
			a, _ := want.Float64()
			b, _ := got.Float64()
			if a == b {
				return
			}
		}
	default:
		if want == got {
			return
		}
	}
	c.add(at, want, got)
}

func (c *comparison) objects(want, got map[string]any, at string) {
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if value, present := got[name]; present {
			c.values(want[name], value, at+"/"+name)
		} else {
			c.add(at+"/"+name, want[name], "(absent)")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(got)) {
		if _, recorded := want[name]; !recorded {
			c.add(at+"/"+name, "(absent)", got[name])
		}
	}
}

func (c *comparison) arrays(want, got []any, at string) {
	if matches(c.unordered, at) {
		want, got = c.sorted(want, at), c.sorted(got, at)
	}
	if len(want) != len(got) {
		c.add(at, fmt.Sprintf("%d items", len(want)), fmt.Sprintf("%d items", len(got)))
	}
	for i := range min(len(want), len(got)) {
		c.values(want[i], got[i], fmt.Sprintf("%s/%d", at, i))
	}
}

// sorted orders a set by its members' scalar fields that are not volatile.
func (c *comparison) sorted(set []any, at string) []any {
	key := func(member any) string {
		fields := map[string]any{}
		if object, isObject := member.(map[string]any); isObject {
			for name, value := range object {
				switch value.(type) {
				case map[string]any, []any:
				default:
					if !slices.Contains(c.volatile, at+"/*/"+name) {
						fields[name] = value
					}
				}
			}
			member = fields
		}
		text, err := json.Marshal(member)
		if err != nil {
			return ""
		}
		return string(text)
	}
	set = slices.Clone(set)
	slices.SortFunc(set, func(a, b any) int { return strings.Compare(key(a), key(b)) })
	return set
}

func (c *comparison) add(at string, want, got any) {
	c.found = append(c.found, fmt.Sprintf("%s: %.200v recorded, got %.200v", at, want, got))
}

// matches says whether one of the patterns is about a place in a JSON value.
func matches(patterns []string, at string) bool {
	for _, pattern := range patterns {
		expression := strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, "[^/]+")
		if matched, err := regexp.MatchString("^"+expression+"$", at); err == nil && matched {
			return true
		}
	}
	return false
}

// kind is a JSON value's type; whole numbers and others are two.
func kind(value any) string {
	if n, isNumber := value.(json.Number); isNumber {
		if strings.ContainsAny(n.String(), ".eE") {
			return "float"
		}
		return "integer"
	}
	return fmt.Sprintf("%T", value)
}
