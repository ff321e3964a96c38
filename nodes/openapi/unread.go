package openapi

import (
	"encoding/json"
	"errors"
	"strings"

	"muster/nodes/jackson"
)

// decodeJSON reads one JSON value. What stands behind it does not matter (Jackson: FAIL_ON_TRAILING_TOKENS is off).
func decodeJSON(text string, into any) error {
	return json.NewDecoder(strings.NewReader(text)).Decode(into)
}

// unread is why a JSON text could not be read: in Jackson's words, or in err's if Jackson would have read it.
func unread(text string, source jackson.Source, as *jackson.Type, err error) error {
	if problem := jackson.Explain(text, source, as); problem != nil {
		return problem
	}
	return err
}

// deserializeFailed is how Nacos says that JSON could not be read.
func (r *request) deserializeFailed(class string, err error) *failure {
	return r.filterFailed("errCode: 101, errMsg: Nacos deserialize for class ["+class+"] failed, cause error["+err.Error()+"].  ", err)
}

// causes lists an error and what it wraps (Nacos: ExceptionUtil.getAllExceptionMsg).
func causes(err error) string {
	var b strings.Builder
	for ; err != nil; err = errors.Unwrap(err) {
		b.WriteString("caused: " + err.Error() + ";")
	}
	return b.String()
}

// unreadable is a body that is no JSON, or JSON of another type (Spring: HttpMessageNotReadableException).
type unreadable struct{ cause error }

// Error names the cause twice, as Spring does.
func (u unreadable) Error() string {
	var problem *jackson.Problem
	if errors.As(u.cause, &problem) {
		return "JSON parse error: " + problem.Text + "; nested exception is " + problem.Class + ": " + problem.Error()
	}
	return "JSON parse error: " + u.cause.Error()
}

// Unwrap gives Jackson's exception.
func (u unreadable) Unwrap() error { return u.cause }
