//go:build !linux

package testbed

import "syscall"

// childAttributes puts a child into its own process group. There is no
// parent-death signal outside Linux: only Stop ends the children here.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}

// awaitStopped trusts SIGSTOP: outside Linux nothing cheap tells more.
func awaitStopped(int) error { return nil }
