package exporter

import (
	"time"

	"github.com/evenkeel/evenkeel/cluster"
)

// followUps is when polls follow one that an event started, counted from its end: a
// watch can fire before the controller has written the new leaders.
var followUps = []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second}

// pace decides when the next poll is due, and why. The loss of a broker on a large
// cluster brings thousands of notifications, and evenkeel must not become the second
// outage: events are gathered until the gap since the last poll has passed, which is
// at least twice what that poll took, and which grows while they keep coming.
type pace struct {
	interval time.Duration

	started time.Time       // of the last poll; zero before the first
	ended   time.Time       // of the last poll
	event   cluster.Trigger // what waits to start a poll; "" for nothing
	growth  growth          // of the gap
	origin  time.Time       // from when followUps count
	follow  int             // index of the next follow-up; len(followUps) when none is due
}

func newPace(interval time.Duration) *pace {
	return &pace{interval: interval, follow: len(followUps)}
}

// note takes an event that asks for a poll. Of those that are gathered the first one
// gives the poll its name.
func (p *pace) note(t cluster.Trigger, now time.Time) {
	if p.event == "" {
		p.event = t
	}
	p.growth.note(p.gap(), now)
}

// gap is the time that has to pass from the end of the last poll.
func (p *pace) gap() time.Duration {
	return gapAfter(p.started, p.ended)
}

// next returns when the next poll is due, and what starts it.
func (p *pace) next() (time.Time, cluster.Trigger) {
	if p.started.IsZero() {
		return p.started, cluster.TriggerInterval
	}
	at, trigger := p.started.Add(p.interval), cluster.TriggerInterval
	if at.Before(p.ended) {
		at = p.ended // it took longer than the interval
	}
	if p.follow < len(followUps) {
		due := p.origin.Add(followUps[p.follow])
		if soonest := p.ended.Add(p.grown()); due.Before(soonest) {
			due = soonest
		}
		if due.Before(at) {
			at, trigger = due, cluster.TriggerFollowUp
		}
	}
	if p.event != "" {
		if due := p.ended.Add(p.grown()); due.Before(at) {
			at, trigger = due, p.event
		}
	}
	return at, trigger
}

// grown is the gap before a poll that an event starts.
func (p *pace) grown() time.Duration { return p.growth.of(p.gap()) }

// begin notes that a poll begins. Whatever has happened up to now it will see.
func (p *pace) begin(trigger cluster.Trigger, now time.Time) {
	p.started, p.event = now, ""
	if trigger == cluster.TriggerFollowUp {
		p.follow++
	}
}

// end notes that the poll which began last has ended. Settled says that it found the
// same as the one before it, and nothing that is about to change.
func (p *pace) end(trigger cluster.Trigger, settled bool, now time.Time) {
	p.ended = now
	switch trigger {
	case cluster.TriggerInterval, cluster.TriggerRun:
	case cluster.TriggerFollowUp:
		if settled {
			p.follow = len(followUps)
		}
	default:
		p.origin, p.follow = now, 0
		p.growth.grow(p.gap(), now)
	}
}
