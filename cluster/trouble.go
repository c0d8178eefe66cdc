package cluster

import (
	"cmp"
	"maps"
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
	Since    time.Time // when it was seen first: the end of a poll, as a rule
	Seen     bool      // false: what would show it could not be read in this poll, so it is not known to be over
	Blind    bool      // it tells what we cannot see, not what the cluster suffers

	rank int  // causes come before what follows from them
	weak bool // seen with one eye: it does not replace what was known before
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
// which troubles began (or changed their state) and ended with it. A trouble that
// the snapshot could not look for goes on, marked as not seen.
func (ts Troubles) Update(s *Snapshot) (now, began, ended []Trouble) {
	found := findTroubles(s)
	seen := make(map[string]bool)
	for _, t := range found.troubles {
		old, ongoing := ts[t.Key]
		if t.weak && ongoing && t.State != old.State {
			continue
		}
		seen[t.Key] = true
		t.Since, t.Seen = s.Latest(), true
		if ongoing {
			t.Since = old.Since
		}
		if !ongoing || t.State != old.State {
			began = append(began, t)
		}
		ts[t.Key] = t
	}
	for key, t := range ts {
		switch {
		case seen[key]:
		case found.hidden(key):
			t.Seen = false
			ts[key] = t
		default:
			delete(ts, key)
			ended = append(ended, t)
		}
	}
	now = slices.SortedFunc(maps.Values(ts), compareTroubles)
	slices.SortFunc(ended, compareTroubles)
	return now, began, ended
}

func compareTroubles(a, b Trouble) int {
	return cmp.Or(cmp.Compare(a.Severity, b.Severity), a.Since.Compare(b.Since), cmp.Compare(a.rank, b.rank), cmp.Compare(a.Key, b.Key))
}
