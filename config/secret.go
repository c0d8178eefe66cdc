package config

import (
	"encoding/json"
	"fmt"
	"log/slog"
)

const hidden = "<secret>"

// Secret is a text that is not to be printed: whatever formats, logs or
// marshals it gets <secret>, or nothing where none was set. The zero Secret is
// the empty text.
type Secret struct {
	// A pointer, because fmt prints the fields of a struct that it reached
	// through an unexported field without asking String: it then shows an
	// address and not the text.
	value *string
}

// NewSecret returns a Secret that holds text.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{&text}
}

// Reveal returns the text itself, for the one place that sends it.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// String returns <secret>, or "" for the empty text.
func (s Secret) String() string {
	if s.value == nil {
		return ""
	}
	return hidden
}

// GoString keeps the text out of %#v.
func (s Secret) GoString() string { return fmt.Sprintf("config.Secret(%q)", s.String()) }

// MarshalJSON keeps the text out of JSON.
func (s Secret) MarshalJSON() ([]byte, error) { return json.Marshal(s.String()) }

// MarshalYAML keeps the text out of YAML.
func (s Secret) MarshalYAML() (any, error) { return s.String(), nil }

// LogValue keeps the text out of logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

func (s *Secret) set(text string) error {
	*s = NewSecret(text)
	return nil
}
