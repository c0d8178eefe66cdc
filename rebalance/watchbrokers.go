package rebalance

import (
	"math/bits"
	"slices"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
)

// A broker is slow when it was in slowOf of the last probes that it answered.
const (
	slowProbes = 10
	slowOf     = 5
)

// observeRegistry notes who left and who registered. What the registry does not say
// leaves everything as it is; that a broker does not answer is noted all the same.
func (w *Watch) observeRegistry(s *cluster.Snapshot) {
	read := s.Registrations.OK()
	for i := range s.Brokers {
		b := &s.Brokers[i]
		mine := w.broker(b.ID)
		if _, known := b.Registered(); known {
			w.observeRegistration(mine, b)
		}
		if !present(b) && (b.RegistryRead || !b.Probe.Answered()) {
			mine.whole, mine.isWhole = 0, false
		}
	}
	if !read {
		return
	}
	for id, mine := range w.brokers {
		if s.Broker(id) == nil {
			w.observeRegistration(mine, &cluster.Broker{ID: id, RegistryRead: true})
			mine.whole, mine.isWhole = 0, false
		}
	}
	w.baseline = true
}

func (w *Watch) observeRegistration(mine *watched, b *cluster.Broker) {
	registered, _ := b.Registered()
	var session int64
	if registered {
		session = b.Registration.Session
	}
	renewed := mine.known && mine.registered && registered && session != 0 && mine.session != 0 && session != mine.session
	switch {
	case !mine.known && (!w.baseline || !registered):
		// It may have left and come back a moment ago, or be gone for days.
		mine.hasLeft, mine.unproven, mine.left = true, true, w.clock
	case renewed || mine.known && mine.registered && !registered:
		mine.hasLeft, mine.unproven, mine.left = true, false, w.clock
	}
	if registered && (renewed || mine.known && !mine.registered || !mine.known && w.baseline) {
		mine.registrations = append(mine.registrations, w.clock)
		mine.whole, mine.isWhole = 0, false
	}
	mine.registrations = slices.DeleteFunc(mine.registrations, func(at time.Duration) bool { return w.clock-at >= flappingSpan })
	mine.known, mine.registered = true, registered
	if registered {
		mine.session = session
	}
}

// observeProbes notes which of the brokers that answered took long: over the least time
// and over so many times the median of the others. Where no other answered, there is
// nothing to excuse it.
func (w *Watch) observeProbes(s *cluster.Snapshot) {
	var took []time.Duration
	for i := range s.Brokers {
		if p := s.Brokers[i].Probe; p.Answered() {
			took = append(took, p.Took)
		}
	}
	slices.Sort(took)
	for i := range s.Brokers {
		b := &s.Brokers[i]
		if !b.Probe.Answered() {
			continue
		}
		slow := b.Probe.Took > w.policy.SlowProbe.AtLeast &&
			float64(b.Probe.Took) > w.policy.SlowProbe.Factor*float64(medianOfOthers(took, b.Probe.Took))
		mine := w.broker(b.ID)
		mine.slow = mine.slow << 1 & (1<<slowProbes - 1)
		if slow {
			mine.slow |= 1
		}
	}
}

// medianOfOthers returns the median of sorted times without one of them, the mean of the
// two in the middle where their number is even; 0 where there are no others.
func medianOfOthers(sorted []time.Duration, own time.Duration) time.Duration {
	n := len(sorted) - 1
	if n < 1 {
		return 0
	}
	at, _ := slices.BinarySearch(sorted, own)
	other := func(i int) time.Duration {
		if i >= at {
			i++
		}
		return sorted[i]
	}
	return (other((n-1)/2) + other(n/2)) / 2
}

// Believe takes the ensemble's word for what this process did not see, because it has
// only just started: for how long each broker has been registered without a break, and
// so how long ago it left at least. Of a broker that is whole now that is taken for the
// time since it is. Where no ZooKeeper is asked, nothing is proven. The snapshot is the
// last one that was observed.
func (w *Watch) Believe(s *cluster.Snapshot) {
	for i := range s.Brokers {
		b := &s.Brokers[i]
		if registered, known := b.Registered(); !registered || !known || b.Registration.Registered.IsZero() {
			continue
		}
		age := max(s.Finished.Sub(b.Registration.Registered), 0)
		mine := w.broker(b.ID)
		if mine.hasLeft && mine.unproven {
			mine.left, mine.unproven = w.clock-age, false
		}
		if mine.isWhole && len(mine.registrations) == 0 {
			mine.whole = max(mine.whole, age)
		}
	}
}

// wholeFor is how long a broker has been whole without a break.
func (w *Watch) wholeFor(broker int32) time.Duration {
	if b := w.lookup(broker); b != nil && b.isWhole {
		return b.whole
	}
	return 0
}

// aboveFor is how long a broker has been above the threshold.
func (w *Watch) aboveFor(broker int32) time.Duration {
	if b := w.lookup(broker); b != nil && b.isAbove {
		return b.above
	}
	return 0
}

// leftAgo is how long ago a broker left, and whether it surely did: what was before the
// first snapshot is not known. It is not left where it stayed as long as it is known.
func (w *Watch) leftAgo(broker int32) (ago time.Duration, sure, left bool) {
	b := w.lookup(broker)
	if b == nil {
		return 0, false, true // nothing is known of it
	}
	return w.clock - b.left, !b.unproven, b.hasLeft
}

// registrations is how often a broker registered anew within the last hour.
func (w *Watch) registrations(broker int32) int {
	b := w.lookup(broker)
	if b == nil {
		return 0
	}
	n := 0
	for _, at := range b.registrations {
		if w.clock-at < flappingSpan {
			n++
		}
	}
	return n
}

func (w *Watch) slow(broker int32) bool {
	b := w.lookup(broker)
	return b != nil && bits.OnesCount16(b.slow) >= slowOf
}

func (w *Watch) lookup(broker int32) *watched {
	if w == nil {
		return nil
	}
	return w.brokers[broker]
}
