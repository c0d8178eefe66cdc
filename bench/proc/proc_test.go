//go:build linux

package proc

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestParseStatus(t *testing.T) {
	const status = "Name:\tVmRSS: 1 kB\nState:\tS (sleeping)\nVmPeak:\t  800000 kB\nVmHWM:\t   45678 kB\nVmRSS:\t   12345 kB\nThreads:\t9\n"
	m, err := parseStatus([]byte(status))
	if want := (Memory{Now: 12345 << 10, Peak: 45678 << 10}); err != nil || m != want {
		t.Errorf("%+v, %v, want %+v", m, err, want)
	}
	for name, broken := range map[string]string{
		"VmRSS": strings.ReplaceAll(status, "VmRSS:\t", "Other:\t"), // as of a process that was not reaped
		"VmHWM": strings.ReplaceAll(status, "45678", "4x"),
	} {
		if m, err := parseStatus([]byte(broken)); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("without %s: %+v, %v", name, m, err)
		}
	}
}

func TestOwnCPU(t *testing.T) {
	usage := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			t.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	// Getrusage may lag behind the clock by a tick.
	const tick = 10 * time.Millisecond
	before := usage()
	got, err := CPU(os.Getpid())
	after := usage()
	if err != nil || got < before-tick || got > after+tick {
		t.Errorf("%v, %v, want between %v and %v", got, err, before, after)
	}
}

func TestOwnMemory(t *testing.T) {
	m, err := ReadMemory(os.Getpid())
	if err != nil || m.Now < 1<<20 || m.Peak < m.Now {
		t.Errorf("%+v, %v", m, err)
	}
}

func TestNoSuchProcess(t *testing.T) {
	cmd := exec.Command("true")
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	if cpu, err := CPU(cmd.Process.Pid); err == nil {
		t.Errorf("a process that has ended has used %v", cpu)
	}
	if m, err := ReadMemory(cmd.Process.Pid); err == nil {
		t.Errorf("a process that has ended has %+v", m)
	}
}
