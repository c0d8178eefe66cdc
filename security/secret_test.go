package security

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/evenkeel/evenkeel/config"
)

func TestReadSecret(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	for content, want := range map[string]string{
		"hunter2":        "hunter2",
		"hunter2\n":      "hunter2",
		"hunter2\r\n":    "hunter2",
		"hunter2\n\n":    "hunter2\n",
		"hunter2 \t\n":   "hunter2 \t",
		"two\nlines\n":   "two\nlines",
		"hunter\u00e4\n": "hunter\u00e4",
	} {
		// Each is written over the one before, and so read anew.
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := ReadSecret(config.Secret{}, file); err != nil || got != want {
			t.Errorf("%q is read as %q: %v", content, got, err)
		}
	}
	if got, err := ReadSecret(config.NewSecret("inline"), ""); err != nil || got != "inline" {
		t.Errorf("got %q: %v", got, err)
	}
	if got, err := ReadSecret(config.Secret{}, ""); err != nil || got != "" {
		t.Errorf("no secret at all is %q: %v", got, err)
	}
}

func TestReadSecretFails(t *testing.T) {
	dir := t.TempDir()
	empty, large := filepath.Join(dir, "empty"), filepath.Join(dir, "large")
	for file, content := range map[string]string{empty: "\n", large: strings.Repeat("hunter2", maxSecret/7+1)} {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for file, want := range map[string]error{
		empty:                      errEmpty,
		large:                      errLarge,
		filepath.Join(dir, "none"): fs.ErrNotExist,
	} {
		_, err := ReadSecret(config.Secret{}, file)
		if !errors.Is(err, want) || !strings.Contains(err.Error(), file) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("got %v, want %v", err, want)
		}
	}
	if _, err := ReadSecret(config.Secret{}, dir); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("a directory: %v", err)
	}
}
