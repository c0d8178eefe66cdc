// Package docs has no code; its tests hold the pages.
package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// pages are all that people read.
func pages(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, pattern := range []string{"*.md", "../*.md", "../alerts/runbooks/*.md", "../testbed/*.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatal(pattern, err)
		}
		all = append(all, found...)
	}
	return all
}

func read(t *testing.T, page string) string {
	t.Helper()
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

var (
	fenced = regexp.MustCompile("(?s)```.*?```")
	link   = regexp.MustCompile(`\]\(([^)\s]+)\)`)
)

// TestLinks: every link to something in this repository leads there, to the heading as well.
func TestLinks(t *testing.T) {
	seen := 0
	for _, page := range pages(t) {
		for _, found := range link.FindAllStringSubmatch(fenced.ReplaceAllString(read(t, page), ""), -1) {
			if strings.Contains(found[1], "://") {
				continue
			}
			seen++
			path, anchor, _ := strings.Cut(found[1], "#")
			target := page
			if path != "" {
				target = filepath.Join(filepath.Dir(page), path)
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: %s leads nowhere", page, found[1])
			} else if anchor != "" && !headings(read(t, target))[anchor] {
				t.Errorf("%s: %s: there is no such heading", page, found[1])
			}
		}
	}
	if seen < 50 {
		t.Errorf("only %d links were found", seen)
	}
}

// headings returns the anchors of a page's headings, as GitHub makes them.
func headings(page string) map[string]bool {
	all := map[string]bool{}
	odd := regexp.MustCompile(`[^\p{L}\p{N} _-]`)
	for _, line := range strings.Split(fenced.ReplaceAllString(page, ""), "\n") {
		if title, ok := strings.CutPrefix(strings.TrimLeft(line, "#"), " "); ok && strings.HasPrefix(line, "#") {
			all[strings.ReplaceAll(odd.ReplaceAllString(strings.ToLower(strings.TrimSpace(title)), ""), " ", "-")] = true
		}
	}
	return all
}

// foreign are names of metrics that are somebody else's.
var foreign = regexp.MustCompile(`^kafka_(exporter|cluster_partition)`)

// TestMetricsExist: what a page calls a metric of evenkeel is one.
func TestMetricsExist(t *testing.T) {
	known := read(t, "metrics.md")
	name := regexp.MustCompile("`((?:kafka|zk|evenkeel)_[a-z0-9_]+[a-z0-9])(_?\\*)?")
	seen := 0
	for _, page := range pages(t) {
		if page == "metrics.md" {
			continue
		}
		for _, found := range name.FindAllStringSubmatch(read(t, page), -1) {
			if foreign.MatchString(found[1]) {
				continue
			}
			seen++
			want := "| " + found[1]
			if found[2] == "" { // else it names all that begin so
				want += " |"
			}
			if !strings.Contains(known, want) {
				t.Errorf("%s: there is no metric %s", page, found[1])
			}
		}
	}
	if seen < 100 {
		t.Errorf("only %d names were found", seen)
	}
}
