//go:build linux

// Package proc reads what a process has used of processor and memory, on Linux.
package proc

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// CPU returns the processor time of a process since its start, in user and kernel
// mode together: all its threads, those that have ended included, to the
// nanosecond. It fails when there is no such process.
func CPU(pid int) (time.Duration, error) {
	// The clock that clock_getcpuclockid(3) names. /proc/PID/stat tells the same
	// to 10 ms only, and /proc/PID/task/*/schedstat without threads that ended.
	const allThreadsByScheduler = 2
	var ts unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|allThreadsByScheduler), &ts); err != nil {
		return 0, fmt.Errorf("processor time of process %d: %w", pid, err)
	}
	return time.Duration(ts.Nano()), nil
}

// Memory is what a process has resident, in bytes.
type Memory struct {
	// Now is the memory that is resident, Peak the most that ever was.
	Now, Peak int64
}

// ReadMemory returns the memory of a process. It fails when there is no such
// process, or it has ended and was not reaped.
func ReadMemory(pid int) (Memory, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return Memory{}, fmt.Errorf("memory of process %d: %w", pid, err)
	}
	m, err := parseStatus(status)
	if err != nil {
		return Memory{}, fmt.Errorf("memory of process %d: %w", pid, err)
	}
	return m, nil
}

// parseStatus reads VmRSS and VmHWM, see proc_pid_status(5).
func parseStatus(status []byte) (m Memory, err error) {
	if m.Now, err = kilobytes(status, "VmRSS"); err != nil {
		return Memory{}, err
	}
	if m.Peak, err = kilobytes(status, "VmHWM"); err != nil {
		return Memory{}, err
	}
	return m, nil
}

// kilobytes returns the value of a line like "VmRSS:	   12345 kB", in bytes.
func kilobytes(status []byte, name string) (int64, error) {
	for line := range bytes.Lines(status) {
		fields := bytes.Fields(line)
		if len(fields) != 3 || string(fields[0]) != name+":" || string(fields[2]) != "kB" {
			continue
		}
		n, err := strconv.ParseInt(string(fields[1]), 10, 64)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", name, err)
		}
		return n << 10, nil
	}
	return 0, fmt.Errorf("no line %s in its status", name)
}
