//go:build cluster

package acceptance

import (
	"strings"
	"testing"
	"time"
)

// TestClaimsFindLies holds that what judges evenkeel can condemn it.
func TestClaimsFindLies(t *testing.T) {
	begun := time.Now()
	show := func(after time.Duration, series ...any) samples {
		s := samples{at: begun.Add(after), values: map[string]float64{}, names: map[string]bool{}}
		for i := 0; i < len(series); i += 2 {
			s.values[series[i].(string)], s.names[series[i].(string)] = series[i+1].(float64), true
		}
		return s
	}
	const ms = time.Millisecond
	history := []samples{
		show(0, "up", 1.0), show(400*ms, "up", 1.0), show(600 * ms), show(800*ms, "up", 0.0), show(1000 * ms), show(1200*ms, "up", 0.0, "offline", 2.0),
	}
	for _, tt := range []struct {
		claim claim
		delay time.Duration
		wrong string
	}{
		{is("up 0", 700*ms), 0, "up is absent"},
		{is("up 0", 300*ms), 0, "up is 1"},
		{is("up 0", 1100*ms), 1200 * ms, ""},
		{ifAny("up 0", 500*ms), 600 * ms, ""},
		{ifAny("up 0", 300*ms), 0, "up is 1"},
		{is("!up", 2*time.Second), 0, "not yet when the fault ended"},
		{is("gone 1", 2*time.Second), 0, "gone is absent"},
		{never("offline >0"), 0, "offline >0 is shown"},
		{never("offline >2"), 0, ""},
	} {
		e := &evidence{begun: begun, ended: begun.Add(1300 * ms), recovered: begun.Add(2 * time.Second), eye: &eye{samples: history}}
		delay, err := tt.claim.judge(e)
		switch {
		case tt.wrong == "" && (err != nil || delay != tt.delay):
			t.Errorf("%+v: after %v, %v; want %v", tt.claim, delay, err, tt.delay)
		case tt.wrong != "" && (err == nil || !strings.Contains(err.Error(), tt.wrong)):
			t.Errorf("%+v: %v, want %q", tt.claim, err, tt.wrong)
		}
	}
}

func TestLogIsFoundToRepeatItself(t *testing.T) {
	const down = "time=2026-01-01T00:00:00Z level=WARN source=x.go:1 msg=\"it is down\" err=a\n"
	const over = "time=2026-01-01T00:00:01Z level=INFO source=x.go:1 msg=\"Over: it is down\"\n"
	for log, want := range map[string]int{
		down + over: 0, down + down: 1, down + over + down + down: 1, over + over: 0, "panic: no\n": 1,
	} {
		if got := retold(log, 1); len(got) != want {
			t.Errorf("%q: %v, want %d", log, got, want)
		}
	}
}
