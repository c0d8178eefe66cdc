package rebalance

import (
	"maps"
	"time"

	"github.com/evenkeel/evenkeel/config"
)

// Status is what a Runner does now and has done, for metrics and people.
type Status struct {
	Mode     config.Mode
	Leader   bool   // in mode auto: this process decides
	Holder   string // who decides, "" where that is not known
	Decision Decision
	Running  bool
	Runs     map[Result]int // since the process started
	Fates    map[Fate]int   // of partitions, since the process started

	Paused   *Pause
	PingPong map[int32]time.Time // by broker: since when
	Excluded map[int32]time.Time // by broker: until when
}

func newStatus(mode config.Mode) Status {
	return Status{Mode: mode, Runs: map[Result]int{}, Fates: map[Fate]int{}}
}

func (s *Status) decided(d Decision) { s.Decision = d }

func (s *Status) kept(k Kept) {
	k = k.Clone()
	s.Paused, s.PingPong, s.Excluded = k.Paused, k.PingPong, k.Excluded
}

// Status returns what the runner does and has done. It belongs to the caller, but for the
// slices of the decision, which are shared and not to be changed.
func (r *Runner) Status() Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.status
	s.Runs, s.Fates = maps.Clone(s.Runs), maps.Clone(s.Fates)
	return s
}
