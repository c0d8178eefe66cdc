//go:build cluster

package acceptance

import (
	"fmt"
	"os"
	"strings"
)

// size is what a process holds.
type size struct {
	goroutines float64
	files      int
	kilobytes  int     // resident
	heap       float64 // bytes that Go uses of its heap
}

func (p *program) size() size {
	p.t.Helper()
	z := size{goroutines: p.goroutines()}
	pid := p.cmd.Process.Pid
	files, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	must(p.t, err)
	z.files = len(files)
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	must(p.t, err)
	for line := range strings.Lines(string(status)) {
		if value, found := strings.CutPrefix(line, "VmRSS:"); found {
			_, err = fmt.Sscan(value, &z.kilobytes)
			must(p.t, err)
		}
	}
	s, err := p.scrape()
	must(p.t, err)
	z.heap = s.values["go_memstats_heap_inuse_bytes"]
	return z
}

// What may be more at the end: a poll under way, connections that are kept for a
// while, garbage, and what the race detector has set aside for many goroutines and
// never gives back (measured: 170 MB for two hundred scrapes at once, the heap at 6).
const (
	spareGoroutines = 8
	spareFiles      = 8
	spareKilobytes  = 256 << 10
	spareHeap       = 32 << 20
)

// finish holds that the faults have left nothing behind in evenkeel.
func (s *scene) finish() {
	if s.p == nil || s.broken {
		return
	}
	s.p.t = s.t
	was, now := s.size, s.p.size()
	s.t.Logf("%s: %+v before the faults, %+v after", s.bed.name, was, now)
	if now.goroutines > was.goroutines+spareGoroutines || now.files > was.files+spareFiles ||
		now.kilobytes > was.kilobytes+spareKilobytes || now.heap > was.heap+spareHeap {
		s.t.Errorf("something was left behind: %+v before the faults, %+v after", was, now)
	}
}
