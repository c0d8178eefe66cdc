package cluster

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

const interval = 15 * time.Second

// written is a log that is written to, by the producers' own times.
type written struct {
	times []time.Time // of each message, by offset
}

// end returns how many messages had been written at a time.
func (w *written) end(at time.Time) int64 {
	n := int64(0)
	for _, t := range w.times {
		if !t.After(at) {
			n++
		}
	}
	return n
}

// since answers as a broker does: the first message from a time on, of those that were
// written by now.
func (w *written) since(from, now time.Time) (Offset, time.Time) {
	for i, t := range w.times {
		if !t.Before(from) && !t.After(now) {
			return OffsetAt(int64(i)), t
		}
	}
	return UnknownOffset, time.Time{}
}

// steady writes n messages, one after the other with this pause.
func steady(begin time.Time, n int, every time.Duration) *written {
	w := &written{}
	for i := range n {
		w.times = append(w.times, begin.Add(time.Duration(i)*every))
	}
	return w
}

// poll observes the log at a time, in a poll that takes a tenth of a second.
func (w *written) poll(t *timeline, at time.Time) {
	t.observe(w.end(at.Add(50*time.Millisecond)), at, at.Add(100*time.Millisecond), interval)
}

func TestTheRecordKnowsWhenAMessageWasWritten(t *testing.T) {
	w := steady(t0, 2000, 700*time.Millisecond)
	var line timeline
	now := t0.Add(time.Minute)
	for range 60 {
		w.poll(&line, now)
		line.begin()
		line.need(30) // nothing is forgotten
		line.forget()
		now = now.Add(interval)
	}
	first := w.end(t0.Add(time.Minute + 50*time.Millisecond))
	for offset := first; offset < w.end(now.Add(-interval)); offset++ {
		at, known := line.written(offset, now, 2*interval)
		if !known {
			t.Fatalf("message %d is not known", offset)
		}
		if off := at.Sub(w.times[offset]).Abs(); off > interval {
			t.Errorf("message %d: told %v, written %v: %v off", offset, at, w.times[offset], off)
		}
	}
	if _, known := line.written(first-1, now, 2*interval); known {
		t.Error("it tells of a message that was written before it began to look")
	}
}

func TestAPauseIsNoAge(t *testing.T) {
	w := steady(t0, 100, time.Millisecond)
	var line timeline
	for at := time.Minute; at < 3*time.Hour; at += interval {
		w.poll(&line, t0.Add(at))
	}
	w.times = append(w.times, t0.Add(3*time.Hour))
	now := t0.Add(3*time.Hour + time.Second)
	w.poll(&line, now)
	at, known := line.written(100, now, 2*interval)
	if off := at.Sub(t0.Add(3 * time.Hour)).Abs(); !known || off > interval {
		t.Errorf("%v, %v; want one interval about %v", at, known, t0.Add(3*time.Hour))
	}
	equal(t, "marks of a log that rests", len(line.marks), 2)
}

func TestLookupsConverge(t *testing.T) {
	day := 24 * time.Hour
	for name, w := range map[string]*written{
		"steady":        steady(t0, 6000, day/1000),
		"all at once":   steady(t0.Add(5*day), 6000, time.Millisecond),
		"a long pause":  {times: append(steady(t0, 3000, time.Second).times, steady(t0.Add(6*day), 3000, time.Second).times...)},
		"just recently": steady(t0.Add(7*day-time.Minute), 6000, 10*time.Millisecond),
	} {
		for _, offset := range []int64{0, 1, 700, 2999, 3000, 5999} {
			now := t0.Add(7 * day)
			var line timeline
			w.poll(&line, now)
			asked := 0
			for {
				if _, known := line.written(offset, now, 2*interval); known {
					break
				}
				at, wanted := line.lookup(offset, now, 2*interval)
				if !wanted || asked > 15 {
					t.Fatalf("%s: message %d after %d questions: not known, and asks for more: %v", name, offset, asked, wanted)
				}
				asked++
				now = now.Add(interval)
				found, stamp := w.since(at, now)
				line.learn(at, found, stamp, now, 2*interval)
				w.poll(&line, now)
			}
			at, _ := line.written(offset, now, 2*interval)
			age, truth := now.Sub(at), now.Sub(w.times[offset])
			if off := (age - truth).Abs(); off > max(2*interval, truth/10) {
				t.Errorf("%s: message %d, after %d questions: %v, truth %v", name, offset, asked, age, truth)
			}
		}
	}
}

func TestImplausibleTimestamps(t *testing.T) {
	now := t0.Add(time.Hour)
	for name, stamp := range map[string]time.Time{
		"none":            {},
		"in the future":   now.Add(time.Hour),
		"before the time": now.Add(-2 * time.Hour),
		"the epoch":       time.UnixMilli(0),
	} {
		var line timeline
		line.observe(100, now, now, interval)
		line.learn(now.Add(-time.Hour), OffsetAt(50), stamp, now, 2*interval)
		if _, known := line.written(50, now, 2*interval); known {
			t.Errorf("%s: believed", name)
		}
		if _, wanted := line.lookup(50, now, 2*interval); wanted {
			t.Errorf("%s: asked for again", name)
		}
		if _, wanted := line.lookup(50, now.Add(distrust), 2*interval); !wanted {
			t.Errorf("%s: never asked for again", name)
		}
	}
}

