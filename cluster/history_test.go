package cluster

import (
	"errors"
	"testing"
	"time"
)

func withEnd(p Partition, end Offset) Partition {
	p.End = end
	return p
}

func TestTruncationsAreConfirmedByTheNextReading(t *testing.T) {
	const gap = -1
	for _, c := range []struct {
		name string
		ends []int64 // -1 stands for an end that could not be read, -2 stands for a poll that could not read the picture
		want int
	}{
		{"it only grows", []int64{5, 8, 8, 9}, 0},
		{"a new leader knows an older high watermark for a moment", []int64{100, 90, 101}, 0},
		{"it stays below", []int64{100, 90, 92, 95}, 1},
		{"unknown in between", []int64{100, 90, gap, 95}, 1},
		{"unknown in between, and caught up", []int64{100, 90, gap, 100}, 0},
		{"it recedes further while that is asked", []int64{100, 90, 80, 81}, 1},
		{"twice", []int64{100, 90, 91, 80, 81}, 2},
		{"a leader that was silent for one poll", []int64{100, gap, 90, 91}, 1},
		{"a gap in reading before it", []int64{100, -2, 90, 91}, 1},
		{"a gap in reading before it is confirmed", []int64{100, 90, -2, 91}, 1},
		{"caught up over a gap", []int64{100, 90, -2, 101}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			tally := NewTally(0.1)
			var prev *Snapshot
			var h History
			for i, end := range c.ends {
				next := blind(time.Duration(i)*10*time.Second, errors.New("x"))
				if end != -2 {
					next = snap(time.Duration(i)*10*time.Second, picture(topic("t", withEnd(part(0, []int32{0}, 0, []int32{0}), OffsetAt(end)))), alive(0))
				}
				h = tally.Observe(next, Compare(prev, next))
				prev = next
			}
			equal(t, "truncations", h.Truncations["t"], c.want)
		})
	}
}

// Polls that follow an event come within the moment in which a new leader knows an
// older high watermark.
func TestTruncationTakesTime(t *testing.T) {
	tally := NewTally(0.1)
	observe := func(at time.Duration, end int64) int {
		s := snap(0, picture(topic("t", withEnd(part(0, []int32{0}, 0, []int32{0}), OffsetAt(end)))), alive(0))
		s.Finished = s.Finished.Add(at)
		return tally.Observe(s, Changes{}).Truncations["t"]
	}
	for _, c := range []struct {
		at   time.Duration
		end  int64
		want int
	}{
		{0, 1000, 0}, {200 * time.Millisecond, 990, 0}, {700 * time.Millisecond, 990, 0}, {1200 * time.Millisecond, 1001, 0},
		{20 * time.Second, 900, 0}, {21 * time.Second, 900, 0}, {24 * time.Second, 901, 1}, {30 * time.Second, 902, 1},
	} {
		if got := observe(c.at, c.end); got != c.want {
			t.Errorf("after %v: %d, want %d", c.at, got, c.want)
		}
	}
}

func TestImbalanceBeginsAndEndsWithReadingsOnly(t *testing.T) {
	balanced := picture(topic("t", part(0, []int32{0, 1}, 0, []int32{0, 1})))
	skewed := picture(topic("t", part(0, []int32{0, 1}, 1, []int32{0, 1})))
	tally := NewTally(0.1)
	var prev *Snapshot
	observe := func(s *Snapshot) time.Time {
		h := tally.Observe(s, Compare(prev, s))
		prev = s
		return h.ImbalanceSince
	}
	equal(t, "balanced", observe(snap(1, balanced, alive(0), alive(1))).IsZero(), true)
	equal(t, "skewed", observe(snap(2, skewed, alive(0), alive(1))), t0.Add(2))
	equal(t, "still skewed", observe(snap(3, skewed, alive(0), alive(1))), t0.Add(2))
	equal(t, "blind", observe(blind(4, errors.New("x"))), t0.Add(2))
	equal(t, "skewed after that", observe(snap(5, skewed, alive(0), alive(1))), t0.Add(2))
	equal(t, "balanced again", observe(snap(6, balanced, alive(0), alive(1))).IsZero(), true)
	halfRead := snap(7, picture(topic("t", part(0, []int32{0, 1}, 0, []int32{0, 1}), Partition{ID: 1, Replicas: []int32{0, 1}})), alive(0), alive(1))
	equal(t, "skewed once more", observe(snap(6, skewed, alive(0), alive(1))), t0.Add(6))
	equal(t, "one state unknown ends nothing", observe(halfRead), t0.Add(6))
	equal(t, "a ratio at the threshold is none", NewTally(1).Observe(snap(7, skewed, alive(0), alive(1)), Changes{}).ImbalanceSince.IsZero(), true)
}

