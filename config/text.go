package config

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"
)

// basic is the setter of values of Go's own types. The type of the key decides
// what a text means, never its look: the name 0123 stays 0123.
type basic struct{ v reflect.Value }

func (b basic) set(text string) error {
	switch b.v.Kind() {
	case reflect.String:
		b.v.SetString(text)
	case reflect.Bool:
		if text != "true" && text != "false" {
			return fmt.Errorf("%q is not allowed; it must be true or false", text)
		}
		b.v.SetBool(text == "true")
	case reflect.Int:
		n, err := strconv.Atoi(text)
		if err != nil {
			return fmt.Errorf("%q is not allowed; it must be a whole number", text)
		}
		b.v.SetInt(int64(n))
	case reflect.Float64:
		f, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return fmt.Errorf("%q is not allowed; it must be a number", text)
		}
		b.v.SetFloat(f)
	default:
		panic("config: no way to decode a " + b.v.Type().String())
	}
	return nil
}

var envName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// expandEnv replaces each ${NAME} in text by what lookup finds, and $${ by ${.
// Errors do not repeat the text, which may be a secret.
func expandEnv(text string, lookup func(string) (string, bool)) (string, error) {
	var out strings.Builder
	for {
		before, after, found := strings.Cut(text, "${")
		if !found {
			out.WriteString(text)
			return out.String(), nil
		}
		if escaped, ok := strings.CutSuffix(before, "$"); ok {
			out.WriteString(escaped + "${")
			text = after
			continue
		}
		name, rest, closed := strings.Cut(after, "}")
		if !closed || !envName.MatchString(name) {
			return "", errors.New("${ must be followed by the name of an environment variable and }; write $${ for the characters themselves")
		}
		value, ok := lookup(name)
		if !ok {
			return "", fmt.Errorf("the environment variable %s is not set", name)
		}
		out.WriteString(before + value)
		text = rest
	}
}
