package cluster

import (
	"strings"
	"testing"
	"time"
)

// seen makes a window of points an interval apart, of "committed/end" pairs.
func seen(pairs ...[2]int64) []Point {
	var points []Point
	for i, p := range pairs {
		points = append(points, Point{At: t0.Add(time.Duration(i) * interval), Committed: p[0], End: p[1]})
	}
	return points
}

// run makes a full window by two functions of the point's number.
func run(committed, end func(i int64) int64) []Point {
	var pairs [][2]int64
	for i := range int64(windowSlots) {
		pairs = append(pairs, [2]int64{committed(i), end(i)})
	}
	return seen(pairs...)
}

func fixed(n int64) func(int64) int64      { return func(int64) int64 { return n } }
func rising(n, by int64) func(int64) int64 { return func(i int64) int64 { return n + i*by } }

func from(start int64, points []Point) []Point {
	for i := range points {
		points[i].Start = start
	}
	return points
}

func TestJudge(t *testing.T) {
	for _, c := range []struct {
		name string
		w    Window
		want GroupStatus
		word string // in the reason
	}{
		{"nothing could be read", Window{Members: 1}, StatusUnknown, "could not be read"},
		{"an idle group on an idle topic", Window{Points: run(fixed(50), fixed(50)), Members: 1}, StatusOK, "nothing waits"},
		{"an idle group without members on an idle topic", Window{Points: run(fixed(50), fixed(50))}, StatusOK, ""},
		{"the first look at one that is caught up", Window{Points: seen([2]int64{50, 50})}, StatusOK, ""},
		{"the first look at one that is behind", Window{Points: seen([2]int64{40, 50}), Members: 1}, StatusUnknown, "10 messages wait"},
		{"the second look at one that moves", Window{Points: seen([2]int64{40, 50}, [2]int64{45, 60}), Members: 1}, StatusUnknown, ""},
		{"it has consumed what was there at first", Window{Points: seen([2]int64{40, 50}, [2]int64{45, 60}, [2]int64{52, 70}), Members: 1}, StatusOK, "keeps up"},
		{"a steady flow", Window{Points: run(rising(90, 10), rising(100, 10)), Members: 1}, StatusOK, "keeps up"},
		{"a steady flow with commits each third time", Window{Points: run(func(i int64) int64 { return 100 + i/3*30 }, rising(110, 10)), Members: 1}, StatusOK, ""},

		{"nobody consumes", Window{Points: run(fixed(40), fixed(50))}, StatusStopped, "no members"},
		{"nobody consumes, and more is written", Window{Points: run(fixed(40), rising(50, 5))}, StatusStopped, ""},
		{"a group that only commits", Window{Points: run(rising(40, 10), rising(50, 10))}, StatusOK, ""},
		{"a consumer that hangs", Window{Points: run(fixed(40), rising(50, 5)), Members: 2}, StatusStalled, "committed nothing new for 2m30s"},
		{"a consumer that hangs at the last message", Window{Points: run(fixed(49), fixed(50)), Members: 2}, StatusStalled, ""},
		{"it hangs, and its members are not known", Window{Points: run(fixed(40), fixed(50)), Members: UnknownMembers}, StatusUnknown, "members are not known"},
		{"it had caught up a moment ago", Window{Points: append(run(fixed(50), fixed(50))[:10], Point{At: t0.Add(10 * interval), Committed: 50, End: 60}), Members: 1}, StatusOK, ""},
		{"it hangs for less than a window", Window{Points: run(fixed(40), fixed(50))[:5], Members: 1}, StatusUnknown, "watched for 1m0s only"},

		{"a transaction holds everything back", Window{Points: run(fixed(40), rising(50, 5)), Members: 1, Stable: OffsetAt(40), Markers: true}, StatusBlocked, "from offset 40 on"},
		{"one holds back little", Window{Points: run(fixed(48), fixed(50)), Members: 1, Stable: OffsetAt(48), Markers: true}, StatusBlocked, ""},
		{"and the marker of one before it is not committed", Window{Points: run(fixed(39), rising(60, 5)), Members: 1, Stable: OffsetAt(40), Markers: true}, StatusBlocked, ""},
		{"there is more to read before it", Window{Points: run(fixed(20), rising(60, 5)), Members: 1, Stable: OffsetAt(40), Markers: true}, StatusStalled, ""},
		{"no transaction is open", Window{Points: run(fixed(20), rising(60, 5)), Members: 1, Stable: OffsetAt(110), Markers: true}, StatusStalled, ""},
		{"only a marker may be left", Window{Points: run(fixed(49), fixed(50)), Members: 1, Stable: OffsetAt(50), Markers: true}, StatusUnknown, "markers"},
		{"only markers may be left, and nobody is there", Window{Points: run(fixed(49), fixed(50)), Markers: true}, StatusUnknown, "markers"},
		{"more is left than markers", Window{Points: run(fixed(50-maxMarkers-1), fixed(50)), Members: 1, Stable: OffsetAt(50), Markers: true}, StatusStalled, ""},

		{"beyond the end", Window{Points: seen([2]int64{60, 50}), Members: 1}, StatusAhead, "lies 10 beyond"},
		{"beyond the end for long", Window{Points: run(fixed(60), fixed(50))}, StatusAhead, ""},
		{"sent back", Window{Points: append(run(fixed(50), fixed(50))[:10], Point{At: t0.Add(10 * interval), Committed: 5, End: 50}), Members: 1}, StatusRewound, "to 5"},
		{"sent back, and caught up since", Window{Points: append(run(fixed(50), fixed(50))[:9], seen([2]int64{5, 50}, [2]int64{50, 50})...), Members: 1}, StatusOK, ""},

		{"half as fast as the producer", Window{Points: run(rising(90, 5), rising(100, 10)), Members: 1}, StatusSlow, "gets no closer"},
		{"as far behind as before", Window{Points: run(rising(0, 10), rising(5000, 10)), Members: 1}, StatusSlow, ""},
		{"far behind, and faster than the producer", Window{Points: run(rising(0, 100), rising(5000, 10)), Members: 1}, StatusCatchingUp, "gets closer"},
		{"far behind, catching up in jumps", Window{Points: run(func(i int64) int64 { return i / 4 * 400 }, rising(5000, 10)), Members: 1}, StatusCatchingUp, ""},

		{"the log was emptied", Window{Points: from(50, run(fixed(40), fixed(50))), Members: 1}, StatusOK, "nothing waits"},
		{"what is left of the log waits", Window{Points: from(45, run(fixed(40), fixed(50))), Members: 1}, StatusStalled, "5 messages wait"},
		{"a log that was emptied, and is written to again", Window{Points: append(from(50, run(fixed(40), fixed(50))[:10]), Point{At: t0.Add(10 * interval), Committed: 40, Start: 50, End: 55}), Members: 1}, StatusOK, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			now := t0
			if n := len(c.w.Points); n > 0 {
				now = c.w.Points[n-1].At
			}
			got := c.w.Judge(now)
			equal(t, "status ("+got.Reason+")", got.Status, c.want)
			if !strings.Contains(got.Reason, c.word) || got.Reason == "" {
				t.Errorf("reason %q, want something with %q", got.Reason, c.word)
			}
		})
	}
}

func TestGroupStatesAreKafkasWords(t *testing.T) {
	for word, want := range map[string]GroupState{
		"Stable": GroupStable, "AwaitingSync": GroupCompleting, "CompletingRebalance": GroupCompleting, "Assigning": GroupAssigning, "NotReady": GroupStateUnknown, "": GroupStateUnknown,
	} {
		equal(t, word, GroupStateOf(word), want)
	}
	for _, s := range groupStates {
		found := false
		for _, listed := range GroupStates {
			found = found || listed == s
		}
		if !found {
			t.Errorf("%s is not among GroupStates", s)
		}
	}
}

func TestAges(t *testing.T) {
	equal(t, "unknown", UnknownAge.Known(), false)
	equal(t, "zero", AgeOf(0).Known(), true)
	equal(t, "zero", AgeOf(0).Duration(), 0)
	equal(t, "one", AgeOf(time.Second).Duration(), time.Second)
	equal(t, "ahead", AgeOf(-1).Known(), false)
}
