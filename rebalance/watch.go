package rebalance

import (
	"time"

	"github.com/evenkeel/evenkeel/cluster"
)

// blindLimit is how many polls in a row may be blind before what lasted starts anew.
const blindLimit = 3

// flappingSpan is the time in which registrations are counted.
const flappingSpan = time.Hour

// Watch remembers what only a series of snapshots tells: for how long brokers have been
// above the threshold, and whole; when they left; how often they registered; how slow
// they were. It is not safe for concurrent use.
//
// It has a clock of its own, which goes on from one snapshot to the next by the time in
// between, never by less than nothing and never by more than Policy.Fresh. So neither a
// clock that is set nor a process that was suspended makes anything look older than it
// is: time that was not watched does not count.
//
// A broker is whole while it is registered and not fenced, answers, and is in the ISR of
// every partition assigned to it, those aside that a reassignment is adding to it. That
// is asked of all its partitions: one that catches up, or that lost a log directory, has
// enough to do. What was before the first snapshot is not known: each broker counts as
// if it had left, and come back, right then.
type Watch struct {
	policy   Policy
	clock    time.Duration
	started  time.Time // of the last poll
	last     time.Time // when the last snapshot was finished
	readable bool      // the last snapshot could be read
	blind    int       // polls in a row that could not

	controller      cluster.Controller
	controllerKnown bool
	baseline        bool // the registry was read before
	brokers         map[int32]*watched
}

// watched is what is remembered of one broker. Times are those of Watch.clock.
type watched struct {
	isAbove, isWhole bool          // in the last snapshot that could be read
	above, whole     time.Duration // for how long, without a break

	known, registered bool // as the registry last said
	session           int64
	hasLeft           bool // left holds
	unproven          bool // it may have left at left, or not at all
	left              time.Duration
	registrations     []time.Duration // within flappingSpan

	slow uint16 // one bit for each of the last probes, the latest one the lowest
}

// NewWatch returns a watch that has seen nothing yet. Of the policy it needs Threshold,
// SlowProbe and Fresh; with another policy, begin another Watch.
func NewWatch(p Policy) *Watch {
	return &Watch{policy: p, brokers: map[int32]*watched{}}
}

// Observe adds a snapshot: every one, in their order, before it is decided by.
func (w *Watch) Observe(s *cluster.Snapshot) {
	if s == nil {
		return
	}
	again := !w.last.IsZero() && s.Started.Equal(w.started) // the same poll, amended
	var step time.Duration
	if !w.last.IsZero() {
		step = min(max(s.Finished.Sub(w.last), 0), w.policy.Fresh)
	}
	w.clock += step
	w.started, w.last = s.Started, s.Finished
	w.observeRegistry(s)
	if !again {
		w.observeProbes(s)
	}
	w.observeController(s)
	if unreadable(s) != "" {
		w.observeBlind(again)
		return
	}
	w.blind = 0
	if !w.readable {
		step = 0 // what was in between is not known
	}
	w.readable = true
	w.observeLoads(s, step)
}

// unreadable says why a snapshot tells too little of the partitions to decide anything;
// "" where it tells enough.
func unreadable(s *cluster.Snapshot) string {
	switch z := s.Summary; {
	case !s.Picture.OK():
		return "the partitions could not be read: " + s.Picture.Err().Error()
	case z == nil || !z.AssignmentKnown:
		return "the assignment of some partitions could not be read"
	case !z.StatesKnown:
		return "leader and ISR of some partitions could not be read"
	case !z.RegistryKnown || !s.Registrations.OK():
		return "which brokers are registered could not be read"
	case !z.MovesKnown:
		return "which partitions are being reassigned could not be read"
	default:
		return ""
	}
}

func (w *Watch) observeBlind(again bool) {
	w.readable = false
	if !again {
		w.blind++
	}
	if w.blind < blindLimit {
		return
	}
	for _, b := range w.brokers {
		b.above, b.whole = 0, 0
	}
}

// observeController starts anew what lasted when another controller, or none, is active:
// it may see things differently, and is about to move leaders itself.
func (w *Watch) observeController(s *cluster.Snapshot) {
	c, read := s.Controller.Get()
	if !read {
		return
	}
	old := w.controller
	changed := old.Exists != c.Exists || old.Named && c.Named && old.ID != c.ID
	if w.controllerKnown && changed {
		for _, b := range w.brokers {
			b.above, b.isAbove = 0, false
		}
	}
	if !w.controllerKnown || changed || c.Named {
		w.controller = c
	}
	w.controllerKnown = true
}

// observeLoads adds a step to what lasts: that a broker is above the threshold, and
// that it is whole.
func (w *Watch) observeLoads(s *cluster.Snapshot, step time.Duration) {
	for id, load := range s.Summary.Loads {
		b := w.broker(id)
		ratio, ok := load.ImbalanceRatio()
		above := ok && ratio > w.policy.Threshold
		b.above = lasted(b.above, step, b.isAbove, above)
		b.isAbove = above
	}
	for id, b := range w.brokers {
		load := s.Summary.Load(id)
		if load.PreferredLeaders == 0 {
			b.above, b.isAbove = 0, false
		}
		known := s.Broker(id)
		whole := known != nil && present(known) && load.OutOfSync == 0
		b.whole = lasted(b.whole, step, b.isWhole, whole)
		b.isWhole = whole
	}
}

// lasted returns for how long something lasts that was and is.
func lasted(so, step time.Duration, was, is bool) time.Duration {
	if !was || !is {
		return 0
	}
	return so + step
}

// present says whether a broker is registered, not fenced, and answers.
func present(b *cluster.Broker) bool {
	registered, known := b.Registered()
	return registered && known && b.Probe.Answered()
}

func (w *Watch) broker(id int32) *watched {
	b := w.brokers[id]
	if b == nil {
		b = &watched{}
		w.brokers[id] = b
	}
	return b
}
