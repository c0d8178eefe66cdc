package exporter

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
)

// TestNewsPace lets news come and be shown by a clock of its own. Of each step: what
// news come when, and when they are due, before they are shown, which takes some time.
func TestNewsPace(t *testing.T) {
	type step struct {
		at    time.Duration
		kind  newsKind
		due   time.Duration
		takes time.Duration
	}
	for name, steps := range map[string][]step{
		"the first at once":        {{0, newsLoss, 0, 0}},
		"after quiet at once":      {{0, newsMode, 0, 0}, {6000 * ms, newsMode, 6000 * ms, 0}, {12000 * ms, newsMode, 12000 * ms, 0}},
		"the gap doubles":          {{0, newsMode, 0, 0}, {1 * ms, newsMode, 400 * ms, 0}, {401 * ms, newsMode, 1200 * ms, 0}, {1201 * ms, newsMode, 2800 * ms, 0}},
		"up to five seconds":       {{0, newsMode, 0, 0}, {0, newsMode, 400 * ms, 0}, {400 * ms, newsMode, 1200 * ms, 0}, {1200 * ms, newsMode, 2800 * ms, 0}, {2800 * ms, newsMode, 6000 * ms, 0}, {6000 * ms, newsMode, 11000 * ms, 0}, {11000 * ms, newsMode, 16000 * ms, 0}},
		"twice what it took":       {{0, newsLoss, 0, 500 * ms}, {500 * ms, newsLoss, 2500 * ms, 0}},
		"a long one is not capped": {{0, newsLoss, 0, 4000 * ms}, {4000 * ms, newsLoss, 12000 * ms, 0}},
		"kinds grow by themselves": {{0, newsMode, 0, 0}, {0, newsMode, 400 * ms, 0}, {400 * ms, newsMode, 1200 * ms, 0}, {1300 * ms, newsLoss, 1400 * ms, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			var p newsPace
			for i, s := range steps {
				now := zero.Add(s.at)
				p.note(s.kind, now)
				due, ok := p.next()
				if due.Before(now) {
					due = now
				}
				if got := due.Sub(zero); got != s.due || !ok {
					t.Fatalf("step %d is due at %v, %v, want %v", i, got, ok, s.due)
				}
				p.shown(due, due.Add(s.takes))
				if _, ok := p.next(); ok {
					t.Fatalf("step %d is shown twice", i)
				}
			}
		})
	}
}

// What a poll has shown meanwhile costs nothing, so it does not count.
func TestNewsThatWereShownDoNotDelayOthers(t *testing.T) {
	var p newsPace
	p.note(newsLoss, zero)
	p.nothing()
	if _, ok := p.next(); ok {
		t.Error("it is to be shown again")
	}
	p.note(newsLoss, zero)
	if due, ok := p.next(); !ok || due.After(zero) {
		t.Errorf("the next is due at %v, %v", due, ok)
	}
}

// desk serves the news of a watcher until the test ends, and counts what is shown.
type desk struct {
	w  watcher
	mu sync.Mutex
	at []time.Time
}

// open begins to serve. Each time takes this long.
func (d *desk) open(takes time.Duration) (closed func()) {
	d.w.news, d.w.events = newNewsBell(), make(chan cluster.Trigger, 1)
	ctx, cancel := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	serving.Go(func() {
		d.w.news.serve(ctx, func() bool {
			d.mu.Lock()
			d.at = append(d.at, time.Now())
			d.mu.Unlock()
			time.Sleep(takes)
			return true
		})
	})
	return func() { cancel(); serving.Wait() }
}

// shown is when something was shown so far.
func (d *desk) shown() []time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.at)
}

// TestFlappingServerIsNotShownForEver: a ZooKeeper server is in another mode whenever
// it is asked, for ten minutes; meanwhile a broker is lost.
func TestFlappingServerIsNotShownForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d desk
		defer d.open(50 * ms)()
		begin := time.Now()
		for range 1200 {
			d.w.note(cluster.TriggerNone)
			time.Sleep(500 * ms)
		}
		before, lost := d.shown(), time.Now()
		// Once at once, a few while the gap grows, and then every five seconds.
		if n := len(before); n < 100 || n > 130 {
			t.Fatalf("shown %d times", n)
		}
		if before[0] != begin {
			t.Errorf("shown first after %v", before[0].Sub(begin))
		}
		d.w.note(cluster.TriggerLost)
		time.Sleep(time.Until(lost.Add(leastGap)))
		synctest.Wait()
		if n := len(d.shown()); n == len(before) {
			t.Errorf("the loss of a broker is not shown within %v", leastGap)
		}
	})
}

func TestNewsAfterQuietAreShownAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d desk
		defer d.open(100 * ms)()
		for i := range 3 {
			for range 10 {
				d.w.note(cluster.TriggerLost)
				time.Sleep(100 * ms)
			}
			time.Sleep(time.Minute)
			d.w.note(cluster.TriggerMode)
			d.w.note(cluster.TriggerLost)
			began := time.Now()
			synctest.Wait()
			if at := d.shown(); at[len(at)-1] != began {
				t.Errorf("round %d: shown last %v after the news", i, at[len(at)-1].Sub(began))
			}
			time.Sleep(time.Minute)
		}
	})
}
