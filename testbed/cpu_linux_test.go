package testbed

import (
	"errors"
	"os"
	"testing"
)

func TestCPU(t *testing.T) {
	before, err := cpu(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	// As long as it takes to use a tick.
	err = waitFor(t.Context(), "use the processor", func() error {
		for i := range 10_000_000 {
			_ = i * i
		}
		now, err := cpu(os.Getpid())
		if err == nil && now <= before {
			err = errors.New("no time is counted")
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	s := &Server{name: "broker 0", proc: newShell(t, "true")}
	if used, err := s.CPU(); !errors.Is(err, errNotRunning) {
		t.Errorf("a server that does not run has used %v, %v", used, err)
	}
}
