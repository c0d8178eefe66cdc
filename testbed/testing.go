package testbed

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"
)

// StartT starts a cluster for a test and stops it at the test's end, after
// printing the ends of the processes' logs if the test has failed. The test
// fails at once if the cluster does not start.
func StartT(t testing.TB, spec Spec) *Cluster {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	c, err := Start(ctx, spec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(c.logTails())
		}
		if err := c.Stop(); err != nil {
			t.Errorf("stop the cluster: %v", err)
		}
	})
	return c
}

// logTails returns the end of every process's log.
func (c *Cluster) logTails() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var b strings.Builder
	for _, p := range c.processes {
		if _, err := os.Stat(p.log); err != nil {
			continue // never started, or stopped by the test
		}
		b.WriteString("\n== " + p.name + ": the end of " + p.log + "\n" + tail(p.log, 25) + "\n")
	}
	return b.String()
}
