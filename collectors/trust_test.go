package collectors

import (
	"testing"
	"time"
)

func TestTrustComesBackSlowly(t *testing.T) {
	t0 := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	const session = 9 * time.Second
	type step struct {
		after     time.Duration // since t0
		confirmed bool
		believed  bool
	}
	for name, steps := range map[string][]step{
		"at start the first confirmation holds":  {{0, true, true}, {1, true, true}},
		"nothing holds without one":              {{0, false, false}, {1, false, false}},
		"the session is longer than two polls":   {{0, true, true}, {1, false, false}, {2, true, false}, {4, true, false}, {6, true, false}, {10, true, false}, {11, true, true}, {12, true, true}},
		"two polls are longer than the session":  {{0, false, false}, {100, true, false}, {200, true, false}, {300, true, true}},
		"another loss begins it anew":            {{0, false, false}, {100, true, false}, {200, true, false}, {300, false, false}, {400, true, false}, {500, true, false}, {600, true, true}},
		"a loss that was never seen is not felt": {{0, true, true}, {100, true, true}},
	} {
		var tr trust
		for i, s := range steps {
			if got := tr.observe(t0.Add(s.after*time.Second), s.confirmed, session); got != s.believed {
				t.Errorf("%s: step %d: believed = %v, want %v", name, i, got, s.believed)
			}
		}
	}
}

func TestDoubtLastsForTwoPolls(t *testing.T) {
	var tr trust
	for i, c := range []struct{ doubted, confirmed bool }{{false, true}, {false, false}, {true, true}, {true, true}, {false, true}, {false, true}} {
		if got := tr.doubted(time.Now()); got != c.doubted {
			t.Errorf("before poll %d: doubted = %v", i, got)
		}
		tr.observe(time.Now(), c.confirmed, 0)
	}
}
