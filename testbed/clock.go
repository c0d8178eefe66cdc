package testbed

import (
	"context"
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

//go:embed launcher/clock.c
var clockSource []byte

// clockLibrary returns the path of the compiled library that moves clocks.
func clockLibrary(ctx context.Context) (string, error) {
	const library, source = "clock.so", "clock.c"
	dir, err := cached(ctx, "clock", clockSource, func(dir string) error {
		cc, err := exec.LookPath("cc")
		if err != nil {
			return fmt.Errorf("testbed: %w: Spec.MovableClocks needs a C compiler; on Debian and Ubuntu: apt-get install gcc libc6-dev", err)
		}
		file := filepath.Join(dir, source)
		if err := os.WriteFile(file, clockSource, 0o644); err != nil {
			return fmt.Errorf("testbed: compile the library for clocks: %w", err)
		}
		if err := run(ctx, cc, "-shared", "-fPIC", "-O2", "-o", filepath.Join(dir, library), file, "-ldl"); err != nil {
			return fmt.Errorf("testbed: compile the library for clocks: %w", err)
		}
		return nil
	})
	return filepath.Join(dir, library), err
}

// setClock has a server's JVM take the time of day from a file as well, if the
// spec wants clocks that move.
func (c *Cluster) setClock(s *Server) error {
	if !c.spec.MovableClocks {
		return nil
	}
	s.clock = s.proc.log + ".clock"
	s.proc.env = []string{"LD_PRELOAD=" + c.clockLibrary, "EVENKEEL_CLOCK=" + s.clock}
	return writeClock(s.clock, 0)
}

// MoveClock sets a server's clock to d ahead of the machine's, or behind it where
// d is negative; 0 sets it right. It holds at once, and also over restarts. Only
// the time of day moves, timeouts last as ever. Spec.MovableClocks must have
// asked for it. The ZooKeeper servers of Spec.OneJVM have one clock.
func (s *Server) MoveClock(d time.Duration) error {
	if s.clock == "" {
		return fmt.Errorf("testbed: move the clock of %s: Spec.MovableClocks has not asked for it", s.name)
	}
	if err := writeClock(s.clock, d); err != nil {
		return fmt.Errorf("testbed: move the clock of %s: %w", s.name, err)
	}
	return nil
}

// writeClock overwrites the file, which a JVM may have in its memory.
func writeClock(name string, d time.Duration) error {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(binary.NativeEndian.AppendUint64(nil, uint64(d)))
	return errors.Join(err, f.Close())
}
