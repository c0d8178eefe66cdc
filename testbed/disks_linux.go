package testbed

import (
	"errors"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// newSpace returns the root of a new file system in memory, which lasts until
// the file is closed.
func newSpace(bytes int64) (*os.File, error) {
	fsfd, err := unix.Fsopen("tmpfs", unix.FSOPEN_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("fsopen", err)
	}
	defer unix.Close(fsfd)
	if err := unix.FsconfigSetString(fsfd, "size", strconv.FormatInt(bytes, 10)); err != nil {
		return nil, os.NewSyscallError("fsconfig size", err)
	}
	if err := unix.FsconfigCreate(fsfd); err != nil {
		return nil, os.NewSyscallError("fsconfig create", err)
	}
	fd, err := unix.Fsmount(fsfd, unix.FSMOUNT_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("fsmount", err)
	}
	return os.NewFile(uintptr(fd), "tmpfs"), nil
}

// fill takes all that is free of a file system, also what others free or take
// meanwhile.
func fill(space *os.File) error {
	f, err := os.OpenFile(filling(space), os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(fillWith(f), f.Close())
}

func fillWith(f *os.File) error {
	for {
		info, err := f.Stat()
		if err != nil {
			return err
		}
		var stat unix.Statfs_t
		if err := unix.Fstatfs(int(f.Fd()), &stat); err != nil {
			return os.NewSyscallError("fstatfs", err)
		}
		if stat.Bavail == 0 {
			return nil
		}
		err = unix.Fallocate(int(f.Fd()), 0, info.Size(), int64(stat.Bavail)*stat.Bsize)
		if err != nil && !errors.Is(err, unix.ENOSPC) && !errors.Is(err, unix.EINTR) {
			return os.NewSyscallError("fallocate", err)
		}
	}
}
