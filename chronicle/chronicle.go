package chronicle

import (
	"slices"
	"sync"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
)

// How much is kept.
const (
	keptHappenings = 200
	keptPolls      = 20
	keptFailed     = 50
	keptOutages    = 50

	// keptFor is how long what is over is told.
	keptFor = 24 * time.Hour
)

// Chronicle is that of one cluster. It is safe for concurrent use.
type Chronicle struct {
	mu         sync.Mutex
	points     []Point           // oldest first
	happenings []Happening       // oldest first
	polls      []Poll            // oldest first
	failed     []Poll            // of those that did not get all, oldest first
	sessions   map[int32]int64   // of brokers that were seen registered, by id
	outages    map[int32]*Outage // that are not over, by broker
	over       []Outage          // oldest first
}

// New returns an empty chronicle.
func New() *Chronicle { return &Chronicle{sessions: map[int32]int64{}, outages: map[int32]*Outage{}} }

// Happening is something that began, ended or happened.
type Happening struct {
	At   time.Time
	Text string
	Bad  bool // a trouble that began
}

// Poll is how a poll ended.
type Poll struct {
	At      time.Time // its end
	Trigger cluster.Trigger
	Took    time.Duration
	Verdict cluster.Verdict
	Failed  []string // what could not be read, with the reason; empty when all was
}

// Happened notes that something happened.
func (c *Chronicle) Happened(at time.Time, text string, bad bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.happenings = keep(append(c.happenings, Happening{at, text, bad}), keptHappenings)
}

// Observe takes what a poll found.
func (c *Chronicle) Observe(s *cluster.Snapshot) {
	c.mu.Lock()
	defer c.mu.Unlock()
	poll := Poll{At: s.Finished, Trigger: s.Trigger, Took: s.Finished.Sub(s.Started), Verdict: s.Verdict(), Failed: failures(s)}
	c.polls = keep(append(c.polls, poll), keptPolls)
	if len(poll.Failed) > 0 {
		c.failed = keep(append(c.failed, poll), keptFailed)
	}
	c.addPoint(s)
	c.follow(s)
}

// failures says what a poll could not read, whole or in part.
func failures(s *cluster.Snapshot) (all []string) {
	for _, source := range cluster.Sources {
		switch o := s.Outcomes[source]; {
		case o.Err != nil:
			all = append(all, string(source)+": "+o.Err.Error())
		case len(o.Faults) > 0:
			text := string(source) + ": " + o.Faults[0].Target + ": " + o.Faults[0].Reason
			if n := len(o.Faults); n > 1 {
				text += " and more"
			}
			all = append(all, text)
		}
	}
	return all
}

// keep leaves the last n.
func keep[T any](all []T, n int) []T {
	if len(all) > n {
		return slices.Delete(all, 0, len(all)-n)
	}
	return all
}

// Happenings returns what happened within a day before now, the latest first. The slice is
// the caller's.
func (c *Chronicle) Happenings(now time.Time) []Happening {
	c.mu.Lock()
	defer c.mu.Unlock()
	return latest(c.happenings, func(h Happening) bool { return now.Sub(h.At) < keptFor })
}

// Polls returns the last polls and, for a day, those of them that did not get all, the
// latest first. The slices are the caller's.
func (c *Chronicle) Polls(now time.Time) (last, failed []Poll) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return latest(c.polls, func(Poll) bool { return true }), latest(c.failed, func(p Poll) bool { return now.Sub(p.At) < keptFor })
}

// latest returns those that are wanted, the last first.
func latest[T any](all []T, wanted func(T) bool) (some []T) {
	for _, v := range slices.Backward(all) {
		if wanted(v) {
			some = append(some, v)
		}
	}
	return some
}
