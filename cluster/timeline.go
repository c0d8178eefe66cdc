package cluster

import (
	"math"
	"slices"
	"sort"
	"time"
)

// maxMarks bounds what is remembered of one log: half an hour of an interval of 15
// seconds, and ever more sparsely the days before.
const maxMarks = 128

// mark says when a log reached an offset.
type mark struct {
	end int64
	// In milliseconds since the epoch. Every message below end was written by first,
	// and none from end on before last.
	first, last int64
}

// timeline is the record of one log's ends, in the order of offsets and of time.
// It is what makes the age of a message known without its being read: between two
// marks lie both its offset and the time at which it was written.
type timeline struct {
	marks   []mark
	needs   []int64 // the offsets whose age is wanted now
	receded int64   // since when the end lies below what it was, in milliseconds; 0 while it does not
	// Until when the timestamps in this log are taken to mean nothing, so that it is not
	// asked for them, in milliseconds; and how many answers in a row told nothing new.
	untimed int64
	idle    int8
}

// distrust is how long timestamps are not asked for after an implausible one. Each one
// that is fetched from an old segment costs the broker a disk access.
const distrust = time.Hour

// maxIdle is how many answers in a row may tell nothing new.
const maxIdle = 3

// observe adds that the log was seen to end at an offset, by a question that was
// asked at from and answered by to.
func (t *timeline) observe(end int64, from, to time.Time, interval time.Duration) {
	asked, answered := from.UnixMilli(), to.UnixMilli()
	n := len(t.marks)
	if n > 0 && end < t.marks[n-1].end {
		// A new leader may know an older end for a moment (see Tally.observeEnds).
		if t.receded == 0 {
			t.receded = answered
		}
		if answered-t.receded < recedes.Milliseconds() {
			return
		}
		t.reset()
		n = 0
	}
	t.receded = 0
	switch {
	case n > 0 && t.marks[n-1].end == end:
		t.marks[n-1].last = max(t.marks[n-1].last, asked)
		return
	case n > 1 && answered-t.marks[n-2].last < interval.Milliseconds()/2:
		// Polls may follow each other at once: what lies between adds nothing.
		t.marks = t.marks[:n-1]
	}
	t.room(1, answered)
	t.marks = append(t.marks, mark{end: end, first: answered, last: asked})
}

// reset forgets the log, which is another one now.
func (t *timeline) reset() { *t = timeline{needs: t.needs[:0]} }

// begin forgets which offsets were wanted.
func (t *timeline) begin() { t.needs = t.needs[:0] }

// need notes that the age of the message at an offset is wanted.
func (t *timeline) need(offset int64) { t.needs = append(t.needs, offset) }

// endsBehind says whether the log was seen to hold a message at an offset.
func (t *timeline) endsBehind(offset int64) bool {
	return len(t.marks) > 0 && offset < t.marks[len(t.marks)-1].end
}

// forget drops the marks below the lowest wanted offset, but for the last of them.
func (t *timeline) forget() {
	if len(t.marks) == 0 {
		return
	}
	lowest := t.marks[len(t.marks)-1].end
	for _, offset := range t.needs {
		lowest = min(lowest, offset)
	}
	if i := t.above(lowest); i > 1 {
		t.marks = slices.Delete(t.marks, 0, i-1)
	}
}

// above returns the index of the first mark whose end lies above an offset.
func (t *timeline) above(offset int64) int {
	return sort.Search(len(t.marks), func(i int) bool { return t.marks[i].end > offset })
}

// bracket returns between which times the message at an offset was written, in
// milliseconds; math.MinInt64 where nothing is known of one. Ok is false where the
// message is not known to exist.
func (t *timeline) bracket(offset int64) (lo, hi int64, ok bool) {
	i := t.above(offset)
	if i == len(t.marks) {
		return 0, 0, false
	}
	lo, hi = math.MinInt64, t.marks[i].first
	if i > 0 {
		lo = t.marks[i-1].last
	}
	return lo, hi, true
}

// written estimates when the message at an offset was written. It is known where the
// times between which that was are no further apart than the resolution, or than a
// tenth of its age.
func (t *timeline) written(offset int64, now time.Time, resolution time.Duration) (at time.Time, known bool) {
	lo, hi, ok := t.bracket(offset)
	if !ok || lo == math.MinInt64 || lo > hi+resolution.Milliseconds() || !t.narrow(lo, hi, now, resolution) {
		return time.Time{}, false
	}
	i := t.above(offset)
	before, after := t.marks[i-1].end, t.marks[i].end
	share := (float64(offset-before) + 0.5) / float64(after-before)
	return time.UnixMilli(lo + int64(share*float64(max(hi-lo, 0)))), true
}

func (t *timeline) narrow(lo, hi int64, now time.Time, resolution time.Duration) bool {
	age := now.UnixMilli() - lo
	return hi-lo <= max(resolution.Milliseconds(), age/10)
}

