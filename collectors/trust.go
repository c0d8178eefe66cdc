package collectors

import "time"

// Brokers go on serving the last picture that they were told, for ever. So what
// their metadata says of leaders and ISRs counts only while an active controller
// is confirmed, and after one was lost not before the brokers that died meanwhile
// have been found out: until their session has run out, and two polls more.

// sessionTimeout is how long a controller waits for a silent broker, until the
// brokers have told it: broker.session.timeout.ms by its default, and
// zookeeper.session.timeout.ms by its.
const (
	sessionTimeoutKRaft     = 9 * time.Second
	sessionTimeoutZooKeeper = 18 * time.Second
)

// pollsOfDoubt is how many polls after the return of a controller its word does
// not count yet.
const pollsOfDoubt = 2

// leastDoubt is how long that lasts at least where the registry tells instead: polls
// that follow an event come within moments.
const leastDoubt = 10 * time.Second

// trust remembers whether metadata can be believed. Its zero value believes the
// first confirmation: no loss was seen.
type trust struct {
	lost  bool          // a controller was missed, and its return is not old enough
	back  time.Time     // when it was first confirmed again
	polls int           // confirmed polls since, that one included
	least time.Duration // how long the doubt lasts at least
}

// observe notes whether a controller was confirmed in this poll, and says whether
// what metadata tells counts in it.
func (t *trust) observe(now time.Time, confirmed bool, sessionTimeout time.Duration) bool {
	switch {
	case !confirmed:
		*t = trust{lost: true}
		return false
	case !t.lost:
		return true
	case t.polls == 0:
		t.back = now
	}
	t.polls++
	t.least = sessionTimeout
	t.lost = t.polls <= pollsOfDoubt || now.Sub(t.back) < sessionTimeout
	return !t.lost
}

// doubted says whether a controller was missed so lately that even if it is confirmed
// in this poll, what metadata tells does not count.
func (t *trust) doubted(now time.Time) bool {
	return t.lost && (t.polls < pollsOfDoubt || now.Sub(t.back) < t.least)
}
