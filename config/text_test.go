package config

import (
	"testing"
	"time"
)

func TestExpandEnv(t *testing.T) {
	lookup := func(name string) (string, bool) {
		value, ok := map[string]string{"A": "1", "_b2": "two", "EMPTY": "", "REF": "${A}"}[name]
		return value, ok
	}
	const malformed = "${ must be followed by the name of an environment variable and }; write $${ for the characters themselves"
	for _, tc := range []struct{ text, want, err string }{
		{"", "", ""},
		{"plain $A $ {A} $$ }", "plain $A $ {A} $$ }", ""},
		{"${A}", "1", ""},
		{"x${A}y${_b2}z", "x1ytwoz", ""},
		{"x${EMPTY}y", "xy", ""},
		{"${REF}", "${A}", ""}, // what is found is not looked at again
		{"$${A}", "${A}", ""},
		{"$$${A}", "$${A}", ""},
		{"$${A}${A}", "${A}1", ""},
		{"${NONE}", "", "the environment variable NONE is not set"},
		{"${", "", malformed},
		{"${}", "", malformed},
		{"${A", "", malformed},
		{"${A-x}", "", malformed},
		{"${1}", "", malformed},
	} {
		got, err := expandEnv(tc.text, lookup)
		message := ""
		if err != nil {
			message = err.Error()
		}
		if got != tc.want || message != tc.err {
			t.Errorf("%q: got %q, %q, want %q, %q", tc.text, got, message, tc.want, tc.err)
		}
	}
}

// Variables stand for values of every type, not for texts alone.
func TestEnvironmentInEveryValue(t *testing.T) {
	for name, value := range map[string]string{"TEST_INTERVAL": "5s", "TEST_ONLY": "false", "TEST_SHARE": "0.5", "TEST_EMPTY": ""} {
		t.Setenv(name, value)
	}
	cfg := parse(t, minimal("    poll: {interval: '${TEST_INTERVAL}'}\n"+
		"    groups: {per_partition: '${TEST_ONLY}'}\n"+
		"    rebalance: {threshold: '${TEST_SHARE}'}\n")+
		"state_file: ${TEST_EMPTY}\n")
	c := cfg.Clusters[0]
	if c.Poll.Interval != 5*time.Second || c.Groups.PerPartition || c.Rebalance.Threshold != 0.5 || cfg.StateFile != "" {
		t.Errorf("got %+v", cfg)
	}
}

func TestParseDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"15s": 15 * time.Second, "10m": 10 * time.Minute, "4h": 4 * time.Hour, "1h30m": 90 * time.Minute,
		"1d": 24 * time.Hour, "1w": 7 * 24 * time.Hour, "500ms": 500 * time.Millisecond,
		"1.5s": 1500 * time.Millisecond, "100us": 100 * time.Microsecond, "1m0s": time.Minute, "0": 0, "0s": 0,
	} {
		if got, err := parseDuration(text); err != nil || got != want {
			t.Errorf("%s: got %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "s", "15", "15 s", "-1s", "NaN", "1e3s", "99999999h"} {
		if got, err := parseDuration(text); err == nil {
			t.Errorf("%q is taken for %v", text, got)
		}
	}
}
