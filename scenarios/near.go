package scenarios

import "strings"

// near are the names that somebody who typed another may have meant: those that differ by few letters, or else those of which it
// is a part or with which it shares a word.
func near(typed string, names []string) []string {
	misspelt := func(name string) bool { return distance(typed, name) <= max(2, len(name)/4) }
	for _, looksLike := range []func(string) bool{misspelt, func(name string) bool { return sharesWord(typed, name) }} {
		var found []string
		for _, name := range names {
			if looksLike(name) {
				found = append(found, name)
			}
		}
		if len(found) > 0 {
			return found
		}
	}
	return nil
}

// sharesWord says whether one name is part of the other, or nearly the same word stands in both.
func sharesWord(typed, name string) bool {
	if typed != "" && (strings.Contains(name, typed) || strings.Contains(typed, name)) {
		return true
	}
	for _, word := range strings.FieldsFunc(typed, func(r rune) bool { return r == '-' || r == '_' || r == ' ' }) {
		for _, part := range strings.Split(name, "-") {
			if len(word) > 3 && distance(word, part) <= 1 {
				return true
			}
		}
	}
	return false
}

// distance is how many letters must be put in, taken out or replaced to make one text of another (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(diagonal+cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// joinOr is "a", "a or b", "a, b or c".
func joinOr(names []string) string {
	last := len(names) - 1
	if last == 0 {
		return names[0]
	}
	return strings.Join(names[:last], ", ") + " or " + names[last]
}
