//go:build !linux

package machine

import (
	"errors"
	"os"
)

func memoryFile([]byte) (*os.File, error) { return nil, errors.ErrUnsupported }

func mapFile([]byte, *os.File) error { return errors.ErrUnsupported }
