package config

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
)

// A setter checks the text of a scalar and takes it over. Its error says what
// is wrong and what is allowed; the decoder adds where. A raw value that went
// through set, or is a default, is valid: later stages do not check it again.
type setter interface{ set(text string) error }

// pattern is a regular expression that compiles, kept as text so that it can
// be compared.
type pattern string

func (p *pattern) set(text string) error {
	if _, err := regexp.Compile(text); err != nil {
		// Only the code of a syntax error: its text repeats the expression, line
		// breaks and all.
		var bad *syntax.Error
		if errors.As(err, &bad) {
			return fmt.Errorf("%q is not a regular expression (RE2 syntax): %s", text, bad.Code)
		}
		return fmt.Errorf("%q is not a regular expression (RE2 syntax)", text)
	}
	*p = pattern(text)
	return nil
}

// regexp returns nil for the empty expression.
func (p pattern) regexp() *regexp.Regexp {
	if p == "" {
		return nil
	}
	return regexp.MustCompile(string(p))
}

// duration is zero or more, period more than zero.
type (
	duration time.Duration
	period   time.Duration
)

func (d *duration) set(text string) error {
	v, err := parseDuration(text)
	*d = duration(v)
	return err
}

func (p *period) set(text string) error {
	v, err := parseDuration(text)
	if err == nil && v == 0 {
		return fmt.Errorf("%q is too short; it must be longer than 0", text)
	}
	*p = period(v)
	return err
}

// String writes 10m where time.Duration writes 10m0s.
func (d duration) String() string { return model.Duration(d).String() }

// parseDuration takes what Prometheus takes (1d), and what Go takes (1.5s).
func parseDuration(text string) (time.Duration, error) {
	if d, err := model.ParseDuration(text); err == nil {
		return time.Duration(d), nil
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, fmt.Errorf("%q is not a duration; write numbers with units, such as 500ms, 15s, 10m, 1h30m or 1d", text)
	}
	if d < 0 {
		return 0, fmt.Errorf("%q is negative; a duration must not be", text)
	}
	return d, nil
}

// fraction is a share that can be exceeded. 0 means that the least excess
// counts; 1 is out, because no share is above it.
type fraction float64

func (f *fraction) set(text string) error {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(v) || v < 0 || v >= 1 {
		return fmt.Errorf("%q is not allowed; it must be a number from 0 up to, but not including, 1, such as 0.10", text)
	}
	*f = fraction(v)
	return nil
}

// limit is a number, or Auto.
type limit int

func (l *limit) set(text string) error {
	if text == "auto" {
		*l = Auto
		return nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return fmt.Errorf("%q is not allowed; it must be auto or a whole number, 0 or more", text)
	}
	*l = limit(n)
	return nil
}

func (l limit) String() string {
	if l == Auto {
		return "auto"
	}
	return strconv.Itoa(int(l))
}

func (p *PerPartition) set(text string) error {
	return setOneOf(p, text, PerPartitionAuto, PerPartitionOn, PerPartitionOff)
}

func (s *Severity) set(text string) error {
	return setOneOf(s, text, SeverityWarning, SeverityCritical)
}

// groupName is the name of a consumer group, which Kafka lets be anything but empty.
type groupName string

func (n *groupName) set(text string) error {
	if text == "" {
		return errors.New("it is empty; it must be the name of a consumer group")
	}
	*n = groupName(text)
	return nil
}

func (m *Mode) set(text string) error { return setOneOf(m, text, ModeOff, ModeDryRun, ModeAuto) }

func setOneOf[T ~string](dst *T, text string, allowed ...T) error {
	var words []string
	for _, word := range allowed {
		words = append(words, string(word))
	}
	if !slices.Contains(words, text) {
		return fmt.Errorf("%q is not allowed; it must be one of %s", text, strings.Join(words, ", "))
	}
	*dst = T(text)
	return nil
}
