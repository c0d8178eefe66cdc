package collectors

import (
	"context"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/zookeeper"
)

// oldGroups is what is told of the groups of old consumers.
type oldGroups struct {
	zookeeper.OldGroups
	unread bool
	faults []cluster.Fault
	at     time.Time // when the poll began that read them
}

// readOldGroups reads the groups of old consumers, which stand in ZooKeeper, with
// their offsets or without: those that keep them in Kafka are learned of in this way
// alone up to Kafka 0.10.1. Polls that follow each other within an interval, since
// something happened, read them once.
func (r *reading) readOldGroups(ctx context.Context) (old oldGroups) {
	defer func() {
		if v := recover(); v != nil {
			old = oldGroups{unread: true, faults: []cluster.Fault{{Target: "evenkeel", Reason: cluster.ReasonPanic, Err: panicked(v)}}}
		}
	}()
	if r.registry == nil || r.mode == cluster.ModeKRaft {
		return old
	}
	if last := r.oldGroups; !last.unread && r.started.Sub(last.at) < r.cfg.Poll.Interval*3/4 {
		return last
	}
	var err error
	old.at = r.started
	if old.OldGroups, old.faults, err = r.registry.OldGroups(ctx, r.wants); err != nil {
		old.unread = true
		old.faults = append(old.faults, cluster.Fault{Target: "znode /consumers", Reason: zookeeper.Reason(err), Err: err})
	}
	return old
}

// learnOld remembers the groups of old consumers that have no offsets in ZooKeeper, so
// that the next poll asks Kafka for them.
func (r *reading) learnOld(groups []cluster.OldGroup) {
	for _, g := range groups {
		if len(g.Topics) == 0 {
			r.memory.learn(g.Name, g.Subscribed...)
		}
	}
}
