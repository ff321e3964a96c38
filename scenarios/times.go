package scenarios

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"
)

// nanoseconds ends the keys of durations in JSON.
const nanoseconds = "_ns"

// timesOfText lets people write the durations of a scenario as text: where a value of type t has a duration under a key such as at_ns,
// the key may be without _ns and the value a Go duration, "15s". The result is the same JSON in nanoseconds. Where raw is not of t's form
// it stays as it is, for the decoder to refuse. Errors name the key, by its path from the top.
func timesOfText(raw json.RawMessage, t reflect.Type, path string) (json.RawMessage, error) {
	switch t.Kind() {
	case reflect.Pointer:
		return timesOfText(raw, t.Elem(), path)
	case reflect.Slice:
		var items []json.RawMessage
		if json.Unmarshal(raw, &items) != nil || items == nil {
			return raw, nil
		}
		for i := range items {
			var err error
			if items[i], err = timesOfText(items[i], t.Elem(), fmt.Sprintf("%s[%d]", path, i)); err != nil {
				return nil, err
			}
		}
		return json.Marshal(items)
	case reflect.Struct:
		var members map[string]json.RawMessage
		if json.Unmarshal(raw, &members) != nil || members == nil {
			return raw, nil
		}
		for _, field := range reflect.VisibleFields(t) {
			if err := timesOfField(members, field, path); err != nil {
				return nil, err
			}
		}
		return json.Marshal(members)
	}
	return raw, nil
}

// timesOfField does so for a field of the object that has these members.
func timesOfField(members map[string]json.RawMessage, field reflect.StructField, path string) error {
	key, _, _ := strings.Cut(field.Tag.Get("json"), ",")
	if field.Type != reflect.TypeFor[time.Duration]() {
		value, there := members[key]
		if !there {
			return nil
		}
		value, err := timesOfText(value, field.Type, strings.TrimPrefix(path+"."+key, "."))
		members[key] = value
		return err
	}
	short, counted := strings.CutSuffix(key, nanoseconds)
	value, there := members[short]
	if !counted || !there {
		return nil
	}
	path = strings.TrimPrefix(path+"."+short, ".")
	for other := range members {
		if strings.EqualFold(other, key) {
			return fmt.Errorf("%s and %s%s: want one of them", path, path, nanoseconds)
		}
	}
	var text string
	if err := json.Unmarshal(value, &text); err != nil {
		return fmt.Errorf(`%s: %s: want a duration as text, such as "15s", or nanoseconds as %s`, path, value, key)
	}
	duration, err := time.ParseDuration(text)
	if err != nil {
		return fmt.Errorf(`%s: %q: want a duration such as "15s", "1m30s" or "250ms"`, path, text)
	}
	delete(members, short)
	members[key], err = json.Marshal(duration)
	return err
}
