package reports

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"strings"

	"muster/checker"
	"muster/reports/plots"
)

//go:embed templates
var templateFiles embed.FS

// pages are the templates of both pages, with what they share.
var pages = template.Must(template.New("pages").Funcs(template.FuncMap{
	"moment":  moment,
	"seconds": seconds,
	"plural":  plural,
	"symbol":  symbol,
	"mood":    mood,
	"inline":  func(p plots.Picture) template.HTML { return template.HTML(p.Inline()) },
	"style":   stylesheet,
	"script":  script,
}).ParseFS(templateFiles, "templates/*.html"))

// page renders one of the pages.
func page(name string, data any) ([]byte, error) {
	var out bytes.Buffer
	if err := pages.ExecuteTemplate(&out, name, data); err != nil {
		return nil, fmt.Errorf("rendering %s: %w", name, err)
	}
	return out.Bytes(), nil
}

// stylesheet is the pages' CSS, the pictures' palette included. It is part of every page: a page loads nothing.
func stylesheet() (template.CSS, error) {
	css, err := templateFiles.ReadFile("templates/page.css")
	return template.CSS(strings.NewReplacer(
		"/* light palette */", plots.Variables(false), "/* dark palette */", plots.Variables(true),
	).Replace(string(css))), err
}

// script is the pages' few lines of JavaScript. Nothing on a page needs it.
func script() (template.JS, error) {
	js, err := templateFiles.ReadFile("templates/page.js")
	return template.JS(js), err
}

// mood of a verdict decides its colour: good as expected, bad against what is expected, unsure if it is Undecided against what
// is expected, quiet where nothing is expected.
func mood(v checker.Verdict) string {
	switch {
	case v.Expected == "":
		return "quiet"
	case v.AsExpected():
		return "good"
	case v.Outcome == checker.Undecided:
		return "unsure"
	default:
		return "bad"
	}
}

// headline says in a few words how a run went, and in which mood.
func headline(r Result) (words, mood string) {
	unexpected := r.Unexpected()
	bad := 0
	for _, v := range unexpected {
		if v.Outcome != checker.Undecided {
			bad++
		}
	}
	switch {
	case bad > 0:
		return fmt.Sprintf("%s not as expected", plural(len(unexpected), "verdict is", "verdicts are")), "bad"
	case len(unexpected) > 0:
		return plural(len(unexpected), "property is undecided", "properties are undecided"), "unsure"
	case !r.Judged:
		return "not judged", "unsure"
	default:
		return fmt.Sprintf("all %d verdicts as expected", len(r.Verdicts)), "good"
	}
}
