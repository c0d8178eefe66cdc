//go:build !linux

package testbed

import (
	"errors"
	"os"
)

func newSpace(int64) (*os.File, error) { return nil, errors.ErrUnsupported }

func fill(*os.File) error { return errors.ErrUnsupported }
