package testbed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// defaultTimeout bounds what is called with a context without a deadline.
const defaultTimeout = 2 * time.Minute

// permanent marks an error that no further waiting can mend.
type permanent struct{ error }

func (p permanent) Unwrap() error { return p.error }

// waitFor calls try until it returns nil or a permanent error. If ctx ends
// first, the error says what was waited for and what try said last.
func waitFor(ctx context.Context, what string, try func() error) error {
	ctx, cancel := withDeadline(ctx)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := try()
		var p permanent
		switch {
		case err == nil:
			return nil
		case errors.As(err, &p):
			return fmt.Errorf("testbed: %s: %w", what, p.error)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("testbed: %s: %w; last seen: %w", what, context.Cause(ctx), err)
		case <-tick.C:
		}
	}
}

func withDeadline(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, defaultTimeout)
}

// await calls f, which cannot be cancelled, and gives up waiting for it when
// ctx ends. f's result must not be used then: it goes on by itself, until the
// client that it uses is closed.
func await[T any](ctx context.Context, f func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		v, err := f()
		done <- result{v, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		var zero T
		return zero, context.Cause(ctx)
	}
}

// tail returns the last lines of a file, or why it cannot be read.
func tail(name string, lines int) string {
	b, err := os.ReadFile(name)
	if err != nil {
		return err.Error()
	}
	b = bytes.TrimRight(b, "\n")
	from := len(b)
	for range lines {
		if from = bytes.LastIndexByte(b[:from], '\n'); from < 0 {
			return string(b)
		}
	}
	return string(b[from+1:])
}

// progress writes a line to log, if there is one.
func progress(log io.Writer, format string, args ...any) {
	if log != nil {
		_, _ = fmt.Fprintf(log, format+"\n", args...)
	}
}
