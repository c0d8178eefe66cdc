package evaluate

import (
	"iter"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
)

// Sample is what one series is at one time. Its labels are those of a Prometheus server
// without the name of the metric; Names and Values are the caller's and only read.
type Sample struct {
	Metric        string
	Names, Values []string
	Value         float64
}

// label returns the value of a label, "" where the sample lacks it.
func (s *Sample) label(name string) string {
	for i, n := range s.Names {
		if n == name {
			return s.Values[i]
		}
	}
	return ""
}

// store keeps the series that rules name, each for as long as a rule looks back. It is not
// safe for concurrent use.
type store struct {
	selectors map[string][]selector // by metric
	families  map[string]map[string]*series
	turn      uint64 // counts calls of add
	last      int64  // time of the last add, in ms
	key       []byte // scratch
}

// series is one series and its samples, in the order of time.
type series struct {
	labels labels.Labels
	points []point
	window int64 // how much of the past is kept, in ms
	thin   bool  // of a run of equal values only the first and the last are kept
	turn   uint64
}

// point is a value at a time, in ms since the epoch.
type point struct {
	at    int64
	value float64
}

var stale = math.Float64frombits(value.StaleNaN)

func newStore(rules []*Rule) *store {
	s := &store{families: map[string]map[string]*series{}}
	s.keep(rules)
	return s
}

// keep changes what is kept to what these rules name.
func (s *store) keep(rules []*Rule) {
	s.selectors = map[string][]selector{}
	for _, r := range rules {
		for _, sel := range r.selectors {
			s.selectors[sel.metric] = append(s.selectors[sel.metric], sel)
		}
	}
	for metric, family := range s.families {
		for key, one := range family {
			if !s.wants(metric, one.labels.Get, one) {
				delete(family, key)
			}
		}
		if len(family) == 0 {
			delete(s.families, metric)
		}
	}
}

// wants says whether a rule names a series, and sets how much of it is kept.
func (s *store) wants(metric string, label func(string) string, one *series) bool {
	wanted := false
	one.window, one.thin = 0, true
	for i := range s.selectors[metric] {
		if sel := &s.selectors[metric][i]; sel.matches(label) {
			wanted = true
			one.window = max(one.window, sel.window.Milliseconds())
			one.thin = one.thin && sel.thin
		}
	}
	return wanted
}

// setBack is by how much a clock must have gone back to be believed to have been set.
const setBack = time.Minute

// add takes all samples of one time. Series that are not among them have ended, until they
// come again. What is not newer than what was added last is left out, unless the clock was
// set back.
func (s *store) add(at time.Time, samples iter.Seq[Sample]) bool {
	now := at.UnixMilli()
	if now <= s.last {
		if s.last-now < setBack.Milliseconds() {
			return false
		}
		s.rewind(now)
	}
	s.last = now
	s.turn++
	for sample := range samples {
		if one := s.find(&sample); one != nil && one.turn != s.turn {
			one.turn = s.turn
			one.append(now, sample.Value)
		}
	}
	for metric, family := range s.families {
		for key, one := range family {
			if one.turn != s.turn {
				one.end(now)
			}
			if one.expire(now); len(one.points) == 0 {
				delete(family, key)
			}
		}
		if len(family) == 0 {
			delete(s.families, metric)
		}
	}
	return true
}

// rewind forgets what is in the future.
func (s *store) rewind(now int64) {
	for _, family := range s.families {
		for _, one := range family {
			one.points = slices.DeleteFunc(one.points, func(p point) bool { return p.at >= now })
		}
	}
}

// find returns the series of a sample, which it makes when it is new; nil when no rule
// names it.
func (s *store) find(sample *Sample) *series {
	if _, ok := s.selectors[sample.Metric]; !ok {
		return nil
	}
	s.key = s.key[:0]
	for _, v := range sample.Values {
		s.key = append(append(s.key, v...), 0xff) // which no label value has
	}
	family := s.families[sample.Metric]
	if one := family[string(s.key)]; one != nil {
		return one
	}
	one := &series{}
	if !s.wants(sample.Metric, sample.label, one) {
		return nil
	}
	one.labels = labelsOf(sample)
	if family == nil {
		family = map[string]*series{}
		s.families[sample.Metric] = family
	}
	family[string(s.key)] = one
	return one
}

func labelsOf(sample *Sample) labels.Labels {
	b := labels.NewScratchBuilder(len(sample.Names) + 1)
	b.Add(model.MetricNameLabel, sample.Metric)
	for i, name := range sample.Names {
		if sample.Values[i] != "" { // which is the same as not to have it
			b.Add(strings.Clone(name), strings.Clone(sample.Values[i]))
		}
	}
	b.Sort()
	return b.Labels()
}

func (one *series) append(now int64, v float64) {
	n := len(one.points)
	if one.thin && n >= 2 && same(one.points[n-1].value, v) && same(one.points[n-2].value, v) {
		one.points[n-1].at = now
		return
	}
	one.points = append(one.points, point{now, v})
}

// end marks that the series is no more, so that no rule finds its last value.
func (one *series) end(now int64) {
	if n := len(one.points); n > 0 && !same(one.points[n-1].value, stale) {
		one.points = append(one.points, point{now, stale})
	}
}

// expire drops what no rule looks back at. To drop one point after the other would move
// all others each time, so some may stay for a while.
func (one *series) expire(now int64) {
	old := 0
	for old < len(one.points) && one.points[old].at < now-one.window {
		old++
	}
	if old == len(one.points) || old > 8 && old > len(one.points)/8 {
		one.points = append(one.points[:0], one.points[old:]...)
	}
}

func same(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) }

// size counts the series and the samples that are kept.
func (s *store) size() (all, points int) {
	for _, family := range s.families {
		all += len(family)
		for _, one := range family {
			points += len(one.points)
		}
	}
	return all, points
}
