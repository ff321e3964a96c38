package openapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"

	"muster/nodes/jsonscan"
)

// parseMetadata reads metadata as a JSON object of texts, numbers and booleans, or as k=v pairs separated by commas (Nacos:
// UtilsAndCommons.parseMetadata). Blanks belong to keys and values. A null value drops its key, at every node alike; Nacos keeps
// it at the owner and drops it elsewhere. JSON null is no metadata.
func parseMetadata(text string) (map[string]string, error) {
	malformed := errors.New("metadata format incorrect:" + text)
	metadata := map[string]string{}
	if strings.TrimSpace(text) == "" {
		return metadata, nil
	}
	if texts, ok := scanTexts(text); ok {
		return texts, nil
	}
	if object, err := jsonObject(text); err == nil {
		for name, value := range object {
			if string(value) == "null" {
				continue
			}
			word, err := jsonWord(value)
			if err != nil {
				return nil, malformed
			}
			metadata[name] = word
		}
		return metadata, nil
	}
	for _, pair := range splitJava(text, ",") {
		parts := splitJava(pair, "=")
		if len(parts) != 2 {
			return nil, malformed
		}
		metadata[parts[0]] = parts[1]
	}
	return metadata, nil
}

// scanTexts reads a JSON object of texts, as nearly all metadata are; not ok: they are something else.
func scanTexts(text string) (texts map[string]string, ok bool) {
	s := jsonscan.New([]byte(text))
	texts = s.Texts()
	return texts, s.Ended()
}

// jsonObject reads a JSON object, or null as an empty one.
func jsonObject(text string) (map[string]json.RawMessage, error) {
	var object map[string]json.RawMessage
	decoder := json.NewDecoder(strings.NewReader(text))
	if err := decoder.Decode(&object); err != nil {
		return nil, err
	}
	return object, nil
}

// jsonWord is a JSON scalar as the text that Jackson makes of it.
func jsonWord(value json.RawMessage) (string, error) {
	value = bytes.TrimSpace(value)
	switch value[0] {
	case '"':
		var text string
		err := json.Unmarshal(value, &text)
		return text, err
	case '{', '[':
		return "", errors.New("want a text, a number or a boolean")
	}
	return string(value), nil
}

// splitJava splits as String.split does: empty parts at the end are dropped.
func splitJava(text, separator string) []string {
	parts := strings.Split(text, separator)
	for len(parts) > 1 && parts[len(parts)-1] == "" {
		parts = parts[:len(parts)-1]
	}
	return parts
}
