package chronicle

import (
	"time"

	"github.com/evenkeel/evenkeel/cluster"
)

// Span is how far back figures are kept.
const Span = time.Hour

// leastApart bounds the points however often is polled.
const leastApart = Span / 720

// Figure is something that is followed from poll to poll.
type Figure struct {
	Name  string // in the API
	Title string
	Unit  string // "" for a count
	// read returns the figure of a snapshot, and whether that knows it.
	read func(s *cluster.Snapshot) (float64, bool)
}

// Figures are what is followed, in the order in which they are shown.
var Figures = []Figure{
	{"brokers_up", "Brokers that are up", "", brokersUp},
	{"offline_partitions", "Partitions offline", "", func(s *cluster.Snapshot) (float64, bool) {
		z := states(s)
		return count(z != nil, func() int { return z.Offline })
	}},
	{"under_replicated_partitions", "Partitions under-replicated", "", func(s *cluster.Snapshot) (float64, bool) {
		z := states(s)
		return count(z != nil, func() (n int) {
			for _, m := range z.UnderReplicated {
				n += m
			}
			return n
		})
	}},
	{"imbalance_ratio", "Largest leader imbalance of a broker", "%", func(s *cluster.Snapshot) (float64, bool) {
		if z := s.Summary; z != nil && z.StatesKnown {
			return 100 * z.MaxImbalance(), true
		}
		return 0, false
	}},
	{"lag_seconds", "Oldest message that a group has not consumed", "s", oldest},
	{"response_seconds", "Slowest answer of a broker", "ms", slowest},
}

// Point is what the figures were at the end of a poll.
type Point struct {
	At     time.Time
	Values []Value // in the order of Figures
}

// Value is a figure; one that is not Known is nothing, and no 0.
type Value struct {
	V     float64
	Known bool
}

func (c *Chronicle) addPoint(s *cluster.Snapshot) {
	if n := len(c.points); n > 0 {
		since := s.Finished.Sub(c.points[n-1].At)
		if since < 0 {
			c.points = nil // the clock was set back: times that are still to come would lie
		} else if since < leastApart {
			return
		}
	}
	p := Point{At: s.Finished, Values: make([]Value, len(Figures))}
	for i := range Figures {
		if v, known := Figures[i].read(s); known {
			p.Values[i] = Value{v, true}
		}
	}
	old := 0
	for old < len(c.points) && s.Finished.Sub(c.points[old].At) > Span {
		old++
	}
	c.points = append(c.points[old:], p)
}

// Points returns what the figures were within the last hour, oldest first. The slice is the
// caller's; the values are shared and not to be changed.
func (c *Chronicle) Points(now time.Time) (points []Point) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.points {
		if now.Sub(p.At) <= Span {
			points = append(points, p)
		}
	}
	return points
}

// states returns the summary where it knows leaders, ISRs and who is registered.
func states(s *cluster.Snapshot) *cluster.Summary {
	if z := s.Summary; z != nil && z.StatesKnown && z.RegistryKnown {
		return z
	}
	return nil
}

func count(known bool, n func() int) (float64, bool) {
	if !known {
		return 0, false
	}
	return float64(n()), true
}

// brokersUp is not known as soon as it is not known of one of them.
func brokersUp(s *cluster.Snapshot) (float64, bool) {
	n := 0
	for i := range s.Brokers {
		up, known := s.Brokers[i].Up()
		if !known {
			return 0, false
		}
		if up {
			n++
		}
	}
	return float64(n), len(s.Brokers) > 0
}

// oldest is the greatest age of a message that waits for a group that counts.
func oldest(s *cluster.Snapshot) (worst float64, known bool) {
	groups, ok := s.Groups.Get()
	if !ok {
		return 0, false
	}
	for i := range groups.Groups {
		if g := &groups.Groups[i]; !g.Quiet && g.Behind.Known() {
			worst, known = max(worst, g.Behind.Duration().Seconds()), true
		}
	}
	return worst, known
}

func slowest(s *cluster.Snapshot) (worst float64, known bool) {
	for i := range s.Brokers {
		if p := &s.Brokers[i].Probe; p.Answered() {
			worst, known = max(worst, 1000*p.Took.Seconds()), true
		}
	}
	return worst, known
}
