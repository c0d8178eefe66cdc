package testbed

import (
	"testing"
	"time"
)

func TestJournal(t *testing.T) {
	ms := int64(time.Millisecond)
	var j journal
	if _, ok := j.writtenBy(1); ok {
		t.Error("an empty journal knows what was written")
	}
	if _, ok := j.timeOf(0); ok {
		t.Error("an empty journal knows a time")
	}
	for offset := range int64(1000) { // one message a millisecond, from 1 s on
		j.add(100+offset, (1000+offset)*ms)
	}
	if len(j.marks) < 200 || len(j.marks) > 400 {
		t.Errorf("%d marks of one second, want one in 2.5 to 5 ms", len(j.marks))
	}
	if _, ok := j.writtenBy(1000 * ms); ok {
		t.Error("knows what was written before the first message")
	}
	for _, at := range []int64{1001, 1234, 1500, 1999, 2000, 9999} {
		want := min(100+at-1000, 1100) // after those of the milliseconds before
		if got, ok := j.writtenBy(at * ms); !ok || got > want || got < want-5 {
			t.Errorf("written by %d ms: %d, %v; want %d or up to five less", at, got, ok, want)
		}
	}
	if got, _ := j.writtenBy(2000 * ms); got != 1100 {
		t.Errorf("written by the end: %d, want all 1100", got)
	}
	for _, offset := range []int64{100, 101, 777, 1098, 1099} {
		want := (900 + offset) * ms
		if got, ok := j.timeOf(offset); !ok || got < want-5*ms || got > want+5*ms {
			t.Errorf("time of %d: %d, %v; want about %d", offset, got, ok, want)
		}
	}
	for _, offset := range []int64{99, 1100} {
		if at, ok := j.timeOf(offset); ok {
			t.Errorf("time of %d, which it has not seen: %d", offset, at)
		}
	}
}

func TestJournalOutOfOrder(t *testing.T) {
	var j journal
	j.add(10, 5*journalStep)
	j.add(12, 3*journalStep) // handed over before, but written after
	j.add(11, 9*journalStep) // written over what was lost
	if got, ok := j.writtenBy(4 * journalStep); ok {
		t.Errorf("written before the message at 10 was handed over: %d", got)
	}
	if got, ok := j.writtenBy(6 * journalStep); !ok || got != 13 {
		t.Errorf("written in the end: %d, %v", got, ok)
	}
}

func TestJournalForgets(t *testing.T) {
	var j journal
	last := int64(journalMarks + 10)
	for offset := range last + 1 {
		j.add(offset, offset*journalStep)
	}
	if len(j.marks) > journalMarks || cap(j.marks) > 3*journalMarks/2 {
		t.Errorf("%d marks in room for %d", len(j.marks), cap(j.marks))
	}
	if _, ok := j.timeOf(1); ok {
		t.Error("remembers the first messages")
	}
	if at, ok := j.timeOf(last - journalMarks/2); !ok || at != (last-journalMarks/2)*journalStep {
		t.Errorf("a later one: %d, %v", at, ok)
	}
}
