package rebalance

import (
	"slices"
	"time"
)

// evidence is what can be known of brokers at a moment; the oracle's own.
type evidence interface {
	persisted(broker int32) time.Duration
	settled(broker int32) time.Duration
	leftAgo(broker int32) time.Duration
	registrations(broker int32) int
	slow(broker int32) bool
}

// seen is the truth at one poll, as far as that poll could see it.
type seen struct {
	at                 time.Duration
	readable, registry bool
	controller         int32
	brokers            []seenBroker
}

type seenBroker struct {
	above, whole, in, answers bool
	session                   int64
	took                      time.Duration
}

// pollLog has every poll of one process. The oracle does not accumulate: it walks back.
type pollLog struct {
	p     Policy
	polls []seen
}

func (l *pollLog) add(w *world, g sight) {
	e := seen{at: w.now, readable: g.clear(), registry: !g.nothing, controller: w.controller}
	for _, b := range w.brokers {
		sb := seenBroker{above: w.ratio(b.id) > l.p.Threshold, whole: w.whole(b), in: b.in(), answers: b.answers}
		if !w.kraft {
			sb.session = b.session
		}
		sb.took = w.probe(b).Took
		e.brokers = append(e.brokers, sb)
	}
	l.polls = append(l.polls, e)
}

// since sums up the time between polls that could see, from the last poll back to where
// ends says that what is asked for began.
func (l *pollLog) since(lasts func(e *seen) bool, breaks func(earlier, later *seen) bool) time.Duration {
	var sum time.Duration
	blind := 0
	for i := len(l.polls) - 1; i >= 0; i-- {
		e := &l.polls[i]
		if blind++; e.readable {
			blind = 0
		}
		if blind == 3 || !lasts(e) {
			return sum
		}
		if i == 0 || breaks(&l.polls[i-1], e) || !lasts(&l.polls[i-1]) {
			return sum
		}
		if e.readable && l.polls[i-1].readable {
			sum += min(e.at-l.polls[i-1].at, l.p.Fresh)
		}
	}
	return sum
}

func (l *pollLog) persisted(b int32) time.Duration {
	return l.since(
		func(e *seen) bool { return !e.readable || e.brokers[b].above },
		func(earlier, later *seen) bool { return earlier.controller != later.controller },
	)
}

func (l *pollLog) settled(b int32) time.Duration {
	return l.since(
		func(e *seen) bool {
			at := e.brokers[b]
			return at.answers && (!e.registry || at.in) && (!e.readable || at.whole)
		},
		func(earlier, later *seen) bool {
			return earlier.brokers[b].session != later.brokers[b].session
		},
	)
}

// leftAgo is the time watched since the broker was seen to be gone, or not the same any
// more; all of it where that never was.
func (l *pollLog) leftAgo(b int32) time.Duration {
	var sum time.Duration
	last := len(l.polls) - 1
	for i := last; i > 0 && sum < 24*time.Hour; i-- {
		if now, before := &l.polls[i], l.registryBefore(i); now.registry && before != nil && changed(before, now, b) {
			return sum
		}
		if l.registryBefore(i) == nil && l.polls[i].registry {
			return sum
		}
		sum += min(l.polls[i].at-l.polls[i-1].at, l.p.Fresh)
	}
	return sum
}

func (l *pollLog) registryBefore(i int) *seen {
	for i--; i >= 0; i-- {
		if l.polls[i].registry {
			return &l.polls[i]
		}
	}
	return nil
}

func changed(before, now *seen, b int32) bool {
	old, is := before.brokers[b], now.brokers[b]
	return old.in && (!is.in || is.session != old.session)
}

func (l *pollLog) registrations(b int32) int {
	n := 0
	end := l.polls[len(l.polls)-1].at
	for i := len(l.polls) - 1; i > 0 && end-l.polls[i].at < time.Hour; i-- {
		now, before := &l.polls[i], l.registryBefore(i)
		if !now.registry || before == nil || !now.brokers[b].in {
			continue
		}
		if old := before.brokers[b]; !old.in || old.session != now.brokers[b].session {
			n++
		}
	}
	return n
}

func (l *pollLog) slow(b int32) bool {
	probes, slow := 0, 0
	for i := len(l.polls) - 1; i >= 0 && probes < 10; i-- {
		e := &l.polls[i]
		if !e.brokers[b].answers {
			continue
		}
		probes++
		var others []float64
		for id, other := range e.brokers {
			if int32(id) != b && other.answers {
				others = append(others, other.took.Seconds())
			}
		}
		if took := e.brokers[b].took.Seconds(); took > 0.1 && took > 5*median(others) {
			slow++
		}
	}
	return slow >= 5
}

func median(of []float64) float64 {
	if len(of) == 0 {
		return 0
	}
	slices.Sort(of)
	if n := len(of); n%2 == 0 {
		return (of[n/2-1] + of[n/2]) / 2
	}
	return of[len(of)/2]
}

// registry is the evidence of a process that has only just started: what ZooKeeper says
// of when brokers registered.
type registry struct{ w *world }

func (r registry) settled(b int32) time.Duration {
	if broker := r.w.brokers[b]; r.w.whole(broker) && !r.w.kraft {
		return r.w.now - broker.since
	}
	return 0
}

func (r registry) leftAgo(b int32) time.Duration {
	if broker := r.w.brokers[b]; broker.in() && !r.w.kraft {
		return r.w.now - broker.since
	}
	return 0
}

func (registry) persisted(int32) time.Duration { return 0 }
func (registry) registrations(int32) int       { return 0 }
func (registry) slow(int32) bool               { return false }