func TestAnswersThatTellNothingEnd(t *testing.T) {
	var line timeline
	line.observe(100, t0, t0, interval)
	now, asked := t0, 0
	for ; asked < 100; asked++ {
		at, wanted := line.lookup(50, now, 2*interval)
		if !wanted {
			break
		}
		line.learn(at, UnknownOffset, time.Time{}, now, 2*interval) // it denies having any message
		now = now.Add(interval)
	}
	if asked > 10 {
		t.Errorf("asked %d times", asked)
	}
}

func TestALogThatWasCut(t *testing.T) {
	var line timeline
	line.observe(100, t0, t0, interval)
	line.observe(200, t0.Add(interval), t0.Add(interval), interval)
	// A new leader knows an older end for a moment.
	line.observe(190, t0.Add(2*interval), t0.Add(2*interval), interval)
	equal(t, "marks", len(line.marks), 2)
	line.observe(205, t0.Add(3*interval), t0.Add(3*interval), interval)
	equal(t, "marks", len(line.marks), 3)
	// It was cut, and goes on from there.
	line.observe(50, t0.Add(4*interval), t0.Add(4*interval), interval)
	line.observe(60, t0.Add(5*interval), t0.Add(5*interval), interval)
	equal(t, "marks", len(line.marks), 1)
	if _, known := line.written(55, t0.Add(5*interval), 2*interval); known {
		t.Error("it tells of a message that it did not see written")
	}
}

func TestMarksAreBounded(t *testing.T) {
	w := steady(t0, 40_000, time.Second)
	var line timeline
	line.observe(0, t0, t0, interval)
	now := t0
	for range 2500 { // ten hours
		now = now.Add(interval)
		line.observe(int64(now.Sub(t0)/time.Second), now, now, interval)
		line.begin()
		line.need(5) // a group that stands still pins the record
		line.need(20_000)
		line.forget()
		if len(line.marks) > maxMarks {
			t.Fatalf("%d marks", len(line.marks))
		}
	}
	for offset := int64(1); offset < 37_000; offset += 500 {
		at, known := line.written(offset, now, 2*interval)
		truth := w.times[offset]
		if age := now.Sub(truth); known && at.Sub(truth).Abs() > max(2*interval, age/10) {
			t.Errorf("message %d: %v, written %v", offset, at, truth)
		} else if !known {
			t.Errorf("message %d of %v ago is not known any more", offset, age)
		}
	}
}

// TestNoRecordMisleads holds whatever is observed and learned against rules that must
// always hold.
func TestNoRecordMisleads(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var line timeline
		now, end := t0, int64(0)
		for range 400 {
			now = now.Add(time.Duration(random.IntN(20_000)) * time.Millisecond)
			switch random.IntN(4) {
			case 0:
				at := now.Add(-time.Duration(random.IntN(100_000)) * time.Millisecond)
				line.learn(at, OffsetAt(random.Int64N(max(end, 1))), at.Add(time.Duration(random.IntN(5000))*time.Millisecond), now, 2*interval)
			default:
				end += random.Int64N(50)
				line.observe(end, now, now, interval)
			}
			if random.IntN(3) == 0 {
				line.begin()
				line.need(random.Int64N(max(end, 1)))
				line.forget()
			}
		}
		last := int64(math.MinInt64)
		for _, m := range line.marks {
			if m.end <= last {
				t.Fatalf("marks out of order: %v", line.marks)
			}
			last = m.end
		}
		if at, known := line.written(end, now, 2*interval); known {
			t.Fatalf("message %d is not written yet, and is told to be of %v", end, at)
		}
	}
}

// TestTimestampsBehindTheRecord: messages that say that they are older than the record
// saw them written (mirrored ones, or those of a clock that is behind) are not believed,
// and ages that the record knows stay known.
func TestTimestampsBehindTheRecord(t *testing.T) {
	const behind = 24 * time.Hour
	var line timeline
	asked := 0
	for i := range 400 {
		now := t0.Add(time.Duration(i) * interval)
		line.observe(int64(1000+10*i), now, now, interval)
		line.begin()
		line.need(500) // from before the record
		recorded := int64(1000 + 10*(i-20))
		if i > 20 {
			line.need(recorded)
			if at, known := line.written(recorded, now, 2*interval); !known || at.Sub(now.Add(-20*interval)).Abs() > 2*interval {
				t.Fatalf("poll %d: a message that the record knows was written at %v, known %v, want %v", i, at, known, now.Add(-20*interval))
			}
		}
		if at, wanted := line.lookup(500, now, 2*interval); wanted {
			asked++
			// Ten messages an interval, each of which says that it is a day older.
			at500 := t0.Add(-50*interval - behind)
			found := max(500+int64(at.Sub(at500)/(interval/10)), 0)
			if found >= int64(1000+10*i) {
				line.learn(at, UnknownOffset, time.Time{}, now, 2*interval)
			} else {
				line.learn(at, OffsetAt(found), at500.Add(time.Duration(found-500)*interval/10), now, 2*interval)
			}
		}
		line.forget()
	}
	if asked > 20 {
		t.Errorf("asked %d times in 400 polls", asked)
	}
}
