package alerts_test

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/evenkeel/evenkeel/alerts"
)

// rule is an alerting rule as it stands in a file.
type rule struct {
	file          string
	Alert         string
	Expr          string
	For           string
	KeepFiringFor string `yaml:"keep_firing_for"`
	Labels        map[string]string
	Annotations   map[string]string
}

// rules returns all rules of the files.
func rules(t *testing.T) (all []rule) {
	t.Helper()
	for _, f := range alerts.Files() {
		var content struct {
			Groups []struct{ Rules []rule }
		}
		if err := yaml.Unmarshal(f.Content, &content); err != nil {
			t.Fatalf("%s: %v", f.Name, err)
		}
		for _, g := range content.Groups {
			for _, r := range g.Rules {
				r.file = f.Name
				all = append(all, r)
			}
		}
	}
	return all
}

// names returns the names of the alerts, some of which have several rules.
func names(t *testing.T) []string {
	seen := map[string]bool{}
	for _, r := range rules(t) {
		seen[r.Alert] = true
	}
	return slices.Sorted(maps.Keys(seen))
}

// tested is a file of promtool tests.
type tested struct {
	Tests []struct {
		Name      string
		AlertTest []struct {
			At        string `yaml:"eval_time"`
			Alertname string
			Want      []any `yaml:"exp_alerts"`
		} `yaml:"alert_rule_test"`
	}
}

// TestEveryAlertIsTested: each has a promtool test in which it fires, one in which it must
// not, and one in which it fires and resolves; and the alerts are those that are promised.
func TestEveryAlertIsTested(t *testing.T) {
	all := names(t)
	if len(all) != 31 {
		t.Errorf("%d alerts, the README and docs/alerts.md say 31", len(all))
	}
	for _, name := range all {
		content, err := os.ReadFile(filepath.Join("tests", name+".yml"))
		if err != nil {
			t.Errorf("%s has no tests: %v", name, err)
			continue
		}
		var f tested
		if err := yaml.Unmarshal(content, &f); err != nil {
			t.Fatal(err)
		}
		if missing := f.lacks(name); missing != "" {
			t.Errorf("%s: no test %s", name, missing)
		}
	}
	files, err := filepath.Glob("tests/*.yml")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if name := strings.TrimSuffix(filepath.Base(file), ".yml"); name != "scenes" && !slices.Contains(all, name) {
			t.Errorf("%s tests no alert", file)
		}
	}
}

// always are alerts that cannot be silent, or not resolve.
var always = []string{"EvenkeelWatchdog"}

// lacks says what test an alert lacks, "" when it has all.
func (f *tested) lacks(name string) string {
	var fires, not, resolves bool
	for _, test := range f.Tests {
		var shots []bool // whether it fires, from look to look
		for _, look := range test.AlertTest {
			if look.Alertname == name {
				shots = append(shots, len(look.Want) > 0)
			}
		}
		switch {
		case strings.HasPrefix(test.Name, "fires"):
			fires = fires || slices.Contains(shots, true)
		case strings.HasPrefix(test.Name, "must not"):
			not = not || len(shots) > 0 && !slices.Contains(shots, true)
		case strings.HasPrefix(test.Name, "resolves"):
			resolves = resolves || len(shots) > 1 && shots[0] && !shots[len(shots)-1]
		}
	}
	switch {
	case !fires:
		return "in which it fires"
	case slices.Contains(always, name):
		return ""
	case !not:
		return "in which it must not fire"
	case !resolves:
		return "in which it fires first and is resolved at last"
	}
	return ""
}

var headings = []string{"## Meaning", "## Impact", "## Diagnosis", "## Mitigation", "## When it is safe to ignore"}

// TestEveryAlertHasARunbook, with all headings, and every runbook has its alert.
func TestEveryAlertHasARunbook(t *testing.T) {
	all := names(t)
	for _, name := range all {
		page, ok := alerts.Runbook(name)
		if !ok {
			t.Errorf("%s has no runbook", name)
			continue
		}
		var got []string
		for line := range strings.Lines(string(page)) {
			if strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "### ") && !strings.HasPrefix(line, "# ") {
				got = append(got, strings.TrimSpace(line))
			}
		}
		if !strings.HasPrefix(string(page), "# "+name+"\n") || !slices.Equal(got, headings) {
			t.Errorf("%s: its runbook has the headings %q, want %q", name, got, headings)
		}
	}
	err := fs.WalkDir(os.DirFS("runbooks"), ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !slices.Contains(all, strings.TrimSuffix(path, ".md")) {
			t.Errorf("runbook %s has no alert", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := alerts.Runbook("../alerts"); ok {
		t.Error("a runbook from outside the folder")
	}
}

// TestRunbooksLeadSomewhere: links between runbooks.
func TestRunbooksLeadSomewhere(t *testing.T) {
	for _, name := range names(t) {
		page, _ := alerts.Runbook(name)
		for _, part := range strings.Split(string(page), "](")[1:] {
			target, _, _ := strings.Cut(part, ")")
			if to, ok := strings.CutSuffix(target, ".md"); ok && !strings.Contains(to, "/") {
				if _, ok := alerts.Runbook(to); !ok {
					t.Errorf("%s leads to %s, which is not there", name, target)
				}
			}
		}
	}
}

func TestJoinedRulesAreAll(t *testing.T) {
	joined, err := alerts.Joined()
	if err != nil {
		t.Fatal(err)
	}
	var content struct {
		Groups []struct{ Rules []rule }
	}
	if err := yaml.Unmarshal(joined, &content); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, g := range content.Groups {
		n += len(g.Rules)
	}
	if want := len(rules(t)); n != want {
		t.Errorf("%d rules in one file, %d in all", n, want)
	}
}

// TestInhibitionNamesAlerts: an alert that is spelt wrong there would hold back nothing.
func TestInhibitionNamesAlerts(t *testing.T) {
	content, err := os.ReadFile("../deploy/alertmanager.yml")
	if err != nil {
		t.Fatal(err)
	}
	all, found := names(t), 0
	for _, matcher := range regexp.MustCompile(`alertname=~?"([^"]*)"`).FindAllStringSubmatch(string(content), -1) {
		for name := range strings.SplitSeq(matcher[1], "|") {
			found++
			if !slices.Contains(all, name) {
				t.Errorf("%s is no alert", name)
			}
		}
	}
	if found < 20 {
		t.Errorf("only %d names were found", found)
	}
}
