package security

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/evenkeel/evenkeel/config"
)

// maxSecret is the most that a file with a secret may hold, in bytes: more is
// another file by mistake.
const maxSecret = 64 << 10

// ReadSecret returns inline, or where file is not "" what that file holds at this
// moment, without the line break at its end. Errors name the file, and tell
// nothing of what is in it.
func ReadSecret(inline config.Secret, file string) (string, error) {
	if file == "" {
		return inline.Reveal(), nil
	}
	f, err := os.Open(file)
	if err != nil {
		return "", fmt.Errorf("secret: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	if err != nil {
		return "", fmt.Errorf("secret: %w", err)
	}
	if len(data) > maxSecret {
		return "", fmt.Errorf("secret in %s: %w", file, errLarge)
	}
	text := strings.TrimSuffix(strings.TrimSuffix(string(data), "\n"), "\r")
	if text == "" {
		return "", fmt.Errorf("secret in %s: %w", file, errEmpty)
	}
	return text, nil
}

var (
	errEmpty = errors.New("the file is empty")
	errLarge = errors.New("the file is too large for a secret")
)
