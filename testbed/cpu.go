package testbed

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"
)

// clockTick is the unit of times in /proc, the same on all of Linux.
const clockTick = 10 * time.Millisecond

// CPU returns the processor time that the server's process has used since its
// start, in user and kernel mode together, to 10 ms. It fails where the server
// does not run, and elsewhere than on Linux.
func (s *Server) CPU() (time.Duration, error) {
	pid := s.PID()
	if pid == 0 {
		return 0, fmt.Errorf("testbed: processor time of %s: %w", s.name, errNotRunning)
	}
	used, err := cpu(pid)
	if err != nil {
		return 0, fmt.Errorf("testbed: processor time of %s: %w", s.name, err)
	}
	return used, nil
}

// cpu reads the 14th and 15th field of a process's line, see proc_pid_stat(5).
// The second is the program's name, in parentheses and with whatever in it.
func cpu(pid int) (time.Duration, error) {
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	fields := bytes.Fields(line[bytes.LastIndexByte(line, ')')+1:])
	if len(fields) < 13 {
		return 0, fmt.Errorf("/proc/%d/stat is %q", pid, line)
	}
	var ticks uint64
	for _, field := range fields[11:13] {
		n, err := strconv.ParseUint(string(field), 10, 64)
		if err != nil {
			return 0, fmt.Errorf("/proc/%d/stat: %w", pid, err)
		}
		ticks += n
	}
	return time.Duration(ticks) * clockTick, nil
}
