//go:build !race

// The race detector would make this take a minute.

package evaluate

import (
	"strings"
	"testing"
	"time"
)

// TestScenesStaySilent plays what happens to healthy clusters: nothing above info fires at
// any time, but of the cluster that is sick.
func TestScenesStaySilent(t *testing.T) {
	f := readTests(t, "../tests/scenes.yml")
	rules := rulesOf(t, f.RuleFiles...)
	for i := range f.Tests {
		g := &f.Tests[i]
		t.Run(g.Name, func(t *testing.T) {
			t.Parallel()
			steps := 0
			for _, s := range g.series {
				steps = max(steps, len(s.steps))
			}
			r, seen := g.play(rules), map[string]bool{}
			for at := time.Duration(0); at < time.Duration(steps)*r.interval; at += r.every {
				r.until(at)
				for _, a := range r.e.Alerts() {
					severity := a.Labels.Get("severity")
					if a.State != Firing || severity != "critical" && severity != "warning" {
						continue
					}
					if seen[a.Rule.Name] = true; a.Labels.Get("kafka_cluster") != "sick" {
						t.Fatalf("at %s %s fires", at, a.Labels)
					}
				}
			}
			if strings.Contains(g.Name, "two clusters") && len(seen) != 6 {
				t.Errorf("of the sick cluster %v fired, want six alerts", seen)
			}
		})
	}
}
