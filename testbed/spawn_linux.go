package testbed

import (
	"fmt"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// childAttributes puts a child into its own process group, so that Ctrl-C in a
// terminal reaches only this program, which then ends its children in order,
// and has the kernel kill it if this program dies.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// awaitStopped returns once every thread of a child that got SIGSTOP stands
// still. WNOWAIT leaves the child's state to be read again.
func awaitStopped(pid int) error {
	deadline := time.Now().Add(10 * time.Second)
	for {
		var info unix.Siginfo
		err := unix.Waitid(unix.P_PID, pid, &info, unix.WSTOPPED|unix.WNOHANG|unix.WNOWAIT, nil)
		if err != nil && err != unix.EINTR {
			return fmt.Errorf("testbed: wait until process %d stands still: %w", pid, err)
		}
		if info.Signo == int32(unix.SIGCHLD) {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("testbed: process %d runs on after SIGSTOP", pid)
		}
		time.Sleep(time.Millisecond)
	}
}
