package rebalance

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"
)

// keptVersion is the version of what Kept is written as.
const keptVersion = 1

// Limits of what is kept.
const (
	// keptFor is for how long anything is remembered: longer than it counts, since the
	// clock of who forgets it may be ahead of the clock of who asks next. What is lost
	// later than that after a run is not lost again, but anew.
	keptFor = 24 * time.Hour
	// mostRestored bounds the partitions of Restored, so that a znode can hold them.
	mostRestored = 5_000
	// budgetSpan is the time in which runs are counted.
	budgetSpan = time.Hour
)

// ParseKept reads what Encode wrote. Times that lie in the future count as now.
func ParseKept(data []byte, now time.Time) (Kept, error) {
	var k Kept
	if err := json.Unmarshal(data, &k); err != nil {
		return Kept{}, fmt.Errorf("the state of the rebalancer cannot be understood: %w", err)
	}
	if k.Version != keptVersion {
		return Kept{}, fmt.Errorf("the state of the rebalancer has version %d; this release understands version %d", k.Version, keptVersion)
	}
	k.Settle(now)
	return k, nil
}

// Encode returns it as JSON.
func (k Kept) Encode() ([]byte, error) {
	k.Version = keptVersion
	data, err := json.Marshal(k)
	if err != nil {
		return nil, fmt.Errorf("encode the state of the rebalancer: %w", err)
	}
	return data, nil
}

// Clone returns a copy that shares nothing with k.
func (k Kept) Clone() Kept {
	k.Runs, k.Losses = slices.Clone(k.Runs), slices.Clone(k.Losses)
	k.PingPong, k.Excluded = maps.Clone(k.PingPong), maps.Clone(k.Excluded)
	k.Restored = slices.Clone(k.Restored)
	for i := range k.Restored {
		r := &k.Restored[i]
		r.Partitions = maps.Clone(r.Partitions)
		for topic, ids := range r.Partitions {
			r.Partitions[topic] = slices.Clone(ids)
		}
	}
	if k.Paused != nil {
		paused := *k.Paused
		k.Paused = &paused
	}
	return k
}

// Settle moves times that lie in the future to now: what was kept is of the past, whatever
// the clock that it was dated by. Until when a broker is excluded is left as it is.
func (k *Kept) Settle(now time.Time) {
	settle := func(t *time.Time) {
		if t.After(now) {
			*t = now
		}
	}
	for i := range k.Runs {
		settle(&k.Runs[i].Started)
		settle(&k.Runs[i].Ended)
	}
	for i := range k.Restored {
		settle(&k.Restored[i].At)
	}
	for i := range k.Losses {
		settle(&k.Losses[i].At)
	}
	for id, since := range k.PingPong {
		settle(&since)
		k.PingPong[id] = since
	}
	if k.Paused != nil {
		settle(&k.Paused.Since)
	}
}

// JustElected makes a process that knows nothing of earlier runs careful: it counts as
// one that has just ended a run.
func (k *Kept) JustElected(now time.Time) { k.Begin(now, false) }

// Begin notes that a run starts, one that a person asked for included.
func (k *Kept) Begin(now time.Time, byHand bool) {
	k.Expire(now)
	k.Runs = append(k.Runs, Done{Started: now, Ended: now, ByHand: byHand})
}

// Heard notes that the run still goes on, so that the cool-down counts from here should
// nothing more be heard of it.
func (k *Kept) Heard(now time.Time) {
	if n := len(k.Runs); n > 0 {
		k.Runs[n-1].Ended = now
	}
}

// End notes that the run is over.
func (k *Kept) End(now time.Time) { k.Heard(now) }

// ClearPingPong lets runs be made again, as a person asked for.
func (k *Kept) ClearPingPong() { k.PingPong, k.Losses = nil, nil }

// Expire forgets what counts no longer. The last run is kept for the cool-down, which
// may be of any length.
func (k *Kept) Expire(now time.Time) {
	k.Settle(now)
	last := len(k.Runs) - 1
	runs := k.Runs[:0:0]
	for i, r := range k.Runs {
		if i == last || now.Sub(r.Started) < keptFor {
			runs = append(runs, r)
		}
	}
	k.Runs = runs
	k.Restored = slices.DeleteFunc(k.Restored, func(r Restored) bool { return now.Sub(r.At) >= keptFor })
	k.Losses = slices.DeleteFunc(k.Losses, func(l Loss) bool { return now.Sub(l.At) >= keptFor })
	maps.DeleteFunc(k.Excluded, func(_ int32, until time.Time) bool { return now.Sub(until) >= keptFor })
}