func TestModeChangesCountServingModesOnly(t *testing.T) {
	tally := NewTally(0.1)
	var h History
	for _, mode := range []ServerMode{ModeFollower, ModeUnreachable, ModeFollower, ModeReadOnly, ModeNotServing, ModeLeader, ModeUnknown, ModeLeader} {
		s := blind(0, errors.New("x"))
		s.Ensemble = &Ensemble{Servers: []Server{{Name: "z", Mode: mode}}}
		h = tally.Observe(s, Changes{})
	}
	equal(t, "mode changes", h.ModeChanges["z"], 1)
}

func TestCountersAddUpOverSnapshots(t *testing.T) {
	at := func(n int, version int32, leader int32, isr ...int32) *Snapshot {
		return snap(time.Duration(n), picture(topic("t", versioned(part(0, []int32{0, 1}, leader, isr), version))), alive(0), alive(1))
	}
	tally := NewTally(0.1)
	var prev *Snapshot
	var h, first History
	for i, s := range []*Snapshot{
		at(0, 1, 0, 0, 1),
		at(1, 2, 0, 0),    // 1 leaves
		at(2, 3, 1, 1),    // unclean: 1 was outside; 0 leaves, 1 joins
		at(3, 4, 1, 1, 0), // 0 joins
		at(4, 5, 0, 1, 0), // a clean election
		at(5, 6, 0, 0),    // 1 leaves again
	} {
		h = tally.Observe(s, Compare(prev, s))
		if prev = s; i == 1 {
			first = h
		}
	}
	equal(t, "elections", h.Elections, 2)
	equal(t, "unclean elections", h.UncleanElections, 1)
	equal(t, "shrinks of 0", h.ISRShrinks[0], 1)
	equal(t, "shrinks of 1", h.ISRShrinks[1], 2)
	equal(t, "expands of 0", h.ISRExpands[0], 1)
	equal(t, "expands of 1", h.ISRExpands[1], 1)
	equal(t, "shrinks of 1 in the history told earlier", first.ISRShrinks[1], 1)
	equal(t, "expands of 0 in the history told earlier", first.ISRExpands[0], 0)
}

func TestHistoryIsACopyAndStartsAtZero(t *testing.T) {
	tally := NewTally(0.1)
	s := snap(0, picture(), alive(3))
	s.Outcomes = map[Source]Outcome{SourceProbes: {Faults: []Fault{{Reason: "timeout"}}}, SourceGroups: {Err: errors.New("x")}}
	h := tally.Observe(s, Changes{})
	if n, ok := h.ISRShrinks[3]; !ok || n != 0 {
		t.Errorf("shrinks of a known broker = %d, %v, want 0, true", n, ok)
	}
	equal(t, "polls", h.Polls[TriggerInterval], 1)
	equal(t, "faults", h.Faults[FaultKey{SourceProbes, "timeout"}], 1)
	h.Polls[TriggerInterval] = 99
	for _, counters := range []map[int32]int{h.ISRShrinks, h.ISRExpands} {
		counters[3] = 99
	}
	h.Faults[FaultKey{SourceProbes, "timeout"}] = 99
	h.Truncations["t"] = 99
	again := tally.Observe(snap(1, picture(), alive(3)), Changes{})
	equal(t, "shrinks after the caller changed its copy", again.ISRShrinks[3], 0)
	equal(t, "expands after the caller changed its copy", again.ISRExpands[3], 0)
	equal(t, "truncations after the caller changed its copy", again.Truncations["t"], 0)
	equal(t, "faults after the caller changed its copy", again.Faults[FaultKey{SourceProbes, "timeout"}], 1)
	equal(t, "polls after the caller changed its copy", tally.Observe(s, Changes{}).Polls[TriggerInterval], 3)
}
