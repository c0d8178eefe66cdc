package collectors

import (
	"cmp"
	"fmt"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
)

// Result is what a poll yields: the snapshot, and what is new in it.
type Result struct {
	Snapshot *cluster.Snapshot
	Edition  uint64 // of two results, the one with the greater number is the newer
	Settled  bool   // it shows the same as the one before, and nothing that cannot last
	Began    []cluster.Trouble
	Ended    []cluster.Trouble
	Events   []string
}

// freeze makes the snapshot of what was read, and the memory for the next poll.
func (p *Poller) freeze(r *reading, trigger cluster.Trigger) Result {
	s := &cluster.Snapshot{
		Cluster: p.cfg.Name, Trigger: trigger, Started: r.started, Finished: time.Now(),
		Ensemble: r.ensemble, Registrations: r.registrations, Controller: r.controller, ClusterID: r.clusterID,
		Mode: r.mode, Release: oldestRelease(r.brokerList), Brokers: r.brokerList, BrokersTried: r.tried, BrokersHeard: r.heard,
		Picture: r.picture, Groups: r.groups, Quorum: r.quorum, Unconfirmed: r.unconfirmed, Permissions: r.permissions(),
		ElectionPending: r.electionPending, LeaderRebalance: r.balances,
		Outcomes: r.outcomes, Requests: p.requests.counts(),
	}
	if picture, ok := r.picture.Get(); ok {
		s.Summary = cluster.Summarize(picture, s.Brokers)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	s, _ = s.With(p.events.News)
	p.events.Clear() // the others have answered since
	changes := cluster.Compare(p.prev, s)
	s.History = p.tally.Observe(s, changes)
	p.progress.Observe(s, r.found)
	return p.hand(s, cluster.Events(p.prev, s, changes))
}

// hand makes the result of a snapshot, and keeps it as the last one.
func (p *Poller) hand(s *cluster.Snapshot, events []string) Result {
	p.edition++
	result := Result{Snapshot: s, Edition: p.edition, Events: events, Settled: cluster.Agree(p.prev, s) && !s.Unsettled()}
	s.Troubles, result.Began, result.Ended = p.troubles.Update(s)
	p.prev = s
	return result
}

// last returns the last snapshot, nil before the first.
func (p *Poller) last() *cluster.Snapshot {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.prev
}

// oldestRelease returns the release of the oldest registered broker as MAJOR.MINOR,
// as far as they told; "" when none did.
func oldestRelease(brokers []cluster.Broker) string {
	oldest := ""
	for i := range brokers {
		b := &brokers[i]
		if registered, known := b.Registered(); b.Release != "" && (registered || !known) && (oldest == "" || older(b.Release, oldest)) {
			oldest = b.Release
		}
	}
	return oldest
}

// older compares releases as MAJOR.MINOR: 0.9 is older than 0.10.
func older(a, b string) bool {
	var aMajor, aMinor, bMajor, bMinor int
	// What does not look like a release is taken for the oldest.
	_, _ = fmt.Sscanf(a, "%d.%d", &aMajor, &aMinor)
	_, _ = fmt.Sscanf(b, "%d.%d", &bMajor, &bMinor)
	return cmp.Or(cmp.Compare(aMajor, bMajor), cmp.Compare(aMinor, bMinor)) < 0
}
