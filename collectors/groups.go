package collectors

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/kafka"
)

// offsetsTopic is where Kafka keeps the committed offsets. While it is not there
// no group exists, and to ask for one would create it.
const offsetsTopic = "__consumer_offsets"

// readGroups is the second stage: groups, then what they committed, each from the
// broker that coordinates them.
func (r *reading) readGroups(ctx context.Context) {
	r.source(cluster.SourceGroups, func() ([]cluster.Fault, error) {
		picture, ok := r.picture.Get()
		if !ok {
			err := dependsOn(cluster.SourcePartitions)
			r.groups = cluster.Failed[*cluster.Groups](err)
			return nil, err
		}
		offsets := picture.Topic(offsetsTopic)
		coordinators, err := r.coordinators(offsets)
		if err != nil {
			r.groups = cluster.Failed[*cluster.Groups](err)
			return nil, err
		}
		all := make([]groupsOfBroker, len(coordinators))
		var old oldGroups
		var wg sync.WaitGroup
		wg.Go(func() { old = r.readOldGroups(ctx) })
		for i, n := range coordinators {
			all[i] = groupsOfBroker{reading: r, picture: picture, node: n, identity: r.brokers.Identity(n)}
			all[i].lost, all[i].more = r.memory.lostOf(all[i].node, all[i].identity, offsets)
			wg.Go(func() { all[i].read(ctx) })
		}
		wg.Wait()
		return r.joinGroups(all, old)
	})
}

// coordinators returns the brokers that may coordinate groups, of those that answer.
// Without the offsets topic there are none, unless this user may not see it: newer
// releases list groups without touching the topic, which proves that.
func (r *reading) coordinators(offsets *cluster.Topic) ([]kafka.Node, error) {
	answering := r.answering()
	if len(answering) == 0 {
		return nil, fmt.Errorf("%w (no broker answers)", cluster.ErrDepends)
	}
	hidden := offsets == nil || offsets.Deleting
	return slices.DeleteFunc(answering, func(n kafka.Node) bool {
		return hidden && !r.brokers.Identity(n).Reassignments
	}), nil
}

// answering returns the brokers that answered their probe, as far as they are not
// known to be out of the cluster. The others are not asked for more: what they would
// have told is unknown in this poll.
func (r *reading) answering() []kafka.Node {
	var nodes []kafka.Node
	for i := range r.brokerList {
		b := &r.brokerList[i]
		if registered, known := b.Registered(); b.Probe.Answered() && (registered || !known) {
			nodes = append(nodes, nodeOf(r.known[b.ID]))
		}
	}
	return nodes
}

// joinGroups puts together what the coordinators said. While a coordinator moves,
// two brokers may list a group; the one that could describe it counts.
func (r *reading) joinGroups(all []groupsOfBroker, old oldGroups) ([]cluster.Fault, error) {
	faults := old.faults
	byName := map[string]cluster.Group{}
	failed, hidden := 0, false
	picture, _ := r.picture.Get()
	for i := range all {
		// A group is kept in a topic, which is there though it may not be seen.
		if all[i].listed > 0 && picture.Topic(offsetsTopic) == nil {
			hidden = true
		}
		faults = append(faults, all[i].faults()...)
		if all[i].failed {
			failed++
		}
		for _, g := range all[i].groups {
			if old, twice := byName[g.Name]; !twice || old.Members <= 0 && g.Members > 0 {
				byName[g.Name] = g
			}
		}
	}
	if failed > 0 && failed == len(all) {
		err := all[0].faults()[0].Err
		r.groups = cluster.Failed[*cluster.Groups](err)
		return faults, err
	}
	// It may have been made since the picture was taken, but not twice.
	r.operations.topicsHidden = r.operations.topicsHidden || hidden && r.suspect
	r.suspect = hidden
	limited := false
	groups := slices.SortedFunc(maps.Values(byName), func(a, b cluster.Group) int { return strings.Compare(a.Name, b.Name) })
	for i := range all {
		r.operations.groups = append(r.operations.groups, all[i].operations...)
		for group, topics := range all[i].topics {
			r.memory.learn(group, topics...)
		}
		for _, group := range all[i].asked {
			r.memory.of(group).asked = r.started
		}
		for _, group := range all[i].gone {
			r.memory.forget(group)
		}
		limited = limited || all[i].more
	}
	r.oldGroups = old
	r.learnOld(old.Groups)
	r.groups = cluster.Read(&cluster.Groups{Groups: groups, Limited: limited, Old: old.Groups, OldLimited: old.Limited, OldUnread: old.unread})
	return faults, nil
}
