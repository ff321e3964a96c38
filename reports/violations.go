package reports

import (
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// embedLimit is how large porcupine's pictures may be, all of one page together, to become part of it. Larger ones are linked.
const embedLimit = 1_200_000

// violation is porcupine's picture of one.
type violation struct {
	File string
	// Frame is the iframe's attribute that holds the picture; empty where it is too large.
	Frame template.HTMLAttr
	Size  string
}

// violations are the pictures that the verdicts' evidence names.
func (s *story) violations() ([]violation, error) {
	var all []violation
	seen := map[string]bool{}
	embedded := 0
	for _, v := range s.Verdicts {
		for _, e := range v.Evidence {
			if !strings.HasSuffix(e.File, ".html") || !filepath.IsLocal(e.File) || seen[e.File] {
				continue
			}
			seen[e.File] = true
			text, err := os.ReadFile(s.Folder.Path(e.File))
			if errors.Is(err, fs.ErrNotExist) {
				s.untold = append(s.untold, e.File)
				continue
			}
			if err != nil {
				return nil, fmt.Errorf("reading the picture of a violation: %w", err)
			}
			one := violation{File: filepath.ToSlash(e.File), Size: fmt.Sprintf("%d kB", (len(text)+999)/1000)}
			if embedded+len(text) <= embedLimit {
				embedded += len(text)
				one.Frame = framed(string(text))
			}
			all = append(all, one)
		}
	}
	return all, nil
}

// The last line of porcupine's script, and what takes its place in a frame. A frame has no size yet when its script is read, so that all
// texts would be measured as empty and drawn on top of each other; and its reader wants to see first where the order breaks off.
const (
	drawsAtOnce = "\n      render(data)\n"
	drawsInTime = `
      addEventListener("load", () => requestAnimationFrame(() => {
        render(data)
        const invalid = Array.from(document.querySelectorAll(":not(.hidden) > .linearization-invalid"), (mark) => mark.getBoundingClientRect().left)
        if (invalid.length > 0) scrollBy(Math.min(...invalid) - innerWidth / 2, 0)
      }))
`
)

// framed is the attribute of an iframe that holds porcupine's picture. In single quotes only two characters need escaping, so that the
// picture grows little.
func framed(picture string) template.HTMLAttr {
	picture = strings.Replace(picture, drawsAtOnce, drawsInTime, 1)
	return template.HTMLAttr("srcdoc='" + strings.NewReplacer("&", "&amp;", "'", "&#39;").Replace(picture) + "'")
}
