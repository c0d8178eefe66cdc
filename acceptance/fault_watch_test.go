//go:build cluster

package acceptance

import (
	"sync"
	"time"
)

// sampleEvery is how often evenkeel is scraped while a fault is played.
const sampleEvery = 200 * time.Millisecond

// eye scrapes evenkeel all the time, and feels how busy the machine is.
type eye struct {
	p    *program
	stop chan struct{}
	both sync.WaitGroup

	mu      sync.Mutex
	samples []samples
	failed  []error
	late    []lateness
}

// lateness is by how much a sleep of beat took too long.
type lateness struct {
	at time.Time
	by time.Duration
}

// beat is short beside anything that is measured.
const beat = 10 * time.Millisecond

// open begins to scrape.
func openEye(p *program) *eye {
	e := &eye{p: p, stop: make(chan struct{})}
	e.both.Go(func() { e.every(sampleEvery, e.scrape) })
	e.both.Go(func() {
		last := time.Now()
		e.every(beat, func() {
			now := time.Now()
			if by := now.Sub(last) - beat; by > beat/2 { // less is the timer's own
				e.mu.Lock()
				e.late = append(e.late, lateness{now, by})
				e.mu.Unlock()
			}
			last = now
		})
	})
	return e
}

// every calls f until the eye is closed, a pause after its end.
func (e *eye) every(pause time.Duration, f func()) {
	for {
		select {
		case <-e.stop:
			return
		case <-time.After(pause):
			f()
		}
	}
}

func (e *eye) scrape() {
	s, err := e.p.scrape()
	e.mu.Lock()
	defer e.mu.Unlock()
	if err != nil {
		e.failed = append(e.failed, err)
		return
	}
	e.samples = append(e.samples, s)
}

// close ends scraping. It may be called more than once.
func (e *eye) close() {
	select {
	case <-e.stop:
	default:
		close(e.stop)
	}
	e.both.Wait()
}

// since returns the samples taken from a moment on.
func (e *eye) since(from time.Time) []samples {
	e.mu.Lock()
	defer e.mu.Unlock()
	return between(e.samples, from, time.Now().Add(time.Hour))
}

func between(all []samples, from, to time.Time) (some []samples) {
	for _, s := range all {
		if !s.at.Before(from) && s.at.Before(to) {
			some = append(some, s)
		}
	}
	return some
}

// stalled is for how long in all this program did not get the processor that it
// wanted. Evenkeel will have fared no better on the same machine, so that much longer
// it may take for what it does in that time.
func (e *eye) stalled(from, to time.Time) (sum time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, l := range e.late {
		if l.at.After(from) && l.at.Before(to) {
			sum += l.by
		}
	}
	return sum
}
