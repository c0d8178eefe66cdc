package testbed

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

const (
	folderPrefix = "evenkeel-testbed-"
	lockName     = "lock" // held in a temporary folder while its cluster lives
)

// makeDir makes the cluster's folder and what all its processes share.
func (c *Cluster) makeDir() error {
	var err error
	if c.spec.Dir == "" {
		removeStale(os.TempDir())
		c.dir, c.lock, err = makeTemporary()
	} else {
		c.dir, err = makeEmpty(c.spec.Dir)
	}
	if err != nil {
		return fmt.Errorf("testbed: %w", err)
	}
	c.log4j = filepath.Join(c.dir, "log4j.properties")
	if err := os.WriteFile(c.log4j, log4jProperties, 0o644); err != nil {
		return fmt.Errorf("testbed: %w", err)
	}
	return nil
}

// makeEmpty makes a folder, or checks that an existing one is empty: servers
// that find the data of another cluster fail in odd ways.
func makeEmpty(name string) (string, error) {
	dir, err := filepath.Abs(name)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	if len(entries) > 0 {
		return "", fmt.Errorf("%s is not empty: a cluster starts from fresh data", dir)
	}
	return dir, nil
}

// makeTemporary makes a folder for a cluster, with its lock held. It gets its
// name only then, lest removeStale take it for a left one.
func makeTemporary() (string, *os.File, error) {
	raw, err := os.MkdirTemp("", "evenkeel-new-")
	if err != nil {
		return "", nil, err
	}
	lock, err := os.Create(filepath.Join(raw, lockName))
	if err != nil {
		return "", nil, err
	}
	dir := filepath.Join(filepath.Dir(raw), folderPrefix+strings.TrimPrefix(filepath.Base(raw), "evenkeel-new-"))
	if !tryLock(lock) {
		err = fmt.Errorf("the new %s is locked", lock.Name())
	} else {
		err = os.Rename(raw, dir)
	}
	if err != nil {
		_ = lock.Close()
		return "", nil, err
	}
	return dir, lock, nil
}

// removeStale removes the folders of clusters whose program was killed before
// it could. Their processes have died with it, and so has the lock.
func removeStale(parent string) {
	locks, err := filepath.Glob(filepath.Join(parent, folderPrefix+"*", lockName))
	if err != nil {
		return // only a bad pattern
	}
	for _, name := range locks {
		f, err := os.Open(name)
		if err != nil {
			continue // another user's, or just removed
		}
		if tryLock(f) {
			// What cannot be removed now can be the next time.
			_ = os.RemoveAll(filepath.Dir(name))
		}
		_ = f.Close()
	}
}

// tryLock takes the exclusive lock of a file, which ends with the file or the
// process, or returns false if somebody else has it.
func tryLock(f *os.File) bool {
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil
}