// lookup returns the time to ask the log for, so that the age of a message becomes
// known better: each answer halves what is not known of it, by the ratio of the ages,
// since an old message's need not be known as closely. False: nothing is to be asked.
func (t *timeline) lookup(offset int64, now time.Time, resolution time.Duration) (at time.Time, wanted bool) {
	lo, hi, ok := t.bracket(offset)
	switch {
	case !ok || now.UnixMilli() < t.untimed:
		return time.Time{}, false
	case lo == math.MinInt64:
		return time.UnixMilli(0), true // how old is the oldest?
	case lo >= hi || t.narrow(lo, hi, now, resolution):
		return time.Time{}, false
	}
	least := float64(max(resolution.Milliseconds(), 1))
	old, young := float64(now.UnixMilli()-lo), float64(now.UnixMilli()-hi)
	middle := math.Sqrt(max(old, least) * max(young, least/4))
	asked := min(max(now.UnixMilli()-int64(middle), lo+1), hi)
	return time.UnixMilli(asked), true
}

// take learns from an answer that came at now.
func (t *timeline) take(f Finding, now time.Time, resolution time.Duration) {
	if f.Refused {
		t.untimed = now.Add(distrust).UnixMilli()
		return
	}
	t.learn(f.Asked, f.Offset, f.At, now, resolution)
}

// learn adds what the log told at now when it was asked for its first message from a
// time on: its offset and timestamp, or, by an unknown offset, that there is none.
func (t *timeline) learn(asked time.Time, found Offset, at, now time.Time, resolution time.Duration) {
	var news bool
	switch lo, hi, known := t.bracket(found.Int()); {
	case t.contradicted(asked, found, at, lo, known, resolution):
		t.untimed = now.Add(distrust).UnixMilli() // such as no clock shows that tells the time at which it is written
		return
	case !found.Known() || !known: // all that was there at the last reading is older
		news = t.allBefore(asked.UnixMilli())
	case at.IsZero() || at.Before(asked) || at.UnixMilli() <= 0 || at.UnixMilli() > hi+resolution.Milliseconds():
		t.untimed = now.Add(distrust).UnixMilli() // none, or such as no true clock shows
		return
	default:
		stamp := min(at.UnixMilli(), hi)
		t.room(2, now.UnixMilli())
		below := found.Int()
		if asked.UnixMilli() <= 0 && len(t.needs) > 0 {
			// There is nothing before it: it is what groups wait for that have committed
			// less, as in a compacted log.
			below = min(below, slices.Min(t.needs))
		}
		news = t.insert(mark{end: below, first: asked.UnixMilli(), last: stamp})
		news = t.insert(mark{end: found.Int() + 1, first: stamp, last: stamp}) || news
	}
	if news {
		t.idle = 0
	} else if t.idle++; t.idle >= maxIdle {
		t.idle, t.untimed = 0, now.Add(distrust).UnixMilli()
	}
}

// contradicted says whether an answer tells of messages that they are older than the
// marks saw them written: mirrored ones, or those of a clock that is behind. To believe
// it would make ages of all that is dated by the marks unknown. Lo belongs to the bracket
// of what was found, if that is known.
func (t *timeline) contradicted(asked time.Time, found Offset, at time.Time, lo int64, known bool, resolution time.Duration) bool {
	stamp := at.UnixMilli()
	if !found.Known() || !known { // so the latest message is older than the time asked for
		if len(t.marks) < 2 {
			return false
		}
		lo, stamp = t.marks[len(t.marks)-2].last, asked.UnixMilli()
	}
	return lo != math.MinInt64 && stamp < lo-resolution.Milliseconds()
}

// allBefore notes that every message up to the last known end is older than a time.
func (t *timeline) allBefore(asked int64) (news bool) {
	n := len(t.marks)
	if n == 0 || asked <= 0 || asked >= t.marks[n-1].first {
		return false
	}
	t.marks[n-1].first = asked
	return true
}

// insert adds a mark at its place, or what it tells to the one that is there. News says
// whether it tells anything.
func (t *timeline) insert(m mark) (news bool) {
	i, found := slices.BinarySearchFunc(t.marks, m.end, func(o mark, end int64) int {
		switch {
		case o.end < end:
			return -1
		case o.end > end:
			return 1
		}
		return 0
	})
	if found {
		old := t.marks[i]
		t.marks[i].first, t.marks[i].last = min(old.first, m.first), max(old.last, m.last)
		return t.marks[i] != old
	}
	t.marks = slices.Insert(t.marks, i, m)
	return true
}

// room makes room for n marks more: while there are too many, it drops, of those that
// no wanted offset lies beside, the one without which, for its age, least is lost. It
// does so before they are added, since a slice that is full would grow to its double.
func (t *timeline) room(n int, now int64) {
	for len(t.marks) > maxMarks-n {
		drop, least := 1, math.Inf(1)
		for i := 1; i < len(t.marks)-1; i++ {
			gap := float64(t.marks[i+1].first - t.marks[i-1].last)
			if loss := gap / float64(max(now-t.marks[i-1].last, 1)); loss < least && !t.wanted(i) {
				drop, least = i, loss
			}
		}
		t.marks = slices.Delete(t.marks, drop, drop+1)
	}
}

// wanted says whether a wanted offset lies beside a mark.
func (t *timeline) wanted(i int) bool {
	return slices.ContainsFunc(t.needs, func(offset int64) bool {
		return t.marks[i-1].end <= offset && offset < t.marks[i+1].end
	})
}
