package scenarios

import "strings"

// looksLike says whether somebody who typed one name may have meant the other: one is part of the other, they share a word, or a
// few letters differ.
func looksLike(typed, name string) bool {
	if typed == "" {
		return false
	}
	if strings.Contains(name, typed) || strings.Contains(typed, name) {
		return true
	}
	for _, word := range strings.FieldsFunc(typed, func(r rune) bool { return r == '-' || r == '_' || r == ' ' }) {
		for _, part := range strings.Split(name, "-") {
			if len(word) > 3 && distance(word, part) <= 1 {
				return true
			}
		}
	}
	return distance(typed, name) <= max(2, len(name)/4)
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
