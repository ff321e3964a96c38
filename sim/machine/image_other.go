//go:build !linux

package machine

import (
	"errors"
	"os"
)

func memoryFile([]byte, []span) (*os.File, error) { return nil, errors.ErrUnsupported }

func mapFile([]byte, *os.File, span) error { return errors.ErrUnsupported }

func writtenPages([]byte) ([]span, error) { return nil, errors.ErrUnsupported }
