package openapi

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/url"
)

// multipartForm reads the fields of a multipart/form-data body. Files in it are fields like any other.
func multipartForm(body []byte, boundary string) (url.Values, error) {
	if boundary == "" {
		return nil, errors.New("multipart/form-data without a boundary")
	}
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
