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

// Difference is one way in which an answer is not as recorded.
type Difference struct {
	// Text says where and how.
	Text string `json:"text"`
	// Minor: no client acts on it.
	Minor bool `json:"minor,omitempty"`
}

// differ is one difference that clients act on.
func differ(format string, arguments ...any) []Difference {
	return []Difference{{Text: fmt.Sprintf(format, arguments...)}}
}

// minor is one difference that no client acts on.
func minor(format string, arguments ...any) []Difference {
	return []Difference{{Text: fmt.Sprintf(format, arguments...), Minor: true}}
}

// failed is the difference that something did not work at all; none if it did.
func failed(err error) []Difference {
	if err == nil {
		return nil
	}
	return differ("%v", err)
}

// alike says whether clients would notice none of the differences.
func alike(found []Difference) bool {
	return !slices.ContainsFunc(found, func(d Difference) bool { return !d.Minor })
}

// json says how a JSON text differs from the recorded one, for clients that act on these fields.
func (c comparing) json(want, got []byte, acted fields) []Difference {
	var wanted, found any
	if err := decodeNumbers(want, &wanted); err != nil {
		return failed(err)
	}
	if err := decodeNumbers(got, &found); err != nil {
		return differ("JSON recorded, got %.200q", got)
	}
	both := comparison{comparing: c, acted: acted}
	both.values(wanted, found, "")
	return both.found
}

func decodeNumbers(text []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	return decoder.Decode(into)
}

// comparison gathers the differences between two JSON values.
type comparison struct {
	comparing
	acted fields
	// loosely: the order of lists, and members that no client reads, do not matter.
	loosely bool
	found   []Difference
}

func (c *comparison) values(want, got any, at string) {
	if matches(c.Volatile, at) {
		if kind(want) != kind(got) {
			c.add(at, kind(want), kind(got), isNumber(want) && isNumber(got))
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
		if got, same := got.(json.Number); same {
			a, _ := want.Float64()
			b, _ := got.Float64()
			if a == b {
				if kind(want) != kind(got) {
					c.add(at, want, got, true)
				}
				return
			}
		}
	default:
		if want == got {
			return
		}
	}
	c.add(at, want, got, false)
}

func (c *comparison) objects(want, got map[string]any, at string) {
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if value, present := got[name]; present {
			c.values(want[name], value, at+"/"+name)
		} else {
			c.add(at+"/"+name, want[name], "(absent)", want[name] == nil)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(got)) {
		if _, recorded := want[name]; !recorded {
			c.add(at+"/"+name, "(absent)", got[name], !free(at))
		}
	}
}

func (c *comparison) arrays(want, got []any, at string) {
	set := matches(c.Unordered, at)
	found := c.items(want, got, at, set, c.loosely)
	if !alike(found) && !set && alike(c.items(want, got, at, true, true)) {
		for i := range found {
			found[i].Minor = true // another order
		}
	}
	c.found = append(c.found, found...)
}

// items compares lists item by item, or sets after they have been sorted.
func (c *comparison) items(want, got []any, at string, set, loosely bool) []Difference {
	each := comparison{comparing: c.comparing, acted: c.acted, loosely: loosely}
	if set {
		want, got = each.sorted(want, at), each.sorted(got, at)
	}
	if len(want) != len(got) {
		each.add(at, fmt.Sprintf("%d items", len(want)), fmt.Sprintf("%d items", len(got)), false)
	}
	for i := range min(len(want), len(got)) {
		each.values(want[i], got[i], fmt.Sprintf("%s/%d", at, i))
	}
	if set && !loosely && !alike(each.found) && alike(c.items(want, got, at, true, true)) {
		for i := range each.found {
			each.found[i].Minor = true // sorted by what no client reads
		}
	}
	return each.found
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
					if !slices.Contains(c.Volatile, at+"/*/"+name) && !(c.loosely && !c.acted.hold(at+"/"+name)) {
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

func (c *comparison) add(at string, want, got any, minor bool) {
	c.found = append(c.found, Difference{
		Text:  fmt.Sprintf("%s: %.200v recorded, got %.200v", at, want, got),
		Minor: minor || !c.acted.hold(at),
	})
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

func isNumber(value any) bool {
	_, is := value.(json.Number)
	return is
}
