//go:build cluster && chaos

package acceptance

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/evenkeel/evenkeel/testbed"
)

// remembering is a cluster under an evenkeel with a state file on a disk of its own.
var remembering = &bed{
	name: "state",
	spec: func(kafka string) testbed.Spec { return testbed.Spec{Kafka: kafka, OneJVM: kafka[0] < '4'} },
	top: func(s *scene) string {
		if s.disk == nil {
			s.disk = newDisk(s)
			if err := os.WriteFile(filling(s.disk), make([]byte, 1<<16), 0o600); !errors.Is(err, unix.ENOSPC) {
				s.t.Fatalf("the disk takes what it has no place for: %v", err)
			}
		}
		return fmt.Sprintf("state_file: %q\n", stateFile(s.disk))
	},
}

// newDisk makes a file system of a few pages in memory, which lasts until it is
// closed. It needs root.
func newDisk(s *scene) *os.File {
	fd, err := unix.Fsopen("tmpfs", unix.FSOPEN_CLOEXEC)
	if err != nil {
		s.t.Skipf("a file system of its own: %v", err)
	}
	defer unix.Close(fd)
	must(s.t, unix.FsconfigSetString(fd, "size", "16384"))
	must(s.t, unix.FsconfigCreate(fd))
	root, err := unix.Fsmount(fd, unix.FSMOUNT_CLOEXEC, 0)
	must(s.t, err)
	return os.NewFile(uintptr(root), "tmpfs")
}

// onDisk is a path by which another process reaches a file on it.
func onDisk(disk *os.File, name string) string {
	return filepath.Join(fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), disk.Fd()), name)
}

func stateFile(disk *os.File) string { return onDisk(disk, "state.json") }

// filling is what takes up the space.
func filling(disk *os.File) string { return onDisk(disk, "filling") }

func init() {
	declare(&fault{
		name: "disk_of_the_state_file_full", bed: remembering, on: bothEnds,
		shows: "everything; the log says once that the file was not written",
		begin: func(s *scene) []claim {
			s.undo = func() {
				if n := strings.Count(s.p.log.String(), "State file not written"); n != 1 {
					s.t.Errorf("%d times that the state file was not written", n)
				}
				must(s.t, os.Remove(filling(s.disk)))
				s.p.await("the state file is written", 2*aPoll(), func() error {
					_, err := os.Stat(stateFile(s.disk))
					return err
				})
			}
			return s.undisturbed() // it has been full since evenkeel's start
		},
		end: (*scene).undone,
	})
}
