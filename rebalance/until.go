package rebalance

import (
	"slices"
	"time"
)

// The guards that count time say when they let go, if nothing else happens meanwhile.

// Earliest returns when a run could begin if nothing happened meanwhile, and false where
// that is not only a matter of time, or there is nothing to wait for.
func (d *Decision) Earliest() (at time.Time, known bool) {
	for _, b := range d.Blocked {
		if b.Until.IsZero() {
			return time.Time{}, false
		}
		if b.Until.After(at) {
			at = b.Until
		}
	}
	return at, !at.IsZero()
}

func (c *situation) notPersistentUntil() time.Time {
	return c.persists(c.elected)
}

// persists returns when the last of these brokers has been above the threshold for long
// enough.
func (c *situation) persists(brokers []int32) time.Time {
	at := c.now
	for _, id := range brokers {
		if then := c.now.Add(c.p.PersistFor - c.m.Watch.aboveFor(id)); then.After(at) {
			at = then
		}
	}
	return at
}

func (c *situation) brokerLeftUntil() (at time.Time) {
	for _, id := range c.standing() {
		ago, _, left := c.m.Watch.leftAgo(id)
		if then := c.now.Add(c.p.BrokerLeft - ago); left && then.After(at) {
			at = then
		}
	}
	return at
}

func (c *situation) outsideWindowUntil() time.Time {
	_, next := c.p.Calendar.Open(c.now)
	return next
}

func (c *situation) cooldownUntil() (at time.Time) {
	for _, r := range c.m.Kept.Runs {
		ended := r.Ended
		if ended.After(c.now) {
			ended = c.now
		}
		if then := ended.Add(c.p.Cooldown); then.After(at) {
			at = then
		}
	}
	return at
}

// budgetUntil is when so many runs are more than an hour ago that another one is allowed.
func (c *situation) budgetUntil() time.Time {
	var within []time.Time
	for _, r := range c.m.Kept.Runs {
		if c.now.Sub(r.Started) < budgetSpan {
			within = append(within, r.Started)
		}
	}
	if c.p.MaxRunsPerHour <= 0 || len(within) < c.p.MaxRunsPerHour {
		return time.Time{}
	}
	slices.SortFunc(within, time.Time.Compare)
	return within[len(within)-c.p.MaxRunsPerHour].Add(budgetSpan)
}

// settledUntil is when the first broker of those whose partitions are passed over may be
// given leadership; zero where that is not only a matter of time.
func (c *situation) settledUntil(d *Decision) (at time.Time) {
	if len(d.Passed) == 0 || d.Skipped[Unsettled] == 0 {
		return at
	}
	for _, p := range d.Passed {
		if p.Reason != Unsettled {
			continue
		}
		settled := c.now.Add(c.p.Settle - c.m.Watch.wholeFor(p.Preferred))
		if above := c.persists([]int32{p.Preferred}); above.After(settled) && c.p.ByHand == nil && c.m.Run == nil {
			settled = above
		}
		if at.IsZero() || settled.Before(at) {
			at = settled
		}
	}
	return at
}
