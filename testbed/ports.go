package testbed

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

const (
	lowestPort     = 20000
	ephemeralGuess = 32768 // where Linux hands out ports by default
)

// portSet is a set of ports that this cluster alone uses until release. Each
// is claimed by a lock on a file, because a stopped broker listens on nothing
// and would otherwise lose its port to another cluster, of this process or of
// another test binary.
type portSet struct {
	ports []int
	locks []*os.File
}

// claimPorts claims n ports of 127.0.0.1 that nobody listens on. They lie below
// the range from which the kernel serves outgoing connections: a port from
// that range could be taken by any client while its server is down.
func claimPorts(n int) (*portSet, error) {
	dir := filepath.Join(os.TempDir(), "evenkeel-testbed-ports")
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("testbed: claim ports: %w", err)
	}
	low, high := lowestPort, ephemeralStart()
	if high-low < 1000 { // an unusual range: take what is usual elsewhere
		high = ephemeralGuess
	}
	set := new(portSet)
	size := high - low
	for i, first := 0, rand.IntN(size); i < size && len(set.ports) < n; i++ {
		port := low + (first+i)%size
		if lock := claimPort(dir, port); lock != nil {
			set.ports = append(set.ports, port)
			set.locks = append(set.locks, lock)
		}
	}
	if len(set.ports) < n {
		set.release()
		return nil, fmt.Errorf("testbed: fewer than %d free ports between %d and %d", n, low, high)
	}
	return set, nil
}

// take hands out the next port of the set.
func (s *portSet) take() int {
	p := s.ports[0]
	s.ports = s.ports[1:]
	return p
}

// release gives the ports up. The file goes before its lock, so that whoever
// gets the lock of a removed file can see that it is removed.
func (s *portSet) release() {
	for _, f := range s.locks {
		_ = os.Remove(f.Name())
		_ = f.Close()
	}
	s.locks = nil
}

// claimPort returns the held lock of a free port, or nil.
func claimPort(dir string, port int) *os.File {
	name := filepath.Join(dir, strconv.Itoa(port))
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil // another user's
	}
	if tryLock(f) && sameFile(f, name) && canListen(port) {
		return f
	}
	_ = f.Close()
	return nil
}

// sameFile tells whether name still is the open file, not a successor of it.
func sameFile(f *os.File, name string) bool {
	held, err := f.Stat()
	now, err2 := os.Stat(name)
	return errors.Join(err, err2) == nil && os.SameFile(held, now)
}

func canListen(port int) bool {
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return false
	}
	return l.Close() == nil
}

// ephemeralStart returns the first port that the kernel uses for outgoing
// connections.
func ephemeralStart() int {
	b, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
	if err != nil {
		return ephemeralGuess
	}
	if fields := strings.Fields(string(b)); len(fields) == 2 {
		if first, err := strconv.Atoi(fields[0]); err == nil {
			return first
		}
	}
	return ephemeralGuess
}
