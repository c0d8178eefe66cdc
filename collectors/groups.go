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

// groupMemory holds, by group, the topics that it was seen to consume. Kafka 0.9
// stops listing a group when its last member leaves, and tells its offsets only
// for partitions that are named.
type groupMemory map[string]map[string]bool

func (m groupMemory) learn(group string, topics ...string) {
	if m[group] == nil {
		m[group] = map[string]bool{}
	}
	for _, t := range topics {
		m[group][t] = true
	}
}

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
		hidden := offsets == nil || offsets.Deleting
		answering := r.answering()
		if len(answering) > 0 {
			// Kafka 0.8 has no groups of this kind, only those of the old consumer. And
			// without the topic there are none, unless this user may not see it: newer
			// releases list groups without touching the topic, which proves that.
			answering = slices.DeleteFunc(answering, func(n kafka.Node) bool {
				i := r.brokers.Identity(n)
				return !i.Groups || hidden && !i.Reassignments
			})
			if len(answering) == 0 {
				r.groups = cluster.Read(&cluster.Groups{})
				return nil, nil
			}
		}
		all := make([]groupsOfBroker, len(answering))
		var wg sync.WaitGroup
		for i, n := range answering {
			all[i] = groupsOfBroker{reading: r, picture: picture, node: n, identity: r.brokers.Identity(n)}
			all[i].lost = r.memory.lostOf(all[i].node, all[i].identity, offsets)
			wg.Go(func() { all[i].read(ctx) })
		}
		wg.Wait()
		return r.joinGroups(all)
	})
}

// lostOf returns the remembered groups that a broker of a release which lists no
// groups without members coordinates: those whose partition of the offsets topic
// it leads.
func (m groupMemory) lostOf(n kafka.Node, i kafka.Identity, offsets *cluster.Topic) []string {
	if i.EmptyGroups || offsets == nil || len(offsets.Partitions) == 0 {
		return nil
	}
	var lost []string
	for group := range m {
		p := offsets.Partition(kafka.CoordinatorPartition(group, int32(len(offsets.Partitions))))
		if p != nil && p.State == cluster.StateRecorded && p.Leader == n.ID {
			lost = append(lost, group)
		}
	}
	return lost
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
func (r *reading) joinGroups(all []groupsOfBroker) ([]cluster.Fault, error) {
	var faults []cluster.Fault
	byName := map[string]cluster.Group{}
	failed := 0
	picture, _ := r.picture.Get()
	for i := range all {
		// A group is kept in a topic, which is there though it may not be seen.
		if all[i].listed > 0 && picture.Topic(offsetsTopic) == nil {
			r.operations.topicsHidden = true
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
	if failed == len(all) {
		err := fmt.Errorf("%w (no broker answers)", cluster.ErrDepends)
		if len(faults) > 0 {
			err = faults[0].Err
		}
		r.groups = cluster.Failed[*cluster.Groups](err)
		return faults, err
	}
	groups := slices.SortedFunc(maps.Values(byName), func(a, b cluster.Group) int { return strings.Compare(a.Name, b.Name) })
	for i := range all {
		r.operations.groups = append(r.operations.groups, all[i].operations...)
		for group, topics := range all[i].topics {
			r.memory.learn(group, topics...)
		}
		for _, group := range all[i].gone {
			delete(r.memory, group)
		}
	}
	r.groups = cluster.Read(&cluster.Groups{Groups: groups})
	return faults, nil
}
