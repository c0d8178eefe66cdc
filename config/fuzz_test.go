package config

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// FuzzParse checks that no file makes Parse panic, that a refusal is one line
// that begins with the place, and that what is accepted says the same when it
// is written down anew.
func FuzzParse(f *testing.F) {
	f.Setenv("EVENKEEL_TEST_HOST", "k9")
	files, err := filepath.Glob("testdata/*/*.yml")
	if err != nil || len(files) < 100 {
		f.Fatalf("%d files to begin with: %v", len(files), err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	place := regexp.MustCompile(`^f\.yml:[1-9][0-9]*: \S`)
	f.Fuzz(func(t *testing.T, data []byte) {
		cfg, err := Parse("f.yml", data)
		if err != nil {
			if text := err.Error(); !place.MatchString(text) || strings.ContainsAny(text, "\n\r") {
				t.Errorf("not one line with its place: %q", text)
			}
			return
		}
		text := render(cfg)
		again, err := Parse("again.yml", []byte(text))
		if err != nil {
			t.Fatalf("accepted, but not a second time: %v\n%s", err, text)
		}
		if !reflect.DeepEqual(cfg, again) {
			t.Errorf("said\n%+v\nthen\n%+v\nby\n%s", cfg, again, text)
		}
	})
}

// render writes the keys that have a use already. A key that gets one goes here too.
func render(cfg *Config) string {
	var b strings.Builder
	fmt.Fprintf(&b, "state_file: %s\nweb: {external_url: %s}\nclusters:\n", quote(cfg.StateFile), quote(cfg.Web.ExternalURL))
	for _, c := range cfg.Clusters {
		fmt.Fprintf(&b, "- name: %s\n  kafka: {listener: %s, brokers: %s}\n", quote(c.Name), quote(c.Kafka.Listener), quoteAll(c.Kafka.Brokers))
		fmt.Fprintf(&b, "  zookeeper: {servers: %s, chroot: %s}\n", quoteAll(c.ZooKeeper.Servers), quote(c.ZooKeeper.Chroot+strings.Repeat("/", max(0, 1-len(c.ZooKeeper.Chroot)))))
		fmt.Fprintf(&b, "  poll: {interval: %s, timeout: %s}\n", c.Poll.Interval, c.Poll.Timeout)
		fmt.Fprintf(&b, "  topics: {%s, per_partition: %s}\n", renderFilter(c.Topics.Filter), c.Topics.PerPartition)
		fmt.Fprintf(&b, "  groups: {%s, per_partition: %t}\n", renderFilter(c.Groups.Filter), c.Groups.PerPartition)
		fmt.Fprintf(&b, "  rebalance: {threshold: %s}\n", strconv.FormatFloat(c.Rebalance.Threshold, 'g', -1, 64))
	}
	return b.String()
}

func renderFilter(f Filter) string {
	include, exclude := "", ""
	if f.Include != nil {
		include = f.Include.String()
	}
	if f.Exclude != nil {
		exclude = f.Exclude.String()
	}
	return "include: " + quote(include) + ", exclude: " + quote(exclude)
}

// quote writes text in double quotes: Go's escapes for what is not ASCII are
// among those of YAML.
func quote(text string) string {
	return strconv.QuoteToASCII(strings.ReplaceAll(text, "${", "$${"))
}

func quoteAll(texts []string) string {
	var quoted []string
	for _, text := range texts {
		quoted = append(quoted, quote(text))
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}
