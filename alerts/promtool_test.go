//go:build cluster

package alerts_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// promtool runs Prometheus' own tool, of the oldest release that the rules are for or a
// later one.
func promtool(args ...string) (string, error) {
	out, err := exec.Command("promtool", args...).CombinedOutput()
	return string(out), err
}

// TestRulesByPromtool has promtool check the rules, and run their tests.
func TestRulesByPromtool(t *testing.T) {
	if _, err := exec.LookPath("promtool"); err != nil {
		t.Fatal("promtool is missing: make setup installs it, with Debian's package prometheus")
	}
	rules, err := filepath.Glob("*.yml")
	if err != nil || len(rules) == 0 {
		t.Fatalf("%v %v", rules, err)
	}
	if out, err := promtool(append([]string{"check", "rules", "--lint-fatal"}, rules...)...); err != nil {
		t.Errorf("promtool check rules: %v\n%s", err, out)
	}
	tests, err := filepath.Glob("tests/*.yml")
	if err != nil || len(tests) < 30 {
		t.Fatalf("%d test files (%v)", len(tests), err)
	}
	for _, file := range tests {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			if out, err := promtool("test", "rules", file); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// TestAlertmanagerExample has amtool check the example of a configuration, and where
// alerts go.
func TestAlertmanagerExample(t *testing.T) {
	const file = "../deploy/alertmanager.yml"
	amtool := func(args ...string) string {
		t.Helper()
		out, err := exec.Command("amtool", args...).CombinedOutput()
		if err != nil {
			t.Fatalf("amtool %v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	amtool("check-config", file)
	for _, r := range rules(t) {
		want := map[string]string{"critical": "pager", "warning": "tickets", "info": "nobody", "none": "deadmanssnitch", "{{ $labels.severity }}": "tickets"}[r.Labels["severity"]]
		got := amtool("config", "routes", "test", "--config.file="+file, "kafka_cluster=c", "alertname="+r.Alert, "severity="+r.Labels["severity"], "kind="+r.Labels["kind"])
		if last := lastLine(got); last != want {
			t.Errorf("%s (%s) goes to %q, want %s", r.Alert, r.Labels["severity"], last, want)
		}
	}
}

// lastLine returns what amtool says after its warnings.
func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}
