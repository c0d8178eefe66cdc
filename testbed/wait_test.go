package testbed

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestWaitForSaysWhatWasSeen(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	unready := errors.New("not yet")
	err := waitFor(ctx, "wait for a miracle", func() error { return unready })
	if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, unready) || !strings.Contains(err.Error(), "wait for a miracle") {
		t.Errorf("got %v", err)
	}
}

func TestWaitForEnds(t *testing.T) {
	tries := 0
	err := waitFor(t.Context(), "wait", func() error {
		if tries++; tries < 3 {
			return errors.New("not yet")
		}
		return nil
	})
	if err != nil || tries != 3 {
		t.Errorf("%v after %d tries", err, tries)
	}
	dead := errors.New("it is dead")
	tries = 0
	err = waitFor(t.Context(), "wait", func() error { tries++; return permanent{dead} })
	if !errors.Is(err, dead) || tries != 1 {
		t.Errorf("%v after %d tries, want %v after one", err, tries, dead)
	}
}

func TestAwaitGivesUp(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	release := make(chan struct{})
	defer close(release)
	cancel()
	if _, err := await(ctx, func() (int, error) { <-release; return 1, nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestTail(t *testing.T) {
	name := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(name, []byte("one\ntwo\nthree\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for lines, want := range map[int]string{1: "three", 2: "two\nthree", 3: "one\ntwo\nthree", 9: "one\ntwo\nthree"} {
		if got := tail(name, lines); got != want {
			t.Errorf("the last %d lines are %q, want %q", lines, got, want)
		}
	}
	if got := tail(name+"x", 1); !strings.Contains(got, "no such file") {
		t.Errorf("a file that is not there: %q", got)
	}
}
