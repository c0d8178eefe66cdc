//go:build cluster

package acceptance

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// TestCompletion has a real bash complete what a person began to type.
func TestCompletion(t *testing.T) {
	t.Parallel()
	code, script, _ := run(t, "--completion-script-bash")
	if code != 0 {
		t.Fatalf("--completion-script-bash: status %d", code)
	}
	for typed, want := range map[string]string{
		"che":             "check",
		"check --resta":   "--restart",
		"elect --overr":   "--override",
		"serve --web.ena": "--web.enable-lifecycle",
		"config":          "config-check",
	} {
		words := strings.Fields(typed)
		complete := script + `
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_evenkeel_bash_autocomplete
echo "${COMPREPLY[@]}"`
		out, err := exec.Command("bash", append([]string{"-c", complete, "bash", binary}, words...)...).CombinedOutput()
		if err != nil || strings.TrimSpace(string(out)) != want {
			t.Errorf("%q is completed to %q (%v), want %q", typed, out, err, want)
		}
	}
	if code, script, _ := run(t, "--completion-script-zsh"); code != 0 || !strings.Contains(script, "#compdef evenkeel") {
		t.Errorf("--completion-script-zsh: status %d\n%s", code, script)
	}
}

// TestManPage: it is one, and it has every command.
func TestManPage(t *testing.T) {
	t.Parallel()
	code, page, _ := run(t, "--help-man")
	if code != 0 || !strings.HasPrefix(page, ".TH evenkeel 1") {
		t.Fatalf("status %d\n%.200s", code, page)
	}
	for _, want := range []string{`evenkeel \- watches Kafka`, "serve", "check", "elect", "config-check", "rules", "version", "--restart", "--rebalance.mode", "--config.file"} {
		if !strings.Contains(page, want) {
			t.Errorf("it lacks %s", want)
		}
	}
	var docs string
	for _, name := range []string{"configuration", "command-line", "rebalance", "alerts"} {
		text, err := os.ReadFile("../docs/" + name + ".md")
		must(t, err)
		docs += string(text)
	}
	for _, flag := range regexp.MustCompile(`\\fB(?:-h, )?(--[a-z.-]+)`).FindAllStringSubmatch(page, -1) {
		if name := flag[1]; name != "--help" && !strings.Contains(docs, name) {
			t.Errorf("the docs do not tell of %s", name)
		}
	}
}
