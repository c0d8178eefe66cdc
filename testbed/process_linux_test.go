package testbed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// state returns the kernel's letter for a process: "S" sleeps, "T" is stopped;
// "" for one that is gone or only waits to be reaped by a foreign parent.
func state(pid int) string {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	_, rest, _ := bytes.Cut(stat, []byte(") "))
	if len(rest) == 0 || rest[0] == 'Z' || rest[0] == 'X' {
		return ""
	}
	return string(rest[:1])
}

func newShell(t *testing.T, script string) *process {
	t.Helper()
	p := &process{name: "a shell", argv: []string{"sh", "-c", script}, log: filepath.Join(t.TempDir(), "log")}
	t.Cleanup(func() {
		if err := p.kill(); err != nil && !errors.Is(err, errNotRunning) {
			t.Error(err)
		}
	})
	return p
}

func TestProcessLives(t *testing.T) {
	p := newShell(t, "echo born; exec sleep 1000")
	if err := p.kill(); !errors.Is(err, errNotRunning) {
		t.Errorf("kill before the start: %v", err)
	}
	if err := p.start(); err != nil {
		t.Fatal(err)
	}
	pid := p.pid()
	if err := p.start(); err == nil {
		t.Error("a second start of a running process succeeds")
	}
	if err := p.freeze(); err != nil {
		t.Fatal(err)
	}
	if s := state(pid); s != "T" || p.responsive() || !p.running() {
		t.Errorf("frozen, but in state %q", s)
	}
	if err := p.terminate(t.Context()); err == nil || !strings.Contains(err.Error(), "thaw it first") {
		t.Errorf("terminate while frozen: %v", err)
	}
	if err := p.thaw(); err != nil {
		t.Fatal(err)
	}
	if s := state(pid); s == "T" || s == "" || !p.responsive() {
		t.Errorf("thawed, but in state %q", s)
	}
	if err := p.freeze(); err != nil {
		t.Fatal(err)
	}
	if err := p.kill(); err != nil {
		t.Fatal(err)
	}
	if s := state(pid); s != "" || p.running() || p.pid() != 0 {
		t.Errorf("killed, but in state %q", s)
	}
	if err := p.start(); err != nil {
		t.Fatal(err)
	}
	if err := p.terminate(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestProcessLog(t *testing.T) {
	p := newShell(t, "echo out; echo err >&2; exit 7")
	for range 2 {
		if err := p.start(); err != nil {
			t.Fatal(err)
		}
		err := waitFor(t.Context(), "wait for the end", func() error {
			if p.running() {
				return errors.New("it runs")
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if got := tail(p.log, 9); got != "out\nerr\nout\nerr" {
		t.Errorf("the log of two lives is %q", got)
	}
	if p.logStart() != int64(len("out\nerr\n")) {
		t.Errorf("the second life's log begins at %d", p.logStart())
	}
	if err := p.ended(); err == nil || !strings.Contains(err.Error(), "exit status 7") || !strings.Contains(err.Error(), "err") {
		t.Errorf("how it ended: %v", err)
	}
}

func TestTerminateGivesUp(t *testing.T) {
	p := newShell(t, "trap '' TERM; echo deaf; while :; do sleep 1; done")
	if err := p.start(); err != nil {
		t.Fatal(err)
	}
	err := waitFor(t.Context(), "wait for the trap", func() error {
		if tail(p.log, 1) != "deaf" {
			return errors.New("not set")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := p.terminate(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}
