package exporter

import "time"

const (
	// leastGap is the shortest time from the end of what an event started to what the
	// next one starts.
	leastGap = 200 * time.Millisecond
	// greatestGap is how far that grows while events keep coming.
	greatestGap = 5 * time.Second
)

// gapAfter is the time that has to pass after what began and ended then: twice what it
// took at least, so that most of the time is left to others.
func gapAfter(began, ended time.Time) time.Duration {
	return max(leastGap, 2*ended.Sub(began))
}

// growth is by how much a gap has grown because events of a kind keep coming. Its zero
// value has not grown.
type growth struct {
	doubled int       // how often
	noted   time.Time // when the last event came, or ended the last thing that one started
}

// of returns a gap as it has grown.
func (g *growth) of(gap time.Duration) time.Duration {
	return min(gap<<g.doubled, max(greatestGap, gap))
}

// note takes an event. After a quiet while nothing is left of the growth.
func (g *growth) note(gap time.Duration, now time.Time) {
	if quiet := now.Sub(g.noted); quiet > min(2*g.of(gap), greatestGap) {
		g.doubled = 0
	}
	g.noted = now
}

// grow notes that something which an event started has ended.
func (g *growth) grow(gap time.Duration, now time.Time) {
	g.noted = now
	if gap<<g.doubled < greatestGap {
		g.doubled++
	}
}
