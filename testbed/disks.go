package testbed

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// disk is one folder of a broker's log.dirs.
type disk struct {
	path string
	// space is the root of the file system that is the disk's alone; nil: it
	// shares the machine's.
	space *os.File
}

// failed marks the folder of a disk that FailDisk has taken away.
const failed = ".failed"

// newDisks makes the disks of a broker in its folder, if the spec wants others
// than the one folder that is there.
func (c *Cluster) newDisks(dir string) ([]disk, error) {
	if !c.spec.ownDisks() {
		return []disk{{path: filepath.Join(dir, "data")}}, nil
	}
	var disks []disk
	for i := range c.spec.LogDirs {
		d := disk{path: filepath.Join(dir, fmt.Sprintf("disk-%d", i))}
		if err := c.makeDisk(&d); err != nil {
			return nil, err
		}
		disks = append(disks, d)
	}
	return disks, nil
}

// ownDisks tells whether the spec wants disks beside the folder that every
// broker has.
func (s Spec) ownDisks() bool { return s.LogDirs > 1 || s.LogDirBytes > 0 }

// makeDisk makes the folder of a disk. A disk of its own size is mounted nowhere:
// this program holds it open, the brokers reach it through that, and when the
// program ends, however it does, the kernel drops it.
func (c *Cluster) makeDisk(d *disk) error {
	if c.spec.LogDirBytes == 0 {
		return os.Mkdir(d.path, 0o755)
	}
	space, err := newSpace(c.spec.LogDirBytes)
	if err != nil {
		return fmt.Errorf("a file system of %d bytes for %s (Spec.LogDirBytes needs Linux from 5.2 and root): %w", c.spec.LogDirBytes, d.path, err)
	}
	d.space = space
	c.mu.Lock()
	c.diskFiles = append(c.diskFiles, space)
	c.mu.Unlock()
	// Of their own names, because the brokers compare what links lead to.
	folder := filepath.Join(fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), space.Fd()), filepath.Base(d.path))
	return errors.Join(os.Mkdir(folder, 0o755), os.Symlink(folder, d.path))
}

// addDisks adds the settings of a broker's disks.
func (c *Cluster) addDisks(p map[string]string, disks []disk) {
	if !c.spec.ownDisks() {
		return
	}
	if c.release.kraft() {
		p["metadata.log.dir"] = p["log.dirs"]
	}
	var paths []string
	for _, d := range disks {
		paths = append(paths, d.path)
	}
	p["log.dirs"] = strings.Join(paths, ",")
	// How soon a broker sees that a disk has failed to which nobody writes.
	for _, key := range []string{
		"replica.high.watermark.checkpoint.interval.ms",
		"log.flush.offset.checkpoint.interval.ms",
		"log.flush.start.offset.checkpoint.interval.ms",
	} {
		if p[key] == "" {
			p[key] = "1000"
		}
	}
}

// disk returns one of a broker's disks, by its index in log.dirs.
func (s *Server) disk(i int) (disk, error) {
	if i < 0 || i >= len(s.disks) {
		return disk{}, fmt.Errorf("testbed: disk %d of %s: it has %d", i, s.name, len(s.disks))
	}
	return s.disks[i], nil
}

// FillDisk takes all the space of a broker's disk, by its index in log.dirs, so
// that what needs more of it fails with "No space left on device". If the broker
// has partitions there, it sees so with the next messages or, with its next
// checkpoint, within a second. From Kafka 1.0 on it then takes the disk offline,
// and ends with its last one; older ones end at once. Spec.LogDirBytes must have
// given the disk a size.
func (s *Server) FillDisk(dir int) error {
	d, err := s.sizedDisk(dir)
	if err != nil {
		return err
	}
	if err := fill(d.space); err != nil {
		return fmt.Errorf("testbed: fill disk %d of %s: %w", dir, s.name, err)
	}
	return nil
}

// FreeDisk gives back what FillDisk has taken. A broker that has taken the disk
// offline uses it again after a restart.
func (s *Server) FreeDisk(dir int) error {
	d, err := s.sizedDisk(dir)
	if err != nil {
		return err
	}
	if err := os.Remove(filling(d.space)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("testbed: free disk %d of %s: %w", dir, s.name, err)
	}
	return nil
}

func (s *Server) sizedDisk(dir int) (disk, error) {
	d, err := s.disk(dir)
	if err == nil && d.space == nil {
		err = fmt.Errorf("testbed: disk %d of %s has no size of its own: set Spec.LogDirBytes", dir, s.name)
	}
	return d, err
}

// filling is the path of the file that fills a disk, beside the log folder.
func filling(space *os.File) string {
	return fmt.Sprintf("/proc/self/fd/%d/filling", space.Fd())
}

// FailDisk makes a broker's disk, by its index in log.dirs, fail: no file on it
// can be opened, made or renamed, while those that are open go on working. The
// broker sees it when it next writes a checkpoint or rolls a segment: with
// Spec.LogDirs or Spec.LogDirBytes after a second, else after some five, if it
// has partitions there. From Kafka 1.0 on it then takes the disk offline, and
// ends with its last one; older ones end at once, and do not start again before
// MendDisk.
func (s *Server) FailDisk(dir int) error {
	d, err := s.disk(dir)
	if err != nil {
		return err
	}
	if _, err := os.Lstat(d.path + failed); err == nil {
		return fmt.Errorf("testbed: disk %d of %s has failed already", dir, s.name)
	}
	// A link to nothing stays in the place: a broker that starts would else make
	// itself an empty folder.
	err = errors.Join(os.Rename(d.path, d.path+failed), os.Symlink(filepath.Join(d.path+failed, "none", "none"), d.path))
	if err != nil {
		return fmt.Errorf("testbed: fail disk %d of %s: %w", dir, s.name, err)
	}
	return nil
}

// MendDisk undoes FailDisk, with all data as they were. A broker that has taken
// the disk offline uses it again after a restart.
func (s *Server) MendDisk(dir int) error {
	d, err := s.disk(dir)
	if err != nil {
		return err
	}
	if _, err := os.Lstat(d.path + failed); err != nil {
		return fmt.Errorf("testbed: mend disk %d of %s, which has not failed: %w", dir, s.name, err)
	}
	// A folder does not take a link's place.
	if err := errors.Join(os.Remove(d.path), os.Rename(d.path+failed, d.path)); err != nil {
		return fmt.Errorf("testbed: mend disk %d of %s: %w", dir, s.name, err)
	}
	return nil
}
