package openapi

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/url"
	"strings"
)

// isMultipart says whether a body is taken for a multipart one, whatever the verb.
func isMultipart(contentType string) bool {
	return strings.HasPrefix(strings.ToLower(contentType), "multipart/")
}

// hasBoundary says whether a multipart content type says what stands between the parts.
func hasBoundary(contentType string) bool {
	_, options, err := mime.ParseMediaType(contentType)
	return err == nil && options["boundary"] != ""
}

// unparsed is a multipart body that could not be read, in the words of Tomcat (FileUploadException) and Spring (MultipartException).
type unparsed struct{ cause error }

func (u unparsed) Error() string {
	return "Failed to parse multipart servlet request; nested exception is org.apache.tomcat.util.http.fileupload.FileUploadException: " + u.cause.Error()
}

// Unwrap gives Tomcat's exception.
func (u unparsed) Unwrap() error { return u.cause }

var errNoBoundary error = unparsed{errors.New("the request was rejected because no multipart boundary was found")}

// multipartForm reads the fields of a multipart/form-data body. Files in it are fields like any other.
func multipartForm(body []byte, boundary string) (url.Values, error) {
	form := url.Values{}
	reader := multipart.NewReader(bytes.NewReader(body), boundary)
	for {
		part, err := reader.NextPart()
		if errors.Is(err, io.EOF) {
			return form, nil
		}
		if err != nil {
			return nil, fmt.Errorf("multipart/form-data: %w", err)
		}
		value, err := io.ReadAll(part)
		if err != nil {
			return nil, fmt.Errorf("multipart/form-data, field %q: %w", part.FormName(), err)
		}
		form.Add(part.FormName(), string(value))
	}
}
