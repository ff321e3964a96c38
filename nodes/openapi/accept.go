package openapi

import (
	"fmt"
	"html"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// What a client takes decides how an answer comes: texts in the type that it names first, JSON if it takes JSON, and failures in JSON as a
// page of Spring's where it takes HTML instead, or bare.

// textMedia is the content type of a text: Spring takes the first type that the client accepts. It is "" if that is no type.
func textMedia(r *http.Request) string {
	first, _, _ := strings.Cut(r.Header.Get("Accept"), ",")
	first, _, _ = strings.Cut(strings.TrimSpace(first), ";")
	switch {
	case first == "" || strings.HasSuffix(first, "*"):
		return mediaText
	case first == mediaJSON:
		return mediaJSON
	case !strings.Contains(first, "/"):
		return ""
	}
	return first + ";charset=UTF-8"
}

// setMedia sets an answer's content type. Of any but plain text and JSON a browser shall run nothing: texts repeat what was asked, and come
// as HTML to whoever takes that first. (Nacos: XssFilter, which is about all answers, and lets scripts from the same host run.)
func setMedia(header http.Header, media string) {
	header.Set("Content-Type", media)
	if !strings.HasPrefix(media, "text/plain") && !strings.HasPrefix(media, mediaJSON) {
		header.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	}
}

// acceptsJSON says whether the client takes JSON.
func acceptsJSON(r *http.Request) bool {
	accept := r.Header.Get("Accept")
	return accept == "" || strings.Contains(accept, "*/*") || strings.Contains(accept, "json") || strings.Contains(accept, "application/*")
}

// acceptsHTML says whether the client takes HTML.
func acceptsHTML(r *http.Request) bool {
	accept := r.Header.Get("Accept")
	return strings.Contains(accept, "text/html") || strings.Contains(accept, "text/*")
}

// unacceptable is the failure to answer a client with JSON that does not take it (Spring: HttpMediaTypeNotAcceptableException, which Nacos
// handles under version 1 only).
func unacceptable(r *http.Request) *failure {
	const problem = "Could not find acceptable representation"
	switch {
	case !strings.HasPrefix(r.URL.Path, "/nacos/v2/"):
		return plain(http.StatusInternalServerError, "caused: "+problem+";")
	case textMedia(r) == "":
		return page(http.StatusBadRequest, problem)
	}
	return page(http.StatusNotAcceptable, problem)
}

// writeBare answers a client that takes no JSON with a failure: with a page that a person can read if it takes HTML (Spring:
// ErrorMvcAutoConfiguration), else with the status alone.
func (f *failure) writeBare(w http.ResponseWriter, r *http.Request) {
	status := f.status
	if f.bare != 0 {
		status = f.bare
	}
	if !acceptsHTML(r) {
		w.Header()["Content-Type"] = nil
		w.WriteHeader(status)
		return
	}
	setMedia(w.Header(), "text/html;charset=UTF-8")
	w.WriteHeader(status)
	writeBody(w, []byte("<html><body><h1>Whitelabel Error Page</h1><p>This application has no explicit mapping for /error, so you are seeing this as a fallback.</p>"+
		"<div id='created'>"+time.Now().UTC().Format("Mon Jan 02 15:04:05 MST 2006")+"</div><div>There was an unexpected error (type="+
		http.StatusText(status)+", status="+strconv.Itoa(status)+").</div><div>"+html.EscapeString(f.text)+"</div></body></html>"))
}

// outside is what is answered where Nacos is not asked: outside of /nacos, and to a request line that is none (Tomcat: ErrorReportValve).
func outside(status int) *failure {
	title := fmt.Sprintf("HTTP Status %d – %s", status, http.StatusText(status))
	return &failure{status: status, form: formOutside, text: `<!doctype html><html lang="en"><head><title>` + title + `</title><style type="text/css">` +
		`body {font-family:Tahoma,Arial,sans-serif;} h1, h2, h3, b {color:white;background-color:#525D76;} h1 {font-size:22px;} ` +
		`h2 {font-size:16px;} h3 {font-size:14px;} p {font-size:12px;} a {color:black;} .line {height:1px;background-color:#525D76;border:none;}` +
		`</style></head><body><h1>` + title + `</h1></body></html>`}
}
