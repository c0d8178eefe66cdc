package cluster

import (
	"cmp"
	"slices"
	"time"
)

// Severity says how loudly to tell of a trouble.
type Severity uint8

// Severities, the gravest first.
const (
	Critical Severity = iota + 1
	Warning
)

func (s Severity) String() string {
	if s == Critical {
		return "critical"
	}
	return "warning"
}

// Trouble is one thing that is wrong, in a sentence that a person woken at night
// understands.
type Trouble struct {
	Key      string // what it is about; the same trouble keeps its key from poll to poll
	State    string // what kind of trouble it has with that; "" where there is only one
	Severity Severity
	Text     string
	Detail   string    // the error behind it; ""
	Since    time.Time // end of the poll that saw it first
	Seen     bool      // false: what would show it could not be read in this poll, so it is not known to be over
	Blind    bool      // it tells what we cannot see, not what the cluster suffers

	source Source // what must be read for its absence to mean that it is over
	rank   int    // causes come before what follows from them
}

func (t Trouble) String() string {
	if t.Detail == "" {
		return t.Text
	}
	return t.Text + " (" + t.Detail + ")"
}

// Troubles keeps what is wrong from one snapshot to the next.
type Troubles map[string]Trouble

// Update returns what is wrong as of a snapshot, the gravest and oldest first, and
// which troubles began (or changed their state) and ended with it. A trouble whose
// source cannot be read goes on, marked as not seen.
func (ts Troubles) Update(s *Snapshot) (now, began, ended []Trouble) {
	seen := make(map[string]bool)
	for _, t := range findTroubles(s) {
		seen[t.Key] = true
		t.Since, t.Seen = s.Finished, true
		old, ongoing := ts[t.Key]
		if ongoing {
			t.Since = old.Since
		}
		if !ongoing || t.State != old.State {
			began = append(began, t)
		}
		ts[t.Key] = t
	}
	for key, t := range ts {
		if seen[key] {
			continue
		}
		if t.source != "" && s.Outcomes[t.source].Err != nil {
			t.Seen = false
			ts[key] = t
			continue
		}
		delete(ts, key)
		ended = append(ended, t)
	}
	for _, t := range ts {
		now = append(now, t)
	}
	slices.SortFunc(now, compareTroubles)
	slices.SortFunc(ended, compareTroubles)
	return now, began, ended
}

func compareTroubles(a, b Trouble) int {
	return cmp.Or(cmp.Compare(a.Severity, b.Severity), a.Since.Compare(b.Since), cmp.Compare(a.rank, b.rank), cmp.Compare(a.Key, b.Key))
}
