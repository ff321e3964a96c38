package openapi

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// failure is an answer that is no success. Its form tells which of Nacos's layers speaks.
type failure struct {
	status int
	text   string
	form   form
	// code is what version 2 of the API calls the reason; 0 stands for codeServer.
	code int
	// bare is the status for a client that takes no JSON, where Spring fails and not Nacos; 0 if it is the same.
	bare int
}

// form of a failure.
type form int

const (
	// formPlain: a controller refused; the text alone (ResponseExceptionHandler).
	formPlain form = iota
	// formCheck: the parameter check refused; the text with a line end and no content type (ParamCheckerFilter).
	formCheck
	// formPage: a filter refused; Spring's error page as JSON.
	formPage
	// formEmpty: the status alone.
	formEmpty
	// formOutside: nobody in the house was asked; a page of Tomcat's.
	formOutside
	// formResult: a controller of version 2 refused; an envelope with a code (NacosApiExceptionHandler).
	formResult
	// formThrown: a controller of version 2 failed unexpectedly; an envelope whose message is the text.
	formThrown
	// formRest: the same in the envelope of version 1 (RestResult).
	formRest
)

func plain(status int, text string) *failure {
	return &failure{status: status, text: text, form: formPlain}
}

func page(status int, text string) *failure {
	return &failure{status: status, text: text, form: formPage}
}

func illegal(text string) *failure {
	return &failure{status: http.StatusBadRequest, text: text, form: formCheck}
}

const (
	mediaJSON = "application/json"
	mediaText = "text/plain;charset=UTF-8"
)

// write answers with the failure.
func (f *failure) write(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	if f.form.isJSON() && !acceptsJSON(r) {
		f.writeBare(w, r)
		return
	}
	switch f.form {
	case formPlain:
		writeTextStatus(w, r, f.status, f.text)
	case formCheck:
		header["Content-Type"] = nil // none, not even a guessed one
		w.WriteHeader(f.status)
		writeBody(w, []byte(f.text+"\r\n"))
	case formPage:
		writeJSON(w, f.status, struct {
			Timestamp string `json:"timestamp"`
			Status    int    `json:"status"`
			Error     string `json:"error"`
			Message   string `json:"message"`
			Path      string `json:"path"`
		}{time.Now().UTC().Format("2006-01-02T15:04:05.000-07:00"), f.status, http.StatusText(f.status), f.text, r.URL.Path})
	case formEmpty:
		header["Content-Type"] = nil
		w.WriteHeader(f.status)
	case formOutside:
		setMedia(header, "text/html;charset=utf-8")
		w.WriteHeader(f.status)
		writeBody(w, []byte(f.text))
	case formResult:
		code := f.code
		if code == 0 {
			code = codeServer
		}
		writeJSON(w, f.status, envelope{Code: code, Message: codeNames[code], Data: f.text})
	case formThrown:
		writeJSON(w, f.status, envelope{Code: codeServer, Message: f.text})
	case formRest:
		writeJSON(w, f.status, envelope{Code: f.status, Message: f.text})
	}
}

// isJSON says whether a failure is told in JSON.
func (f form) isJSON() bool {
	return f == formPage || f == formResult || f == formThrown || f == formRest
}

// writeText answers with a text.
func writeText(w http.ResponseWriter, r *http.Request, text string) {
	if textMedia(r) == "" {
		page(http.StatusInternalServerError, "").write(w, r)
		return
	}
	writeTextStatus(w, r, http.StatusOK, text)
}

// writeTextStatus answers with a text, or with the status alone if the client says in no known way what it takes.
func writeTextStatus(w http.ResponseWriter, r *http.Request, status int, text string) {
	media := textMedia(r)
	if media == "" {
		w.Header()["Content-Type"] = nil
		w.WriteHeader(status)
		return
	}
	setMedia(w.Header(), media)
	w.WriteHeader(status)
	writeBody(w, []byte(text))
}

// writeJSON answers with a value as JSON.
func writeJSON(w http.ResponseWriter, status int, value any) { writeMedia(w, status, mediaJSON, value) }

// writeMedia answers with a value as JSON of some media type.
func writeMedia(w http.ResponseWriter, status int, media string, value any) {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		w.Header().Set("Content-Type", mediaText)
		w.WriteHeader(http.StatusInternalServerError)
		writeBody(w, []byte("caused: "+err.Error()+";"))
		return
	}
	writeBytes(w, status, media, bytes.TrimSuffix(body.Bytes(), []byte("\n")))
}

func writeRawJSON(w http.ResponseWriter, status int, body []byte) {
	writeBytes(w, status, mediaJSON, body)
}

func writeBytes(w http.ResponseWriter, status int, media string, body []byte) {
	header := w.Header()
	header.Set("Content-Type", media)
	header.Set("Content-Length", strconv.Itoa(len(body))) // or a long answer would go out in more pieces
	w.WriteHeader(status)
	writeBody(w, body)
}

// write passes another node's answer on.
func (r *relayed) write(w http.ResponseWriter) {
	if r.media == "" {
		w.Header()["Content-Type"] = nil
	} else {
		setMedia(w.Header(), r.media)
	}
	w.WriteHeader(r.status)
	writeBody(w, r.body)
}

// writeBody writes the whole answer. A client that is gone by now is told nothing, so the error is of no use to anybody.
func writeBody(w http.ResponseWriter, body []byte) { _, _ = w.Write(body) }
