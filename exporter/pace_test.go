package exporter

import (
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
)

// timeline runs a pace against a clock of its own.
type timeline struct {
	t   *testing.T
	p   *pace
	now time.Time
}

var zero = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func newTimeline(t *testing.T, interval time.Duration) *timeline {
	return &timeline{t: t, p: newPace(interval), now: zero}
}

func (l *timeline) at(d time.Duration) { l.now = zero.Add(d) }

func (l *timeline) event(d time.Duration, t cluster.Trigger) {
	l.at(d)
	l.p.note(t, l.now)
}

// polls lets the next poll happen when it is due, or now if it is overdue, and fails
// the test unless that is at this time for this reason.
func (l *timeline) polls(at time.Duration, want cluster.Trigger, took time.Duration, settled bool) {
	l.t.Helper()
	due, trigger := l.p.next()
	if due.After(l.now) {
		l.now = due
	}
	if got := l.now.Sub(zero); got != at || trigger != want {
		l.t.Fatalf("a poll at %v by %s, want %v by %s", got, trigger, at, want)
	}
	l.p.begin(trigger, l.now)
	l.now = l.now.Add(took)
	l.p.end(trigger, settled, l.now)
}

const ms = time.Millisecond

func TestQuietClusterIsPolledAtTheInterval(t *testing.T) {
	l := newTimeline(t, 15*time.Second)
	l.polls(0, cluster.TriggerInterval, 50*ms, false)
	l.polls(15*time.Second, cluster.TriggerInterval, 50*ms, false)
	l.polls(30*time.Second, cluster.TriggerInterval, 20*time.Second, false)
	l.polls(50*time.Second, cluster.TriggerInterval, 50*ms, false) // at once, never side by side
}

func TestEventStartsAPollAtOnce(t *testing.T) {
	l := newTimeline(t, 15*time.Second)
	l.polls(0, cluster.TriggerInterval, 50*ms, false)
	l.event(7*time.Second, cluster.TriggerLost)
	l.event(7*time.Second, cluster.TriggerWatch) // gathered
	l.polls(7*time.Second, cluster.TriggerLost, 50*ms, false)
	// It follows up until two polls agree, and the interval begins anew.
	l.polls(7550*ms, cluster.TriggerFollowUp, 50*ms, false)
	l.polls(8050*ms, cluster.TriggerFollowUp, 50*ms, true)
	l.polls(8050*ms+15*time.Second, cluster.TriggerInterval, 50*ms, true)
}

func TestFollowUpsEndByThemselves(t *testing.T) {
	l := newTimeline(t, 15*time.Second)
	l.polls(0, cluster.TriggerInterval, 0, false)
	l.event(time.Second, cluster.TriggerMode)
	l.polls(time.Second, cluster.TriggerMode, 0, false)
	for _, after := range []time.Duration{500 * ms, 1000 * ms, 2000 * ms, 4000 * ms} {
		l.polls(time.Second+after, cluster.TriggerFollowUp, 0, false)
	}
	l.polls(20*time.Second, cluster.TriggerInterval, 0, false)
}

// A poll that is long follows the one before it at a distance of twice its time.
func TestGapGrowsWithThePoll(t *testing.T) {
	l := newTimeline(t, time.Minute)
	l.polls(0, cluster.TriggerInterval, 1000*ms, false)
	l.event(1100*ms, cluster.TriggerWatch)
	l.polls(3000*ms, cluster.TriggerWatch, 1000*ms, false)
	l.polls(8000*ms, cluster.TriggerFollowUp, 4000*ms, false)
	l.polls(20000*ms, cluster.TriggerFollowUp, 4000*ms, true)
}

// Events that come all the time cost ever fewer polls, and a quiet while makes the
// next one count at once again.
func TestGapGrowsWhileEventsKeepComing(t *testing.T) {
	l := newTimeline(t, time.Minute)
	l.polls(0, cluster.TriggerInterval, 0, false)
	at := time.Second
	l.event(at, cluster.TriggerWatch)
	l.polls(at, cluster.TriggerWatch, 0, false)
	for _, gap := range []time.Duration{400 * ms, 800 * ms, 1600 * ms, 3200 * ms, 5000 * ms, 5000 * ms} {
		l.p.follow = len(followUps) // they are another test
		l.event(at+time.Millisecond, cluster.TriggerWatch)
		at += gap
		l.polls(at, cluster.TriggerWatch, 0, false)
	}
	l.p.follow = len(followUps)
	// Quiet is what is longer than the gap itself, and five seconds always are.
	l.event(at+6*time.Second, cluster.TriggerWatch)
	at += 6 * time.Second
	l.polls(at, cluster.TriggerWatch, 0, false)
	l.p.follow = len(followUps)
	l.event(at, cluster.TriggerWatch)
	l.polls(at+400*ms, cluster.TriggerWatch, 0, false)
	l.p.follow = len(followUps)
	at += 400*ms + 1700*ms
	l.event(at, cluster.TriggerWatch)
	l.polls(at, cluster.TriggerWatch, 0, false)
}

// A minute of thousands of notifications costs a dozen polls and their follow-ups.
func TestThousandsOfNotifications(t *testing.T) {
	l := newTimeline(t, 15*time.Second)
	l.polls(0, cluster.TriggerInterval, 100*ms, false)
	polls := 0
	for at := time.Second; at < time.Minute; at += 10 * ms {
		l.event(at, cluster.TriggerWatch)
		if due, trigger := l.p.next(); !due.After(l.now) {
			polls++
			l.p.begin(trigger, l.now)
			l.p.end(trigger, false, l.now.Add(100*ms))
		}
	}
	if polls < 12 || polls > 70 {
		t.Errorf("%d polls in a minute", polls)
	}
}

// An event that comes while a poll is under way may not be in it.
func TestEventDuringAPollStartsAnother(t *testing.T) {
	l := newTimeline(t, time.Minute)
	l.p.begin(cluster.TriggerInterval, l.now)
	l.event(20*ms, cluster.TriggerWatch)
	l.at(50 * ms)
	l.p.end(cluster.TriggerInterval, false, l.now)
	l.polls(250*ms, cluster.TriggerWatch, 0, false)
}
