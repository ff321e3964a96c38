package run

import (
	"regexp"
	"strings"
)

// bareWord is a word that shells take as it stands.
var bareWord = regexp.MustCompile(`^[a-zA-Z0-9_@%+=:,./-]+$`)

// CommandLine writes the words of a command so that it can be pasted into a shell (POSIX, XCU 2.2): what a shell would split or expand stands in
// quotes.
func CommandLine(words ...string) string {
	written := make([]string, len(words))
	for i, word := range words {
		if written[i] = word; !bareWord.MatchString(word) {
			written[i] = "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
		}
	}
	return strings.Join(written, " ")
}
